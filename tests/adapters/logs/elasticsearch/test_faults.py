"""Whatever goes wrong between the bot and Elasticsearch has a reason, and is never zero."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from adapters.logs.elasticsearch import query
from bot.core.counts import CountRequest, Counts, LogStoreError, Window
from bot.ports import LogStore
from tests.support.counting import KEYWORD, MAPPING, counting, now
from tests.support.elasticsearch import STRANGER, Server
from tests.support.elasticsearch_admin import STARTS_A_SERVER, Admin
from tests.support.fault_proxy import CUT, FaultProxy, elastic, fault_proxy

pytestmark = [*STARTS_A_SERVER]

SHARDS = {"total": 5, "successful": 5, "skipped": 0, "failed": 0}
HOUR = timedelta(hours=1)
FIELDS = [
    "log.level",
    "error.type",
    pytest.param("host.name", marks=pytest.mark.long),
    pytest.param("@timestamp", marks=pytest.mark.long),
]
"""Those that must be mapped; each makes an index of its own, which takes a while."""


def request(component: str = "chat", *, samples: bool = False) -> CountRequest:
    """The last hour of a component, after an hour of baseline."""
    end = now() + timedelta(seconds=1)
    windows = (Window(start=end - 2 * HOUR, end=end - HOUR), Window(start=end - HOUR, end=end))
    return CountRequest(component=component, windows=windows, samples=samples)


def document(**more: object) -> dict[str, Any]:
    """An error of this moment."""
    return {
        "@timestamp": now().isoformat(),
        "log.level": "ERROR",
        "error.type": "Timeout",
        "host.name": "h1",
        "service.name": "chat",
        **more,
    }


async def count(store: LogStore, wanted: CountRequest | None = None) -> Counts:
    """Count and close."""
    try:
        return await store.count(wanted or request())
    finally:
        await store.close()


async def refusal(store: LogStore) -> str:
    """The reason why nothing can be counted."""
    with pytest.raises(LogStoreError) as caught:
        await count(store)
    return str(caught.value)


def total(counts: Counts) -> int:
    """Errors in the last window."""
    return sum(one.count for one in counts.windows[-1].types)


def keys(counts: Counts) -> list[str]:
    """The keys of the gaps."""
    return [gap.key for gap in counts.gaps]


@pytest.fixture
def admin(elasticsearch_server: Server) -> Admin:
    """Somebody who may do anything."""
    return Admin(elasticsearch_server)


@pytest.fixture
def index(admin: Admin) -> str:
    """An index of its own, with one error of this moment."""
    name = f"logs-{uuid4().hex}"
    admin.make(name, MAPPING)
    admin.write(name, [document()])
    return name


@pytest.fixture(scope="module")
def shared(elasticsearch_server: Server) -> str:
    """An index for tests that only read: one error of this moment."""
    admin, name = Admin(elasticsearch_server), f"logs-{uuid4().hex}"
    admin.make(name, MAPPING)
    admin.write(name, [document()])
    return name


@pytest.fixture
async def proxied(elasticsearch_server: Server) -> AsyncIterator[tuple[Server, FaultProxy]]:
    """The server behind a proxy that spoils answers."""
    async with fault_proxy(elasticsearch_server) as made:
        yield made


def searches(change: Callable[[Any], Any]) -> Callable[[web.Request, Any], Any]:
    """Spoil the answers to searches only."""
    return lambda asked, true: change(true) if asked.path == "/_search" else true


@pytest.mark.scenario(59)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timed_out": True}, "out of time"),
        ({"_shards": {**SHARDS, "successful": 3, "failed": 2}}, "2 of 5 shards did not answer"),
        ({"_shards": {**SHARDS, "successful": 4}}, "1 of 5 shards did not answer"),
        ({"_shards": {**SHARDS, "total": 0, "successful": 0}}, "no shard was searched"),
        ({"_clusters": {"total": 2, "successful": 1, "skipped": 1}}, "of 2 clusters 1 skipped"),
        ({"_shards": None}, "does not say whether it is complete"),
    ],
)
async def test_a_partial_answer_is_no_answer(
    shared: str, proxied: tuple[Server, FaultProxy], change: dict[str, Any], said: str
) -> None:
    """A 200 that does not speak for every document is refused, with what is missing."""
    server, proxy = proxied
    proxy.spoil = searches(lambda true: {**true, **change})
    assert said in await refusal(counting(server, index=shared))


async def test_skipped_shards_are_normal(shared: str, proxied: tuple[Server, FaultProxy]) -> None:
    """A time filter excludes whole shards: nothing is missing."""
    server, proxy = proxied
    proxy.spoil = searches(lambda true: {**true, "_shards": {**SHARDS, "skipped": 4}})
    counts = await count(counting(server, index=shared))
    assert (total(counts), keys(counts)) == (1, [])


@pytest.mark.scenario(58)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_may_pass_is_repeated(
    shared: str, proxied: tuple[Server, FaultProxy], status: int
) -> None:
    """Two refusals in a row are got over; the third time counts."""
    server, proxy = proxied
    left = [1, 1]

    def spoil(asked: web.Request, true: Any) -> Any:
        trouble = {"error": {"type": "es_rejected_execution_exception", "reason": "queue"}}
        return elastic(trouble, status=status) if left and left.pop() else true

    proxy.spoil = spoil
    assert total(await count(counting(server, index=shared))) == 1
    assert left == []


@pytest.mark.scenario(58)
@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (429, "es_rejected_execution_exception", "too much to do (429): because"),
        (429, "circuit_breaking_exception", "circuit breaker"),
        (503, "search_phase_execution_exception", "does not answer: no node has it (503"),
        (500, "some_exception", "500 some_exception: because"),
    ],
)
async def test_what_does_not_pass_is_said(
    shared: str, proxied: tuple[Server, FaultProxy], status: int, kind: str, said: str
) -> None:
    """After the last repetition the reason is the server's own."""
    server, proxy = proxied
    trouble = {"error": {"root_cause": [], "type": kind, "reason": "because"}, "status": status}
    proxy.spoil = searches(lambda _: elastic(trouble, status=status))
    assert said in await refusal(counting(server, index=shared))
    tried = 1 if status == 500 else 3
    assert sum(one == "POST /_search" for one in proxy.requests) == tried


