"""What every LogStore promises: the same logs in give the same counts out."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.logs.files import FilesStore
from adapters.logs.memory import MemoryStore
from bot.core.config.log_store import Fields, FilesLogStore
from bot.core.counts import NO_TYPE, CountRequest, Counts, LogStoreError, Window
from bot.core.minutes import counted
from bot.ports import LogStore
from tests.support.counting import KEYWORD, MAPPING, counting, deny
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER, Admin

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ZONES = [
    ZoneInfo(name) for name in ("UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe")
]
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Document:
    """One log line before it is written."""

    time: datetime
    level: str = "ERROR"
    error_type: str | tuple[str, ...] | None = "Timeout"
    host: str = "host-1"
    message: str = "it took too long"
    group: str = ""
    served: float | None = None
    ingested: datetime | None = None

    @property
    def types(self) -> set[str]:
        """The types it counts for."""
        given = self.error_type if isinstance(self.error_type, tuple) else (self.error_type,)
        return {one or NO_TYPE for one in given} or {NO_TYPE}


@dataclass
class Subject:
    """One implementation under test: something to write into, and the store that counts it."""

    store: LogStore
    write: Callable[[str, list[Document]], None]
    break_it: Callable[[], None]


FIELDS = {"group": "labels.track", "exposure": "requests"}
"""Where documents say who wrote them and how much was served."""
Make = Callable[[Path, pytest.FixtureRequest], Subject]
"""Makes one implementation, with a folder or with fixtures."""


def memory(_: Path, __: pytest.FixtureRequest) -> Subject:
    """The twin for tests."""
    store = MemoryStore()

    def write(component: str, documents: list[Document]) -> None:
        for one in documents:
            store.add(
                component,
                one.time,
                one.level,
                one.error_type,
                host=one.host,
                message=one.message,
                group=one.group,
                served=one.served,
                ingested=one.ingested,
            )

    return Subject(store, write, lambda: store.fail("broken"))


def line(one: Document) -> str:
    """One JSON line, its time in the zone that the document has."""
    fields: dict[str, object] = {
        "time": one.time.isoformat(),
        "level": one.level,
        "host": one.host,
        "message": one.message,
    }
    if one.error_type is not None:
        fields["type"] = one.error_type
    fields |= who_and_how_much(one)
    return json.dumps(fields, ensure_ascii=len(one.message) % 2 == 0) + "\n"


@dataclass
class LogFolder:
    """JSON lines, one file a component and host."""

    folder: Path
    rotated: bool = False
    fields: Fields = field(default_factory=Fields)
    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def write(self, component: str, documents: list[Document]) -> None:
        """Append the documents; when rotated, the first half goes into an archive."""
        for one in documents[: len(documents) // 2] if self.rotated else ():
            with gzip.open(self.path(component, one.host, ".1.gz"), "ab") as archive:
                archive.write(line(one).encode())
        for one in documents[len(documents) // 2 :] if self.rotated else documents:
            with self.path(component, one.host, "").open("a", encoding="utf-8") as log:
                log.write(line(one))
        self.path(component, "", "").touch()

    def path(self, component: str, host: str, end: str) -> Path:
        """The file of a component and host, whatever characters the host has."""
        name = self.names.setdefault((component, host), str(len(self.names)))
        return self.folder / f"{component}.{name}.log{end}"

    def subject(self) -> Subject:
        """Count this folder."""
        config = FilesLogStore(kind="files", paths=("{component}.*.log*",), fields=self.fields)
        store = FilesStore(config, self.folder, now=lambda: NOW)
        return Subject(store, self.write, lambda: shut(store))


def shut(store: FilesStore) -> None:
    """Take DuckDB away from a store."""
    for logs in store._components.values():
        logs.close(1)


def in_elasticsearch(_: Path, request: pytest.FixtureRequest) -> Subject:
    """An index of a real Elasticsearch."""
    return on_server(request.getfixturevalue("elasticsearch_server"))


def in_opensearch(_: Path, request: pytest.FixtureRequest) -> Subject:
    """An index of a real OpenSearch."""
    return on_server(request.getfixturevalue("opensearch_server"))


def on_server(server: Server, **more: Any) -> Subject:
    """An index on a real server; each subject has components of its own in it."""
    admin = Admin(server)
    admin.share(INDEX, {**MAPPING, "labels.track": KEYWORD, "requests": {"type": "double"}})
    name = uuid4().hex
    filters = {"service.name": name + "-{component}"}
    # 50,000 types take longer than the usual limit where the machine is busy.
    store = counting(server, index=INDEX, filters=filters, timeout="5m", **more)

    def write(component: str, documents: list[Document]) -> None:
        admin.write(INDEX, [indexed(one, f"{name}-{component}") for one in documents])

    return Subject(store, write, lambda: deny(store))


INDEX = "logs-contract"


def indexed(one: Document, service: str) -> dict[str, object]:
    """A document as a shipper of logs writes it."""
    fields: dict[str, object] = {
        "@timestamp": one.time.isoformat(),
        "log.level": one.level,
        "host.name": one.host,
        "message": one.message,
        "service.name": service,
    }
    if one.error_type is not None:
        fields["error.type"] = one.error_type
    if one.ingested is not None:
        fields["event.ingested"] = one.ingested.isoformat()
    return fields | who_and_how_much(one)


def who_and_how_much(one: Document) -> dict[str, object]:
    """The fields for the release group and the exposure, where the document has them."""
    named = {FIELDS["group"]: one.group or None, FIELDS["exposure"]: one.served}
    return {name: value for name, value in named.items() if value is not None}


SUBJECTS: dict[str, Make] = {
    "memory": memory,
    "files": lambda folder, _: LogFolder(folder).subject(),
    "files-rotated": lambda folder, _: LogFolder(folder, rotated=True).subject(),
}


def _param(name: str) -> Any:
    marks = pytest.mark.thorough if "rotated" in name else ()
    return pytest.param(SUBJECTS[name], id=name, marks=marks)


LOCAL = [_param(name) for name in SUBJECTS]
"""The implementations that need no server."""
SERVERS = [
    pytest.param(in_elasticsearch, id="elasticsearch", marks=[*STARTS_A_SERVER]),
    pytest.param(in_opensearch, id="opensearch", marks=[*STARTS_A_SERVER]),
]


@pytest.fixture(params=[*LOCAL, *SERVERS])
def make(request: pytest.FixtureRequest) -> Callable[[Path], Subject]:
    """How one implementation is made."""
    chosen: Make = request.param
    return lambda folder: chosen(folder, request)


@asynccontextmanager
async def made(make: Callable[[Path], Subject]) -> AsyncIterator[Subject]:
    """One implementation with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        subject = make(Path(folder))
        try:
            yield subject
        finally:
            await subject.store.close()


