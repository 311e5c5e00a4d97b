"""How long Slack waits for an acknowledgement when many people type and click at once.

`python -m bench.chat [--quick] [--json] [--rate N] [--seconds N] [--latency MS]`. Three processes
share this machine: the bot with a SQLite file, a Slack on loopback that answers each call after
LATENCY, and the sender, which signs and sends slash commands and clicks of 50 people to the bot's
HTTP mode, half of each, at an even pace that does not wait for answers. What the sender itself is
late, and how much of a core each of the three takes, is printed with the result.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import yaml

from bench.engine import free_port
from bench.talking.crowd import LATE_MS, PEOPLE, Crowd, person
from bench.talking.slack import CHANNEL, TOLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

SECRET, TOKEN = "bench-secret-bench-secret", "xoxb-bench-token"
A_SECOND = 200
SECONDS, QUICK_SECONDS = 60, 3
LATENCY_MS = 50
WANTED_MS = 300
SETTLE_SECONDS = 120.0
"""How long what was acknowledged may take until it is done and answered."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Child:
    """A process, and what it printed as its address."""

    pid: int
    said: str

    def cpu(self) -> float:
        """Seconds of processor time until now; NaN where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / TICKS


@asynccontextmanager
async def child(*words: str, **environ: str) -> AsyncIterator[Child]:
    """Run a module until its first line is there; end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words),
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield Child(process.pid, (await process.stdout.readline()).decode().split()[-1])
    finally:
        process.terminate()
        await process.wait()


def release_file() -> dict[str, Any]:
    """Many people, one channel, one component."""
    numbers = range(PEOPLE)
    return {
        "people": {
            f"p{n}": {"name": f"P{n}", "role": "approver", "slack": person(n)} for n in numbers
        },
        "rooms": {"release": {"kind": "slack", "channel": CHANNEL}},
        "executors": {"pmc": {"kind": "memory"}},
        "targets": {
            "openchat": {
                "rooms": ["release"],
                "executor": "pmc",
                "monitoring": False,
                "components": {"chat": {}},
            }
        },
    }


def bot(folder: Path, slack: str) -> Any:
    """Run the bot; it prints the address where it hears Slack."""
    path = folder / "release.yml"
    path.write_text(yaml.safe_dump(release_file()))
    return child(
        *("bot", "serve"),
        RELEASE_MASTER_RELEASE_FILE=str(path),
        RELEASE_MASTER_DATABASE_URL=f"sqlite:///{folder}/bench.sqlite3",
        RELEASE_MASTER_PORT=str(free_port()),
        RELEASE_MASTER_LOG_LEVEL="error",
        RELEASE_MASTER_SLACK_BOT_TOKEN=TOKEN,
        RELEASE_MASTER_SLACK_SIGNING_SECRET=SECRET,
        RELEASE_MASTER_SLACK_API_URL=f"{slack}api/",
    )


def settled(database: Path) -> int:
    """How many of the commands and clicks are recorded, done and answered."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as found:
        query = "SELECT count(*) FROM inbox WHERE settled_at IS NOT NULL"
        return int(found.execute(query).fetchone()[0])


async def until(database: Path, count: int, seconds: float) -> int:
    """Wait until so many are settled, at most so long; returns how many are."""
    end = time.perf_counter() + seconds
    found = settled(database)
    while found < count and time.perf_counter() < end:
        await asyncio.sleep(0.2)
        found = settled(database)
    return found


async def measure(
    *, a_second: float = A_SECOND, seconds: float = SECONDS, latency: float = LATENCY_MS
) -> dict[str, Any]:
    """Send for so long, then count what was lost and when the last one was answered."""
    timeout = aiohttp.ClientTimeout(total=LATE_MS / 1000 + 7)
    connector = aiohttp.TCPConnector(limit=0)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        database = folder / "bench.sqlite3"
        async with (
            child("bench.talking.slack", str(latency)) as slack,
            bot(folder, slack.said) as running,
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
        ):
            target = f"{running.said.rstrip('/')}/slack/events"
            crowd = Crowd(session, target, slack.said, secret=SECRET)
            await crowd.warm()
            before = await until(database, 1, SETTLE_SECONDS)
            cpu = (running.cpu(), slack.cpu(), time.process_time())
            began = time.perf_counter()
            await crowd.storm(seconds, a_second)
            took = time.perf_counter() - began
            used = (running.cpu(), slack.cpu(), time.process_time())
            shares = [(now - then) / took for now, then in zip(used, cpu, strict=True)]
            kept = await until(database, before + len(crowd.sent), SETTLE_SECONDS) - before
            async with session.get(f"{slack.said}{TOLD}") as answer:
                found = await answer.json()
    return {
        "sent": len(crowd.sent),
        "per_second": round(len(crowd.sent) / took),
        **spread("", crowd.spans),
        "late": crowd.refused,
        "lost": len(crowd.sent) - kept,
        **answers(crowd.sent, found["told"], began + took),
        "notices": found["notices"],
        "sender_behind_ms": round(percentile(sorted(crowd.behind), 99), 1),
        **{f"{who}_cpu": round(s, 2) for who, s in zip(_WHO, shares, strict=True)},
    }


_WHO = ("bot", "slack", "sender")


def answers(sent: dict[str, float], told: dict[str, list[float]], end: float) -> dict[str, Any]:
    """When people had their answers, and the last of them after the storm's end."""
    first = {number: min(moments) for number, moments in told.items() if number in sent}
    spans = [(moment - sent[number]) * 1000 for number, moment in first.items()]
    return {
        **spread("answer_", spans),
        "answered": len(first),
        "answered_twice": sum(len(told[number]) > 1 for number in first),
        "last_answer_s": round(max(0.0, max(first.values(), default=end) - end), 1),
    }


def spread(name: str, spans: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum of some milliseconds."""
    ordered = sorted(spans) or [float("inf")]
    return {
        f"{name}median_ms": round(percentile(ordered, 50), 1),
        f"{name}p99_ms": round(percentile(ordered, 99), 1),
        f"{name}max_ms": round(ordered[-1], 1),
    }


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value at this place of an ordered list."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def table(found: dict[str, Any]) -> str:
    """The result for people."""
    return (
        f"{found['sent']} commands and clicks, {found['per_second']} a second\n"
        f"acknowledged after   median {found['median_ms']} ms, p99 {found['p99_ms']} ms, "
        f"at most {found['max_ms']} ms   (wanted p99 < {WANTED_MS})\n"
        f"late or refused      {found['late']}\n"
        f"lost                 {found['lost']}   (wanted 0)\n"
        f"answered             {found['answered']}, after median {found['answer_median_ms']} ms, "
        f"p99 {found['answer_p99_ms']} ms; the last one {found['last_answer_s']} s after the end; "
        f"{found['notices']} heard before that it is at work\n"
        f"processor            bot {found['bot_cpu']} of a core, Slack {found['slack_cpu']}, "
        f"sender {found['sender_cpu']}; the sender was {found['sender_behind_ms']} ms behind (p99)"
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--quick", action="store_true", help="a few seconds only")
    options.add_argument("--rate", type=float, default=A_SECOND, help="how many a second")
    options.add_argument("--seconds", type=float, help="for how long")
    options.add_argument("--latency", type=float, default=LATENCY_MS, help="Slack's, in ms")
    chosen = options.parse_args()
    seconds = chosen.seconds or (QUICK_SECONDS if chosen.quick else SECONDS)
    result = asyncio.run(measure(a_second=chosen.rate, seconds=seconds, latency=chosen.latency))
    result = {"quick": chosen.quick, **result}
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