@pytest.mark.scenario(58)
async def test_silence_ends_at_the_time_limit(
    shared: str, proxied: tuple[Server, FaultProxy]
) -> None:
    """A server that never answers is given up after `timeout`."""
    server, proxy = proxied
    proxy.silent.clear()
    assert "longer than" in await refusal(counting(server, index=shared, timeout="0.3s"))
    assert proxy.requests


async def test_a_cut_connection_is_tried_again_and_said(
    shared: str, proxied: tuple[Server, FaultProxy]
) -> None:
    """Cut once it does no harm; cut for ever it is a reason."""
    server, proxy = proxied
    left = [1]
    proxy.spoil = lambda _, true: CUT if left and left.pop() else true
    assert total(await count(counting(server, index=shared))) == 1
    proxy.spoil = lambda _, __: CUT
    assert "cannot be reached" in await refusal(counting(server, index=shared))


async def test_a_refused_connection_names_the_trouble(shared: str) -> None:
    """Nobody listens: say that it cannot be reached."""
    server = Server("http://127.0.0.1:9", "", {})
    assert "cannot be reached" in await refusal(counting(server, index=shared))


@pytest.mark.parametrize("status", [200, 403, 503])
async def test_a_page_of_a_proxy_is_not_taken_for_an_answer(
    shared: str, proxied: tuple[Server, FaultProxy], status: int
) -> None:
    """HTML is what a login page or a broken gateway sends."""
    server, proxy = proxied
    page = "<html>Please log in</html>"
    proxy.spoil = lambda _, __: web.Response(status=status, text=page, content_type="text/html")
    said = await refusal(counting(server, index=shared))
    assert "proxy" in said or "may not read" in said
    assert "<html>" not in said


OLD = {"version": {"number": "7.10.2", "build_flavor": "default"}, "tagline": "You Know"}
FORK = {"version": {"number": "2.19.1", "distribution": "opensearch"}}


@pytest.mark.parametrize(
    ("about", "said"), [(OLD, "Elasticsearch 7.10.2; 8 and 9"), (FORK, "OpenSearch 2.19.1")]
)
@pytest.mark.parametrize("status", [200, 406])
async def test_another_server_is_named(
    proxied: tuple[Server, FaultProxy], about: object, said: str, status: int
) -> None:
    """Old servers and OpenSearch lack the header of the product, or refuse the media type."""
    server, proxy = proxied
    wrong = {"error": "Content-Type header [application/vnd.elasticsearch+json] is not supported"}

    def spoil(asked: web.Request, _: Any) -> Any:
        body = about if asked.path == "/" else wrong
        return web.json_response(body, status=200 if asked.path == "/" else status)

    proxy.spoil = spoil
    assert said in await refusal(counting(server, index="logs-x"))