@pytest.fixture
async def subject(make: Callable[[Path], Subject]) -> AsyncIterator[Subject]:
    """One implementation with nothing in it."""
    async with made(make) as one:
        yield one


def window(start: float, end: float) -> Window:
    """A window in minutes after NOW."""
    return Window(start=NOW + start * MINUTE, end=NOW + end * MINUTE)


def table(counts: Counts, number: int = 0) -> dict[tuple[str, str, str, datetime | None], int]:
    """One window's counts by type, level, host and bucket."""
    types = counts.windows[number].types
    assert all(one.count > 0 for one in types)
    found = {(one.error_type, one.level, one.host, one.bucket): one.count for one in types}
    assert len(found) == len(types)
    return found


def at_edges() -> st.SearchStrategy[datetime]:
    """Moments on, just before and just after whole minutes, in several zones."""
    return st.builds(
        lambda minute, off, zone: (NOW + minute * MINUTE + off * MICROSECOND).astimezone(zone),
        st.integers(-90, 90),
        st.sampled_from([-1, 0, 1, 123_456]),
        st.sampled_from(ZONES),
    )


def documents() -> st.SearchStrategy[list[Document]]:
    """Documents with hostile texts."""
    hostile = st.one_of(
        st.sampled_from(
            ["a", "b", '"', "'; DROP TABLE document", "\\", "a,b\n\tc\r", "<@all>", "é😀"]
        ),
        st.text(max_size=8),
    )
    return st.lists(
        st.builds(
            Document,
            at_edges(),
            st.sampled_from(["ERROR", "error", "WARN", "Warning", "INFO", "FATAL", ""]),
            st.one_of(st.none(), hostile, st.lists(hostile, max_size=3).map(tuple)),
            st.one_of(st.sampled_from(["host-1", "host-2"]), hostile),
            hostile,
        ),
        max_size=12,
    )


