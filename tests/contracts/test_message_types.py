"""What every LogStore promises where error types are told by messages: the same types out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.logs.files import FilesStore
from adapters.logs.memory import MemoryStore
from adapters.logs.search import SearchStore
from bot.core.config.log_store import FilesLogStore, MemoryLogStore
from bot.core.counts import NO_TYPE, CountRequest, LogStoreError, Window
from bot.core.mining.masks import Masker
from bot.ports import LogStore
from tests.support.counting import MAPPING, counting
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER, Admin

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MASKS = (r"(?<=tenant )\w+",)
INDEX = "logs-messages"


@dataclass(frozen=True)
class Line:
    """One log line before it is written."""

    time: datetime
    message: str
    level: str = "ERROR"
    host: str = "h1"
    ingested: datetime | None = None


@dataclass
class Subject:
    """One implementation under test, and how to write into it."""

    store: LogStore
    write: Callable[[list[Line]], None]


Make = Callable[[Path, pytest.FixtureRequest], Subject]


def memory(_: Path, __: pytest.FixtureRequest) -> Subject:
    """The twin for tests."""
    config = MemoryLogStore(kind="memory", error_type_from="message", masks=MASKS)
    store = MemoryStore(config)

    def write(lines: list[Line]) -> None:
        for one in lines:
            store.add(
                "chat",
                one.time,
                one.level,
                "x",
                host=one.host,
                message=one.message,
                ingested=one.ingested,
            )

    return Subject(store, write)


def files(folder: Path, _: pytest.FixtureRequest) -> Subject:
    """JSON lines in a file."""
    config = FilesLogStore(
        kind="files", paths=("{component}.log",), error_type_from="message", masks=MASKS
    )
    store = FilesStore(config, folder, now=lambda: NOW)

    def write(lines: list[Line]) -> None:
        with (folder / "chat.log").open("a", encoding="utf-8") as file:
            for one in lines:
                told = {"time": one.time.isoformat(), "level": one.level, "host": one.host}
                file.write(json.dumps({**told, "type": "x", "message": one.message}) + "\n")

    return Subject(store, write)


def in_elasticsearch(_: Path, request: pytest.FixtureRequest) -> Subject:
    """An index on a real Elasticsearch."""
    return on_server(request.getfixturevalue("elasticsearch_server"))


def in_opensearch(_: Path, request: pytest.FixtureRequest) -> Subject:
    """An index on a real OpenSearch."""
    return on_server(request.getfixturevalue("opensearch_server"))


def on_server(server: Server) -> Subject:
    """An index on a real server."""
    admin = Admin(server)
    admin.share(INDEX, MAPPING)
    name = uuid4().hex
    store = counting(
        server,
        index=INDEX,
        filters={"service.name": name + "-{component}"},
        error_type_from="message",
        masks=MASKS,
    )

    def write(lines: list[Line]) -> None:
        admin.write(INDEX, [indexed(one, f"{name}-chat") for one in lines])

    return Subject(store, write)


def indexed(one: Line, service: str) -> dict[str, object]:
    """A document as a shipper of logs writes it."""
    arrived = {} if one.ingested is None else {"event.ingested": one.ingested.isoformat()}
    return {
        "@timestamp": one.time.isoformat(),
        "log.level": one.level,
        "host.name": one.host,
        "message": one.message,
        "service.name": service,
        **arrived,
    }


@pytest.fixture(
    params=[
        memory,
        files,
        pytest.param(in_elasticsearch, id="elasticsearch", marks=[*STARTS_A_SERVER]),
        pytest.param(in_opensearch, id="opensearch", marks=[*STARTS_A_SERVER]),
    ]
)
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    """One implementation with nothing in it."""
    async with made(request.param, tmp_path, request) as one:
        yield one


@asynccontextmanager
async def made(make: Make, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """Make one, and close it."""
    subject = make(folder, request)
    try:
        yield subject
    finally:
        await subject.store.close()


def window(start: float, end: float) -> Window:
    """A window in minutes after NOW."""
    return Window(start=NOW + start * MINUTE, end=NOW + end * MINUTE)


def lines(number: int = 300) -> list[Line]:
    """Lines of some hours, in any order, at several levels and hosts."""
    rng = random.Random(7)
    said = (
        "order {} of user {}@example.com failed after {} ms",
        "no route to 10.0.{}.{}:8443 ({} tries)",
        "tenant t{}x is over quota",
        "注文{}の処理に失敗しました",
        'Traceback (most recent call last):\n  File "{}.py"\nValueError: bad id {}',
        "it broke\n\tat a.b.C(C.java:{})",
        "",
    )
    return [
        Line(
            time=NOW
            - timedelta(seconds=rng.randrange(3 * 3600), microseconds=rng.randrange(10**6)),
            message=rng.choice(said).format(*(rng.randrange(9999) for _ in range(3))),
            level=rng.choice(["ERROR", "error", "WARNING", "INFO"]),
            host=rng.choice(["h1", "h2", ""]),
        )
        for _ in range(number)
    ]


def expected(written: list[Line], span: Window, bucket: timedelta | None = None) -> Counter[Any]:
    """Counted by hand."""
    masker, levels = Masker(MASKS), {"ERROR": "ERROR", "error": "ERROR", "WARNING": "WARN"}
    found: Counter[Any] = Counter()
    for one in written:
        if span.start <= one.time < span.end and one.level in levels:
            start = None
            if bucket:
                start = one.time - (one.time - datetime(1970, 1, 1, tzinfo=UTC)) % bucket
            found[masker.form(one.message) or NO_TYPE, levels[one.level], one.host, start] += 1
    return found


async def table(store: LogStore, *spans: Window, bucket: timedelta | None = None) -> list[Any]:
    """The counts of each window by type, level, host and bucket."""
    request = CountRequest(component="chat", windows=spans, bucket=bucket)
    counts = await store.count(request)
    for one in counts.windows:
        keys = [(row.error_type, row.level, row.host, row.bucket) for row in one.types]
        assert len(set(keys)) == len(keys)
    return [
        Counter({(r.error_type, r.level, r.host, r.bucket): r.count for r in one.types})
        for one in counts.windows
    ]


async def test_types_are_the_forms_of_messages(subject: Subject) -> None:
    """Each window is counted exactly, at any edges, by the form of the first line that says it."""
    written = lines()
    subject.write(written)
    spans = (window(-200, -61.37), window(-61.37, -2), window(-90.5, -90.25))

    found = await table(subject.store, *spans)

    assert found == [expected(written, span) for span in spans]
    assert {key[0] for key in found[0]} >= {NO_TYPE, "ValueError:\nbad\nid\n<*>", "it\nbroke"}
    assert "tenant\n<*>\nis\nover\nquota" in {key[0] for key in found[0]}


async def test_buckets_are_aligned_to_the_epoch(subject: Subject) -> None:
    """By minute and host, also where the window begins inside of a bucket."""
    written = lines()
    subject.write(written)
    span = window(-120.3, -10.6)

    assert await table(subject.store, span, bucket=MINUTE) == [expected(written, span, MINUTE)]


async def test_what_arrives_later_is_counted(subject: Subject) -> None:
    """New and late documents change the next count; nothing is counted twice."""
    first, later = lines()[:150], lines()[150:]
    subject.write(first)
    span = window(-200, 1)
    assert await table(subject.store, span) == [expected(first, span)]

    subject.write(later)

    assert await table(subject.store, span) == [expected(first + later, span)]
    assert await table(subject.store, span) == [expected(first + later, span)]


async def test_samples_show_the_first_moment(subject: Subject) -> None:
    """Of each type the first moment in the window, and a message that is of it."""
    written = lines()
    subject.write(written)
    span = window(-100, 0)
    request = CountRequest(component="chat", windows=(span,), samples=True)

    [found] = (await subject.store.count(request)).windows

    masker = Masker(MASKS)
    counted = [one for one in written if one.level != "INFO" and span.start <= one.time < span.end]
    assert {one.error_type: one.first_seen for one in found.samples} == {
        form: min(o.time for o in counted if (masker.form(o.message) or NO_TYPE) == form)
        for form in {masker.form(one.message) or NO_TYPE for one in counted}
    }
    for one in found.samples:
        assert (masker.form(one.message) or NO_TYPE) == one.error_type


async def test_a_sample_is_of_the_hosts_that_are_asked_for(subject: Subject) -> None:
    """A form that another host wrote first shows the message of the host that is meant."""
    written = [
        Line(NOW - number * MINUTE, f"shard {number}", host=f"h{number}") for number in (3, 2, 1)
    ]
    subject.write(written)
    request = CountRequest(
        component="chat", windows=(window(-100, 0),), samples=True, sample_hosts=("h1", "h2")
    )

    [found] = (await subject.store.count(request)).windows

    [sample] = found.samples
    assert (sample.first_seen, sample.message) == (NOW - 2 * MINUTE, "shard 2")
    assert sum(one.count for one in found.types) == 3


@pytest.mark.parametrize("make", [pytest.param(in_elasticsearch, marks=[*STARTS_A_SERVER])])
async def test_only_what_is_new_is_read(
    make: Make, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A second count reads no message again but those of the ten minutes that changed."""
    async with made(make, tmp_path, request) as one:
        assert isinstance(one.store, SearchStore)
        one.write(lines())
        await table(one.store, window(-200, 1))
        [held] = one.store._messages.values()
        before = held.documents_read
        await table(one.store, window(-200, -30), window(-30, 1))
        assert held.documents_read == before
        one.write([Line(NOW - 5 * MINUTE, "it broke again")])
        await table(one.store, window(-200, 1))
        assert 1 <= held.documents_read - before < 40