@pytest.mark.scenario(61)
async def test_a_missing_index_is_no_zero(elasticsearch_server: Server) -> None:
    """Neither a name nor a pattern that fits nothing counts as nothing found."""
    said = await refusal(counting(elasticsearch_server, index="logs-nowhere"))
    assert "index logs-nowhere does not exist" in said
    said = await refusal(counting(elasticsearch_server, index="logs-nowhere-*"))
    assert "no index fits logs-nowhere-*" in said


@pytest.mark.scenario(61)
async def test_a_closed_index_is_said(
    admin: Admin, elasticsearch_server: Server, index: str
) -> None:
    """One closed index of a pattern is a gap; when all are closed nothing can be counted."""
    admin.make(f"{index}-old", MAPPING)
    admin.call("POST", f"/{index}-old/_close")
    counts = await count(counting(elasticsearch_server, index=f"{index}*"))
    assert total(counts) == 1
    assert counts.gaps[0].params == {"index": f"{index}-old"}
    said = await refusal(counting(elasticsearch_server, index=f"{index}-old"))
    assert f"index {index}-old is closed" in said


@pytest.mark.scenario(61)
async def test_a_text_field_is_refused_with_the_name_of_its_keyword(
    admin: Admin, elasticsearch_server: Server
) -> None:
    """What a default mapping makes of a string cannot be counted by; its keyword can."""
    index = f"logs-{uuid4().hex}"
    text = {"type": "text", "fields": {"keyword": KEYWORD}}
    admin.make(index, {**MAPPING, "error.type": text, "log.level": text})
    admin.write(index, [document()])
    said = await refusal(counting(elasticsearch_server, index=index))
    assert "log.level is text" in said
    assert "write log.level.keyword" in said
    fields = {"level": "log.level.keyword", "error_type": ("error.type.keyword",)}
    assert total(await count(counting(elasticsearch_server, index=index, fields=fields))) == 1


@pytest.mark.scenario(61)
@pytest.mark.parametrize("field", FIELDS)
async def test_an_unmapped_field_is_refused(
    admin: Admin, elasticsearch_server: Server, field: str
) -> None:
    """Without a mapping every document would seem to lack the field."""
    index = f"logs-{uuid4().hex}"
    admin.make(index, {name: kind for name, kind in MAPPING.items() if name != field})
    admin.write(index, [document()])
    said = await refusal(counting(elasticsearch_server, index=index))
    assert f"no index maps the field {field}" in said


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_that_one_index_does_not_map_is_a_gap_where_documents_need_it(
    admin: Admin, elasticsearch_server: Server, index: str, field: str
) -> None:
    """A fresh index without any error need not know the type yet."""
    other = f"{index}-new"
    admin.make(other, {name: kind for name, kind in MAPPING.items() if name != field})
    store = counting(elasticsearch_server, index=f"{index}*")
    assert keys(await store.count(request())) == []
    admin.write(other, [document(), document()])
    found = (await count(store)).gaps
    # Where it is the level, the documents of that index have none.
    also = ["gap.no_level"] if field == "log.level" else []
    assert [gap.key for gap in found] == ["gap.unmapped", *also]
    assert found[0].params == {"field": field, "index": other, "documents": 2}


async def test_the_recommended_role_is_enough_and_needed(
    elasticsearch_server: Server, shared: str
) -> None:
    """Who has no role is refused by name of what is missing; nobody's password is repeated."""
    assert total(await count(counting(elasticsearch_server, index=shared))) == 1
    said = await refusal(counting(elasticsearch_server, index=shared, user=STRANGER))
    assert "may not read" in said
    assert "view_index_metadata" in said


@pytest.mark.parametrize("way", ["api_key_env", "bearer_env"])
async def test_wrong_credentials_are_said(
    elasticsearch_server: Server, shared: str, way: str
) -> None:
    """A refused key or token is a reason to look at the variable."""
    keys: dict[str, Any] = {way: "SECRET"}
    store = counting(elasticsearch_server, index=shared, **keys)
    assert "credentials" in await refusal(store)


async def test_an_unknown_authority_is_said(elasticsearch_server: Server, shared: str) -> None:
    """Without the certificate of its authority the server is not believed."""
    server = Server(elasticsearch_server.url, "", elasticsearch_server.passwords)
    assert "ca_file" in await refusal(counting(server, index=shared))


@pytest.mark.scenario(62)
async def test_no_document_at_all_is_a_gap(elasticsearch_server: Server, shared: str) -> None:
    """A component that wrote nothing is silent, not healthy."""
    wanted = request("other")
    counts = await count(counting(elasticsearch_server, index=shared), wanted)
    assert (total(counts), keys(counts)) == (0, ["gap.no_documents"])