def requests() -> st.SearchStrategy[CountRequest]:
    """Requests for windows that overlap, touch or are empty."""
    span = st.tuples(at_edges(), at_edges()).map(sorted)
    return st.builds(
        asking,
        component=st.just("chat"),
        windows=st.lists(
            span.map(lambda ends: Window(start=ends[0], end=ends[1])), min_size=1, max_size=3
        ).map(tuple),
        levels=st.sampled_from([("ERROR", "WARN"), ("warning",), ("INFO",), ("FATAL",), ()]),
        bucket=st.sampled_from([None, MINUTE, 7 * MINUTE, timedelta(seconds=0.75)]),
        samples=st.booleans(),
        sample_hosts=st.sampled_from([(), ("host-1",), ("host-2", "nowhere"), ("a", "'; --")]),
        by_host=st.booleans(),
        alive=st.booleans(),
    )


def asking(*, bucket: timedelta | None, alive: bool, **fields: Any) -> CountRequest:
    """A request; hosts live in buckets only."""
    return CountRequest(bucket=bucket, alive=alive and bucket is not None, **fields)


def bucket_of(time: datetime, length: timedelta) -> datetime:
    """The start of the bucket that holds a moment."""
    return time - (time - datetime(1970, 1, 1, tzinfo=UTC)) % length


def normal(level: str) -> str:
    """The level as counts name it, for the words of these tests."""
    return {"WARNING": "WARN", "FATAL": "ERROR"}.get(level.upper(), level.upper())


def expected(
    written: list[Document], request: CountRequest, span: Window
) -> Counter[tuple[str, str, str, datetime | None]]:
    """Count by brute force."""
    levels = {normal(level) for level in request.levels}
    counter: Counter[tuple[str, str, str, datetime | None]] = Counter()
    for one in written:
        if span.start <= one.time < span.end and normal(one.level) in levels:
            bucket = bucket_of(one.time, request.bucket) if request.bucket else None
            host = one.host if request.by_host else ""
            for error_type in one.types:
                counter[error_type, normal(one.level), host, bucket] += 1
    return counter


def examples(number: int, *, simplify: bool = True) -> settings:
    """So many examples, however long they take.

    One that fails is made simpler, which takes minutes where each attempt asks a server.
    """
    unfit = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    phases = [phase for phase in Phase if simplify or phase is not Phase.shrink]
    return settings(max_examples=number, phases=phases, suppress_health_check=unfit)


@pytest.mark.parametrize("make", LOCAL)
@examples(25)
@given(written=documents(), later=documents(), request_=requests())
async def test_counts_are_those_of_brute_force(
    request: pytest.FixtureRequest,
    make: Make,
    written: list[Document],
    later: list[Document],
    request_: CountRequest,
) -> None:
    """Any documents in any windows are counted exactly, at the first look and at the second."""
    await compare(lambda folder: make(folder, request), [written, later], request_)


@pytest.mark.parametrize("make", SERVERS)
@examples(2, simplify=False)
@given(written=documents(), later=documents(), request_=requests())
async def test_a_server_counts_like_brute_force(
    request: pytest.FixtureRequest,
    make: Make,
    written: list[Document],
    later: list[Document],
    request_: CountRequest,
) -> None:
    """A real server counts the same; here a few examples, since each takes a while."""
    await compare(lambda folder: make(folder, request), [written, later], request_)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("make", SERVERS)
