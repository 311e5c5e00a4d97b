"""Measures counting in a real Elasticsearch against the bare aggregation and against downloading.

The server is the one that `make provision` fetches. Documents are errors over ten days, by 300
types of unequal frequency and three hosts. `bare` are the same pages of buckets fetched and thrown
away; `download` reads every document and counts in Python, as one would without aggregations.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.logs.elasticsearch import ElasticsearchStore
from adapters.logs.elasticsearch.query import Questions
from bot.core.config import ElasticsearchFields
from bot.core.counts import CountRequest, Window
from tests.support.counting import MAPPING, counting
from tests.support.elasticsearch import running_elasticsearch
from tests.support.elasticsearch_admin import Admin
from tests.support.provision import MissingProgramError

INDEX = "logs-bench"
TYPES = 300
DAYS = timedelta(days=10)
MINUTE = timedelta(minutes=1)
SEED = 2020
BATCH = 20_000
GOALS = {"comparison/bare": 1.3, "download/by_type": 50.0, "download/by_minute": 5.0}
"""Wanted: at most, at least, at least."""

Work = Callable[[], Awaitable[object]]


def documents(number: int, end: datetime) -> Iterator[dict[str, Any]]:
    """So many errors before `end`, the same ones each time for the same `end`."""
    chance = random.Random(SEED)  # noqa: S311 - a made-up world
    names = [f"Error{index:03}" for index in range(TYPES)]
    weights = [1 / (index + 1) for index in range(TYPES)]
    for name in chance.choices(names, weights, k=number):
        at = end - DAYS * chance.random()
        yield {
            "@timestamp": at.isoformat(),
            "log.level": "ERROR",
            "error.type": name,
            "host.name": f"host-{chance.randrange(3)}",
            "service.name": "chat",
            "message": f"{name} happened",
        }


def fill(admin: Admin, number: int, end: datetime) -> float:
    """Write the documents and return how many seconds that took."""
    began = time.perf_counter()
    admin.make(INDEX, MAPPING, number_of_replicas=0, refresh_interval="-1")
    batch: list[dict[str, Any]] = []
    for one in documents(number, end):
        batch.append(one)
        if len(batch) == BATCH:
            admin.write(INDEX, batch)
            batch = []
    admin.write(INDEX, batch)
    return time.perf_counter() - began


async def timed(work: Work, times: int) -> float:
    """The median of some runs, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def bare(store: ElasticsearchStore, request: CountRequest) -> int:
    """Fetch the pages of buckets of a request and throw them away; returns how many buckets."""
    questions = Questions(ElasticsearchFields(), {"service.name": "chat"}, nanos=True)
    buckets = 0
    async with store._moment(INDEX) as moment:  # noqa: SLF001 - measured against itself
        for window in request.windows:
            buckets += len(
                await moment.pages(
                    questions.counts(window, ["ERROR"], request.bucket, by_host=request.by_host)
                )
            )
            if request.samples:
                await moment.pages(questions.samples(window, ["ERROR"]))
    return buckets


async def download(store: ElasticsearchStore) -> Counter[str]:
    """Read every document in pages and count by type here."""
    found: Counter[str] = Counter()
    fields = ["@timestamp", "error.type", "host.name", "log.level"]
    body: dict[str, Any] = {
        "size": 10_000,
        "track_total_hits": False,
        "_source": False,
        "docvalue_fields": fields,
        "sort": ["_shard_doc"],
    }
    async with store._moment(INDEX) as moment:  # noqa: SLF001 - the same moment for both
        while hits := (await moment.ask(body))["hits"]["hits"]:
            found.update(hit["fields"]["error.type"][0] for hit in hits)
            body["search_after"] = hits[-1]["sort"]
    return found


async def measure(store: ElasticsearchStore, end: datetime, times: int) -> dict[str, float]:
    """Seconds of each way to count."""
    deployed = end - 15 * MINUTE
    baseline = Window(start=end - DAYS, end=deployed)
    since = Window(start=deployed, end=end)
    by_type = CountRequest(component="chat", windows=(baseline,))
    by_minute = by_type.model_copy(update={"bucket": MINUTE})
    comparison = CountRequest(component="chat", windows=(baseline, since, since), samples=True)
    errors = CountRequest(component="chat", windows=(baseline, since), samples=True)
    repeat = CountRequest(component="chat", windows=(since,), bucket=MINUTE)
    await store.count(comparison)  # the first one waits for caches and compilers
    found = {
        "bare": await timed(lambda: bare(store, comparison), times),
        "comparison": await timed(lambda: store.count(comparison), times),
        "by_type": await timed(lambda: store.count(by_type), times),
        "repeat": await timed(lambda: store.count(repeat), times),
        "errors_since_deploy": await timed(lambda: store.count(errors), times),
        "bare_by_minute": await timed(lambda: bare(store, by_minute), 1),
        "by_minute": await timed(lambda: store.count(by_minute), 1),
    }
    began = time.perf_counter()
    downloaded = await download(store)
    found["download"] = time.perf_counter() - began
    counts = await store.count(by_type.model_copy(update={"windows": (baseline, since)}))
    counted = Counter[str]()
    for window in counts.windows:
        for row in window.types:
            counted[row.error_type] += row.count
    assert counted == downloaded, "both ways must find the same"
    return found


async def run(number: int, times: int) -> dict[str, Any]:
    """Fill a server and measure."""
    end = datetime.now(UTC)
    with running_elasticsearch(f"bench-{time.time_ns()}") as server:
        filled = await asyncio.to_thread(fill, Admin(server), number, end)
        store = counting(server, index=INDEX, timeout="10m")
        try:
            seconds = await measure(store, end, times)
        finally:
            await store.close()
    ratios = {name: seconds[a] / seconds[b] for name, (a, b) in _RATIOS.items()}
    return {
        "documents": number,
        "fill_seconds": round(filled, 1),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "ratios": {name: round(value, 2) for name, value in ratios.items()},
        "wanted": GOALS,
    }


_RATIOS = {
    "comparison/bare": ("comparison", "bare"),
    "by_minute/bare": ("by_minute", "bare_by_minute"),
    "download/by_type": ("download", "by_type"),
    "download/by_minute": ("download", "by_minute"),
    "download/comparison": ("download", "comparison"),
}


def main() -> None:
    """Print the measures as a table or, with --json, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="few documents: only a smoke test")
    parser.add_argument("--documents", type=int, default=1_000_000, help="how many are counted")
    options = parser.parse_args()
    number = 20_000 if options.quick else options.documents
    try:
        found = asyncio.run(run(number, 1 if options.quick else 3))
    except MissingProgramError as missing:
        sys.exit(str(missing))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{number} documents, written in {found['fill_seconds']} s")
    for name, value in found["seconds"].items():
        print(f"{name:22}{value:10.3f} s")
    for name, value in found["ratios"].items():
        print(f"{name:22}{value:10.2f} x  wanted: {GOALS.get(name, '-')}")


if __name__ == "__main__":
    main()