@pytest.mark.scenario(63)
async def test_late_documents_are_stated_and_from_a_limit_on_a_gap(
    admin: Admin, elasticsearch_server: Server, index: str
) -> None:
    """The lag is that of the slowest hundredth; the limit shrinks with the time scale."""
    arrived = now()
    late = {"@timestamp": (arrived - timedelta(minutes=4)).isoformat()}
    admin.write(index, [document(**late, **{"event.ingested": arrived.isoformat()})])
    counts = await count(counting(elasticsearch_server, index=index))
    assert counts.ingest_lag is not None
    # The field keeps milliseconds.
    assert abs(counts.ingest_lag - timedelta(minutes=4)) < timedelta(milliseconds=2)
    assert keys(counts) == []
    counts = await count(counting(elasticsearch_server, index=index, time_scale=60))
    assert keys(counts) == ["gap.late"]


@pytest.mark.scenario(67)
@pytest.mark.parametrize(
    ("off", "said"), [(-90, ["gap.clock_ahead"]), (90, ["gap.clock_behind"]), (3, [])]
)
async def test_clocks_may_differ_within_a_limit(
    elasticsearch_server: Server, shared: str, off: int, said: list[str]
) -> None:
    """The server is asked for its time: 90 s apart is no base for a comparison, 3 s are."""

    def clock() -> datetime:
        return now() + timedelta(seconds=off)

    counts = await count(counting(elasticsearch_server, index=shared, clock=clock))
    assert keys(counts) == said


@pytest.mark.scenario(60)
async def test_more_than_ten_thousand_documents_are_counted_exactly(
    admin: Admin, elasticsearch_server: Server, index: str
) -> None:
    """A search says `at least 10,000`; the counts say how many."""
    one = document()
    admin.write(index, [one for _ in range(10_000)])
    counts = await count(counting(elasticsearch_server, index=index))
    assert total(counts) == 10_001
    assert counts.windows[-1].documents == {"h1": 10_001}


async def test_the_link_is_frozen_to_what_came_after_the_baseline(
    elasticsearch_server: Server, shared: str
) -> None:
    """A person sees the same window for ever."""
    template = "https://kibana/#/{index}/{component}?from={start}&to={end}"
    wanted = request()
    store = counting(elasticsearch_server, index=shared, link=template)
    start, end = (
        moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for moment in (wanted.windows[1].start, wanted.windows[1].end)
    )
    found = (await count(store, wanted)).link
    assert found == f"https://kibana/#/{shared}/chat?from={start}&to={end}"


async def test_several_fields_make_one_type(
    admin: Admin, elasticsearch_server: Server, index: str
) -> None:
    """Their values are joined by a blank, and a missing one is left out."""
    admin.write(index, [document(**{"error.type": None})])
    fields = {"error_type": ("error.type", "service.name")}
    store = counting(elasticsearch_server, index=index, fields=fields)
    counts = await count(store, request(samples=True))
    assert [one.error_type for one in counts.windows[1].types] == ["Timeout chat", "chat"]
    assert [one.error_type for one in counts.windows[1].samples] == ["Timeout chat", "chat"]


async def test_hosts_may_have_no_name(elasticsearch_server: Server, shared: str) -> None:
    """Without a field for hosts all documents are of one."""
    fields = {"host": "", "message": "", "ingested": ""}
    counts = await count(counting(elasticsearch_server, index=shared, fields=fields))
    assert counts.windows[1].documents == {"": 1}
    assert [one.host for one in counts.windows[1].types] == [""]


async def test_more_values_than_a_page_are_counted_page_by_page(
    admin: Admin, elasticsearch_server: Server, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words for levels and hosts are told at once where they are few; many are read to the end."""
    monkeypatch.setattr(query, "PAGE", 2)
    levels, hosts = ("error", "FATAL", "info", "warn"), ("h2", "h3", "h4")
    admin.write(index, [document(**{"log.level": one, "host.name": "h1"}) for one in levels])
    admin.write(index, [document(**{"host.name": one}) for one in hosts])
    counts = await count(counting(elasticsearch_server, index=index))
    assert counts.windows[-1].documents == {"h1": 5, "h2": 1, "h3": 1, "h4": 1}
    assert total(counts) == 7


async def test_buckets_are_whole_milliseconds(elasticsearch_server: Server, shared: str) -> None:
    """The server cannot cut finer."""
    wanted = request().model_copy(update={"bucket": timedelta(microseconds=1500)})
    with pytest.raises(LogStoreError, match="whole milliseconds"):
        await count(counting(elasticsearch_server, index=shared), wanted)