@examples(200)
@given(written=documents(), later=documents(), request_=requests())
async def test_a_server_counts_like_brute_force_for_long(
    request: pytest.FixtureRequest,
    make: Make,
    written: list[Document],
    later: list[Document],
    request_: CountRequest,
) -> None:
    """A real server counts the same in many examples."""
    await compare(lambda folder: make(folder, request), [written, later], request_)


async def compare(
    make: Callable[[Path], Subject], batches: list[list[Document]], request_: CountRequest
) -> None:
    """Write batch by batch, and compare what is counted after each with brute force."""
    async with made(make) as subject:
        subject.write("other", [Document(NOW)])
        so_far: list[Document] = []
        for batch in batches:
            subject.write("chat", batch)
            so_far += batch
            counts = await subject.store.count(request_)
            check(counts, so_far, request_)


def check(counts: Counts, written: list[Document], request: CountRequest) -> None:
    """Compare all that was counted with brute force."""
    assert [one.window for one in counts.windows] == list(request.windows)
    assert counts.newest == max((one.time for one in written), default=None)
    for number, span in enumerate(request.windows):
        found = counts.windows[number]
        truth = expected(written, request, span)
        assert table(counts, number) == truth
        order = [(one.error_type, one.level, one.host, one.bucket or NOW) for one in found.types]
        assert order == sorted(order)
        inside = [one for one in written if span.start <= one.time < span.end and one.level]
        assert found.documents == Counter(one.host for one in inside)
        lived = [(one.host, bucket_of(one.time, request.bucket or MINUTE)) for one in inside]
        assert [((one.host, one.bucket), one.count) for one in found.alive] == (
            sorted(Counter(lived).items()) if request.alive else []
        )
        assert found.oldest == min((one.time for one in inside), default=None)
        check_samples(counts, number, written, request)
    # A single one of these few documents is a larger share than any store lets pass.
    vague = any(
        span.start <= one.time < span.end and not one.level
        for one in written
        for span in request.windows
    )
    expected_gaps = ["gap.no_level"] * vague
    if not counts.windows[-1].documents:
        expected_gaps.append("gap.no_documents")
    assert [gap.key for gap in counts.gaps] == expected_gaps


def check_samples(
    counts: Counts, number: int, written: list[Document], request: CountRequest
) -> None:
    """A sample is the first moment of its type on the wanted hosts, and a message of it."""
    found = counts.windows[number]
    levels = {normal(level) for level in request.levels}
    given = [
        one
        for one in written
        if normal(one.level) in levels
        and found.window.start <= one.time < found.window.end
        and one.host in (request.sample_hosts or {one.host})
    ]
    types = {kind for one in given for kind in one.types} if request.samples else set()
    assert [one.error_type for one in found.samples] == sorted(types)
    for sample in found.samples:
        same = [one for one in given if sample.error_type in one.types]
        assert sample.first_seen == min(one.time for one in same)
        assert sample.message in {one.message for one in same if one.time == sample.first_seen}


async def test_windows_are_half_open(subject: Subject) -> None:
    """A document on the start of a window is in it, one on its end is not."""
    subject.write("chat", [Document(NOW), Document(NOW + MINUTE)])
    counts = await subject.store.count(
        CountRequest(component="chat", windows=(window(-1, 0), window(0, 1), window(1, 2)))
    )
    assert [sum(table(counts, number).values()) for number in range(3)] == [0, 1, 1]