@pytest.mark.parametrize("make", [pytest.param(in_elasticsearch, marks=[*STARTS_A_SERVER])])
async def test_what_was_read_stays_after_a_failure(
    make: Make, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count that is cut off in the middle has read something; the next one goes on from there."""
    monkeypatch.setattr("adapters.logs.search.query.PAGE", 50)
    async with made(make, tmp_path, request) as one:
        assert isinstance(one.store, SearchStore)
        written = lines()
        one.write(written)
        asked = one.store._wire.ask
        searches = 0

        async def ask(method: str, path: str, **more: Any) -> Any:
            nonlocal searches
            following = "search_after" in (more.get("body") or {})
            searches += following
            if following and searches == 3:
                raise LogStoreError("cut off")
            return await asked(method, path, **more)

        monkeypatch.setattr(one.store._wire, "ask", ask)
        span = window(-200, 1)
        with pytest.raises(LogStoreError, match="cut off"):
            await table(one.store, span)
        [held] = one.store._messages.values()
        read = held.documents_read
        assert read == 150

        assert await table(one.store, span) == [expected(written, span)]
        total = sum(expected(written, span).values())
        assert held.documents_read < total + 50


async def test_looks_count_the_messages_that_had_arrived(subject: Subject) -> None:
    """Asked together as asked alone, whichever look comes first; files count everything."""
    late = [
        replace(one, ingested=one.time + (number % 4) * 20 * MINUTE)
        for number, one in enumerate(lines())
    ]
    subject.write(late)
    moments = tuple(NOW + end * MINUTE for end in (-100, -150, -20, -60, 0, 60))
    windows = tuple(window(-180, min((now - NOW) // MINUTE, 0)) for now in moments)
    request = CountRequest(
        component="chat", windows=windows, bucket=MINUTE, alive=True, by_host=False
    )
    seen = request.model_copy(update={"seen_by": moments})

    together = (await subject.store.count(seen)).windows
    for number, (one, now) in enumerate(zip(windows, moments, strict=True)):
        alone = seen.model_copy(update={"windows": (one,), "seen_by": (now,)})
        assert (await subject.store.count(alone)).windows == (together[number],)
    everything = (await subject.store.count(request)).windows
    assert everything[5] == together[5]
    assert (everything[4] == together[4]) == isinstance(subject.store, FilesStore)
