"""Measures counting in a real Elasticsearch against the bare aggregation and against downloading.

The server is the one that `make provision` fetches. Documents are errors over ten days, by 300
types of unequal frequency and three hosts. `bare` are the same pages of buckets fetched and thrown
away; `download` reads every document and counts in Python, as one would without aggregations.
`cold_by_minute` is the whole minute baseline, read and stored as the bot does in the background;
`warm_look` asks for what is new since and joins it with what is stored (`_1d`: of one day only).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, cast

from adapters.logs.search import SearchStore
from adapters.logs.search.moment import moment
from adapters.logs.search.query import Questions
from adapters.logs.search.slicing import slices
from bot.core.baseline import PIECE, Source
from bot.core.config import DocumentFields, ElasticsearchLogStore, ReleaseFile
from bot.core.counts import CountRequest, Window
from bot.core.minutes import bin_of
from bot.engine.baselines import Baselines
from bot.engine.services import Adapters, Services
from bot.store import Store
from tests.support.counting import MAPPING, counting
from tests.support.elasticsearch import running_elasticsearch
from tests.support.provision import MissingProgramError
from tests.support.search_admin import Admin

INDEX = "logs-bench"
TYPES = 300
DAYS = timedelta(days=10)
MINUTE = timedelta(minutes=1)
SEED = 2020
BATCH = 20_000
TOLD_EVERY = 500_000
"""Documents after which the filling says how far it is."""
GOALS = {
    "comparison/bare": "<= 1.3",
    "download/by_type": ">= 50",
    "download/cold_by_minute": ">= 5",
    "warm_look/warm_look_1d": "about 1",
}
"""Wanted ratios."""

Work = Callable[[timedelta], Awaitable[object]]
"""Counts something, its windows moved by this, lest the server answers from its cache."""


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
    made, written = documents(number, end), 0
    # The server takes one batch while the next one is made.
    with ThreadPoolExecutor(max_workers=1) as writer:
        under_way: Future[None] | None = None
        while batch := list(islice(made, BATCH)):
            if under_way is not None:
                under_way.result()
            under_way = writer.submit(admin.write, INDEX, batch, refresh=False)
            written += len(batch)
            if written % TOLD_EVERY < BATCH:
                tell(f"{written:,} of {number:,} documents", time.perf_counter() - began)
        if under_way is not None:
            under_way.result()
    admin.refresh(INDEX)
    return time.perf_counter() - began


def tell(what: str, seconds: float) -> None:
    """Say on stderr what is known so far: a run may take long, or be cut off."""
    print(f"{what:40}{seconds:10.3f} s", file=sys.stderr, flush=True)


class Seconds(dict[str, float]):
    """Measures by name, told one by one as they come."""

    def __setitem__(self, name: str, value: float) -> None:
        tell(name, value)
        super().__setitem__(name, value)


_MOVED = count(1)


async def timed(work: Work, times: int) -> float:
    """The median of some runs, in seconds."""
    taken = []
    for _ in range(times):
        moved = timedelta(milliseconds=next(_MOVED))
        began = time.perf_counter()
        await work(moved)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def shifted(request: CountRequest, by: timedelta) -> CountRequest:
    """The same request a little earlier."""
    windows = tuple(Window(start=one.start - by, end=one.end - by) for one in request.windows)
    return request.model_copy(update={"windows": windows})


def repeated(store: SearchStore, request: CountRequest) -> Work:
    """Count a request, moved a little each time."""
    return lambda by: store.count(shifted(request, by))


async def bare(store: SearchStore, requests: list[CountRequest]) -> int:
    """Fetch the pages of buckets of requests and throw them away; returns how many buckets."""
    questions = Questions(DocumentFields(), {"service.name": "chat"}, nanos=True)
    buckets = 0
    async with moment(store._wire, INDEX) as held:  # noqa: SLF001 - measured against itself
        for request in requests:
            for window in request.windows:
                for part in slices(window, request.bucket):
                    body = questions.counts(
                        part, ["ERROR"], request.bucket, by_host=request.by_host
                    )
                    buckets += len(await held.pages(body))
                if request.samples:
                    await held.pages(questions.samples(window, ["ERROR"]))
    return buckets


async def download(store: SearchStore) -> Counter[str]:
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
    async with moment(store._wire, INDEX) as held:  # noqa: SLF001 - the same moment for both
        while hits := (await held.ask(body))["hits"]["hits"]:
            found.update(hit["fields"]["error.type"][0] for hit in hits)
            body["search_after"] = hits[-1]["sort"]
    return found


class Only:
    """The adapters of a bot that only has this log store."""

    def __init__(self, store: SearchStore) -> None:
        self._store = store

    def log_store(self, _: object) -> SearchStore:
        """The one log store."""
        return self._store


def source(config: ElasticsearchLogStore, days: float) -> Source:
    """A baseline of so many days."""
    return Source(
        name="es",
        config=config,
        component="chat",
        levels=("ERROR", "WARN"),
        baseline=timedelta(days=days),
    )


async def cold(baselines: Baselines, wanted: Source, end: datetime) -> float:
    """Read a baseline as the bot does in the background, into the store; in seconds."""
    began = time.perf_counter()
    await baselines.upto(wanted, end)
    await baselines.keep_warm()
    assert (await baselines.upto(wanted, end)).counts is not None
    return time.perf_counter() - began


async def warm(baselines: Baselines, wanted: Source, end: datetime, times: int) -> float:
    """A look at a warm baseline: only the last minutes are asked for; in seconds."""
    return await timed(lambda _: baselines.upto(wanted, end), times)


async def by_minute(
    store: SearchStore, end: datetime, times: int, folder: Path
) -> dict[str, float]:
    """Seconds of baselines by the minute: cold, bare, and the looks at warm ones."""
    now = [end]
    database = Store(f"sqlite:///{folder / 'bench.sqlite3'}")
    await database.open()
    services = Services(
        store=database,
        adapters=cast("Adapters", Only(store)),
        file=lambda: ReleaseFile.model_construct(rooms={}, targets={}),
        digest=str,
        now=lambda: now[0],
        seed=str,
        owner="bench",
    )
    baselines = Baselines(services)
    config = cast("ElasticsearchLogStore", store._config)  # noqa: SLF001 - its own settings
    long, short = source(config, DAYS / timedelta(days=1)), source(config, 1)
    first, last = long.first_day(end) * 1440, bin_of(end, MINUTE)
    requests = [
        long.request(begin, min(begin + PIECE, last)) for begin in range(first, last, PIECE)
    ]
    found = Seconds()
    found["bare_by_minute"] = await timed(lambda _: bare(store, requests), 1)
    found["cold_by_minute"] = await cold(baselines, long, end)
    now[0] = end + 5 * MINUTE
    found["warm_look"] = await warm(baselines, long, now[0], times)
    found["warm_look_1d"] = await warm(baselines, short, now[0], times)
    heads = await database.read(lambda tx: tx.minute_heads(long.key))
    await database.close()
    return {**found, "stored_megabytes": sum(row.size for row in heads) / 1e6}


async def measure(store: SearchStore, end: datetime, times: int) -> dict[str, float]:
    """Seconds of each way to count."""
    deployed = end - 15 * MINUTE
    baseline = Window(start=end - DAYS, end=deployed)
    since = Window(start=deployed, end=end)
    by_type = CountRequest(component="chat", windows=(baseline,))
    comparison = CountRequest(component="chat", windows=(baseline, since, since), samples=True)
    errors = CountRequest(component="chat", windows=(baseline, since), samples=True)
    repeat = CountRequest(component="chat", windows=(since,), bucket=MINUTE)
    await store.count(comparison)  # the first one waits for caches and compilers
    found = Seconds()
    found["bare"] = await timed(lambda by: bare(store, [shifted(comparison, by)]), times)
    asked = {
        "comparison": comparison,
        "by_type": by_type,
        "repeat": repeat,
        "errors_since_deploy": errors,
    }
    for name, request in asked.items():
        found[name] = await timed(repeated(store, request), times)
    with tempfile.TemporaryDirectory() as folder:
        found |= await by_minute(store, end, times, Path(folder))
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
    "cold_by_minute/bare": ("cold_by_minute", "bare_by_minute"),
    "download/by_type": ("download", "by_type"),
    "download/cold_by_minute": ("download", "cold_by_minute"),
    "download/comparison": ("download", "comparison"),
    "download/errors_since_deploy": ("download", "errors_since_deploy"),
    "warm_look/warm_look_1d": ("warm_look", "warm_look_1d"),
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
        print(f"{name:30}{value:10.3f}{' s' if 'mega' not in name else ''}")
    for name, value in found["ratios"].items():
        print(f"{name:30}{value:10.2f} x  wanted: {GOALS.get(name, '-')}")


if __name__ == "__main__":
    main()