async def test_a_sample_is_of_the_hosts_that_are_asked_for(subject: Subject) -> None:
    """Their own first moment and message, though another host wrote it first; all are counted."""
    subject.write(
        "chat",
        [
            Document(NOW, host="host-1", message="first of all"),
            Document(NOW + MINUTE, host="host-2", message="first of two"),
            Document(NOW + 2 * MINUTE, host="host-2", message="later"),
            Document(NOW, error_type="Elsewhere", host="host-1"),
        ],
    )
    request = CountRequest(
        component="chat", windows=(window(0, 5),), samples=True, sample_hosts=("host-2", "host-3")
    )
    [found] = (await subject.store.count(request)).windows

    [sample] = found.samples
    assert (sample.error_type, sample.first_seen, sample.message) == (
        ("Timeout", NOW + MINUTE, "first of two")
    )
    assert found.documents == {"host-1": 2, "host-2": 2}


async def test_an_empty_window_is_empty(subject: Subject) -> None:
    """A window of no length holds nothing, even where a document is."""
    subject.write("chat", [Document(NOW)])
    counts = await subject.store.count(CountRequest(component="chat", windows=(window(0, 0),)))
    assert counts.windows[0].types == ()
    assert counts.windows[0].documents == {}


async def test_silence_in_the_last_window_is_a_gap(subject: Subject) -> None:
    """Without any document in the last window the counts are not complete."""
    subject.write("chat", [Document(NOW - 5 * MINUTE)])
    counts = await subject.store.count(
        CountRequest(component="chat", windows=(window(-10, 0), window(0, 10)))
    )
    assert [gap.key for gap in counts.gaps] == ["gap.no_documents"]


async def test_silence_before_is_no_gap(subject: Subject) -> None:
    """A baseline without documents is complete when the last window has some."""
    subject.write("chat", [Document(NOW + MINUTE, level="DEBUG")])
    counts = await subject.store.count(
        CountRequest(component="chat", windows=(window(-10, 0), window(0, 10)))
    )
    assert counts.gaps == ()


async def test_documents_without_a_level_are_a_gap_and_no_life(subject: Subject) -> None:
    """Where the level is in another field, nothing is known: no host is alive, nothing passes."""
    subject.write("chat", [Document(NOW, level="")] * 3 + [Document(NOW, host="host-2")])
    counts = await subject.store.count(CountRequest(component="chat", windows=(window(0, 1),)))
    assert counts.windows[0].documents == {"host-2": 1}
    assert sum(table(counts).values()) == 1
    assert [(gap.key, dict(gap.params)) for gap in counts.gaps] == [
        ("gap.no_level", {"lines": 3, "whole": 4, "share": 0.75})
    ]


async def test_newest_is_of_any_level_and_outside_of_the_windows_too(subject: Subject) -> None:
    """The newest document is found though no window holds it and its level is not asked for."""
    subject.write("chat", [Document(NOW), Document(NOW + 30 * MINUTE, level="DEBUG")])
    counts = await subject.store.count(CountRequest(component="chat", windows=(window(0, 1),)))
    assert counts.newest == NOW + 30 * MINUTE


async def test_the_oldest_of_a_window_is_of_any_level_and_host(subject: Subject) -> None:
    """Whoever reckons with the length of a window sees where its logs begin."""
    subject.write("chat", [Document(NOW - 30 * MINUTE), Document(NOW + 2 * MINUTE)])
    subject.write("chat", [Document(NOW + MINUTE, level="DEBUG", host="host-2")])
    spans = (window(-60, 0), window(0, 10), window(10, 20))
    counts = await subject.store.count(CountRequest(component="chat", windows=spans))
    expected_ = [NOW - 30 * MINUTE, NOW + MINUTE, None]
    assert [one.oldest for one in counts.windows] == expected_


async def test_the_repeated_hour_of_daylight_saving_is_two_hours(subject: Subject) -> None:
    """Both passes of the repeated hour are counted at their own moment."""
    zone = ZoneInfo("America/New_York")
    first = datetime(2025, 11, 2, 1, 30, tzinfo=zone)
    second = first.replace(fold=1)
    subject.write("chat", [Document(first), Document(second), Document(second)])
    begin = first.astimezone(UTC)
    spans = tuple(
        Window(start=begin + hour * 60 * MINUTE, end=begin + (hour + 1) * 60 * MINUTE)
        for hour in (0, 1)
    )
    counts = await subject.store.count(CountRequest(component="chat", windows=spans))
    assert [sum(table(counts, number).values()) for number in (0, 1)] == [1, 2]


