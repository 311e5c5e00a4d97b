"""Measures the store: how many clicks it can keep in a second, and how long one waits."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.store import Store, Tx

_BODY = json.dumps(
    {"components": [{"name": f"component-{n}", "phase": "x" * 200} for n in range(7)]}
)
_WAITING_RELEASES = 10_000
_TIMERS = 3


def click(number: int) -> Callable[[Tx], None]:
    """Everything that one click commits: inbox, journal, new state, an effect."""

    def work(tx: Tx) -> None:
        now = datetime.now(UTC)
        row = tx.record(f"click-{number}", "web", '{"verb": "go"}', now)
        release = tx.get(1)
        if row is None or release is None:
            raise LookupError(number)
        tx.put_body(
            1, expected_version=release.version, phase="running", live=True, body=_BODY, at=now
        )
        tx.append(1, at=now, actor="alice", code="go", body='{"step": "deploy"}')
        effect = tx.enqueue(
            1,
            f"deploy/{number}",
            kind="start",
            body="{}",
            due_at=now,
            taken_by="bench",
            lease_until=now + timedelta(seconds=5),
        )
        tx.finish(effect.id, "bench", effect.generation)
        tx.settle(row, '{"outcome": "accepted"}', now)

    return work


def poll(tx: Tx) -> None:
    """What an idle engine asks, with all the timers of all live releases waiting."""
    now = datetime.now(UTC)
    tx.take("bench", now, now + timedelta(seconds=5), limit=10)
    tx.next_due(now)


def fill(tx: Tx) -> None:
    """Make many live releases with future timers."""
    now = datetime.now(UTC)
    for number in range(_WAITING_RELEASES):
        release = tx.new_release(f"target-{number % 50}", now)
        for timer in range(_TIMERS):
            due = now + timedelta(hours=1, seconds=timer * number)
            tx.enqueue(release, f"timer/{timer}", kind="timer", body="{}", due_at=due)


async def timed(store: Store, works: list[Callable[[Tx], None]]) -> dict[str, float]:
    """Run the works one after the other: transactions a second, latencies in milliseconds."""
    spans = []
    begun = time.perf_counter()
    for work in works:
        before = time.perf_counter()
        await store.transact(work)
        spans.append((time.perf_counter() - before) * 1000)
    total = time.perf_counter() - begun
    spans.sort()
    quantile = {
        f"p{q}_ms": round(spans[min(len(spans) - 1, len(spans) * q // 100)], 3)
        for q in (50, 95, 99)
    }
    return {"per_second": round(len(works) / total), **quantile, "max_ms": round(spans[-1], 3)}


async def measure(url: str, count: int) -> dict[str, dict[str, float]]:
    """Measure clicks on an empty and on a full database, and an idle engine's poll."""
    store = Store(url)
    await store.open()
    try:
        await store.transact(lambda tx: tx.new_release("openchat", datetime.now(UTC)))
        await timed(store, [click(-number) for number in range(1, 50)])
        empty = await timed(store, [click(number) for number in range(count)])
        await store.transact(fill)
        full = await timed(store, [click(count + number) for number in range(count)])
        polls = await timed(store, [poll] * count)
    finally:
        await store.close()
    return {"click": empty, "click_10000_live": full, "poll_10000_live": polls}


def main() -> None:
    """Print the measures as a table or, with --json, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--count", type=int, default=1000, help="transactions of each kind")
    parser.add_argument("--url", help="an empty database; without it SQLite in a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder) / 'bench.db'}"
        found = asyncio.run(measure(url, options.count))
    if options.json:
        print(json.dumps(found))
        return
    for name, values in found.items():
        print(f"{name:18}", "  ".join(f"{key} {value}" for key, value in values.items()))


if __name__ == "__main__":
    main()