async def test_a_component_sees_its_own_documents_only(subject: Subject) -> None:
    """Documents of one component never count for another."""
    subject.write("chat", [Document(NOW)])
    subject.write("push", [Document(NOW), Document(NOW)])
    counts = await subject.store.count(CountRequest(component="push", windows=(window(0, 1),)))
    assert sum(table(counts).values()) == 2


async def test_a_failure_is_an_error_and_never_zero(subject: Subject) -> None:
    """A store that cannot count raises LogStoreError."""
    subject.write("chat", [Document(NOW)])
    request = CountRequest(component="chat", windows=(window(0, 1),))
    await subject.store.count(request)
    subject.break_it()
    with pytest.raises(LogStoreError):
        await subject.store.count(request)


async def test_a_second_close_does_no_harm(subject: Subject) -> None:
    """Closing twice is allowed."""
    await subject.store.close()
    await subject.store.close()


async def test_a_document_with_several_types_counts_for_each_and_once_for_its_host(
    subject: Subject,
) -> None:
    """Types add up to more than the documents; the documents themselves are never counted twice."""
    subject.write("chat", [Document(NOW, error_type=("Timeout", "Refused", "Timeout"))])
    request = CountRequest(component="chat", windows=(window(0, 1),))
    counts = await subject.store.count(request)
    assert table(counts) == {
        ("Refused", "ERROR", "host-1", None): 1,
        ("Timeout", "ERROR", "host-1", None): 1,
    }
    assert counts.windows[0].documents == {"host-1": 1}


async def many_types(subject: Subject, number: int) -> None:
    """Write that many types, twice each but for one more of the first, and count them."""
    names = [f"Error {index:05}" for index in range(number)]
    written = [Document(NOW, error_type=name) for name in names]
    subject.write("chat", [*written, *written, written[0]])
    request = CountRequest(component="chat", windows=(window(0, 1),), samples=True)
    counts = await subject.store.count(request)
    truth = {(name, "ERROR", "host-1", None): 2 for name in names}
    assert table(counts) == truth | {(names[0], "ERROR", "host-1", None): 3}
    assert [one.error_type for one in counts.windows[0].samples] == names


async def test_a_thousand_types_are_all_counted(subject: Subject) -> None:
    """A store that answers in pages or keeps the largest only would lose some."""
    await many_types(subject, 1_000)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_fifty_thousand_types_are_all_counted(subject: Subject) -> None:
    """No limit of buckets, pages or answers loses a type."""
    await many_types(subject, 50_000)


async def test_minutes_are_the_same_everywhere(subject: Subject) -> None:
    """Types by minute over all hosts, live hosts as exposure, and a silent minute is unknown."""
    subject.write(
        "chat",
        [
            Document(NOW - 3 * MINUTE),
            Document(NOW - 3 * MINUTE, host="host-2"),
            Document(NOW - 3 * MINUTE + MICROSECOND, "warning", "Slow"),
            Document(NOW - 2 * MINUTE, "INFO", None),
            Document(NOW - MICROSECOND, "FATAL", ("Timeout", "Other"), host="host-3"),
            Document(NOW),
        ],
    )
    asked = CountRequest(
        component="chat",
        windows=(window(-4, 0),),
        bucket=MINUTE,
        by_host=False,
        alive=True,
    )

    found = counted((await subject.store.count(asked)).windows[0], MINUTE)

    nan = float("nan")
    assert found.keys == ("ERROR Other", "ERROR Timeout", "WARN Slow")
    assert found.exposure.tolist() == [0, 2, 1, 1]
    assert np.array_equal(
        found.counts,
        [[nan, 0, 0, 1], [nan, 2, 0, 1], [nan, 1, 0, 0]],
        equal_nan=True,
    )
