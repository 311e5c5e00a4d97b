"""Whatever goes wrong between the bot and a search server has a reason, and is never zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from adapters.logs.search import query
from bot.core.counts import LogStoreError
from tests.support.counting import (
    KEYWORD,
    MAPPING,
    count,
    counting,
    document,
    keys,
    last_hour,
    now,
    refusal,
    total,
)
from tests.support.fault_proxy import CUT, FaultProxy
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER, Admin

pytestmark = [*STARTS_A_SERVER]

SHARDS = {"total": 5, "successful": 5, "skipped": 0, "failed": 0}
FIELDS = [
    "log.level",
    "error.type",
    pytest.param("host.name", marks=pytest.mark.long),
    pytest.param("@timestamp", marks=pytest.mark.long),
]
"""Those that must be mapped; each makes an index of its own, which takes a while."""


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
    faulty, proxy = proxied
    proxy.spoil = searches(lambda true: {**true, **change})
    assert said in await refusal(counting(faulty, index=shared))


async def test_skipped_shards_are_normal(shared: str, proxied: tuple[Server, FaultProxy]) -> None:
    """A time filter excludes whole shards: nothing is missing."""
    faulty, proxy = proxied
    proxy.spoil = searches(lambda true: {**true, "_shards": {**SHARDS, "skipped": 4}})
    counts = await count(counting(faulty, index=shared))
    assert (total(counts), keys(counts)) == (1, [])


@pytest.mark.scenario(58)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_may_pass_is_repeated(
    shared: str, proxied: tuple[Server, FaultProxy], status: int
) -> None:
    """Two refusals in a row are got over; the third time counts."""
    faulty, proxy = proxied
    left = [1, 1]

    def spoil(asked: web.Request, true: Any) -> Any:
        trouble = {"error": {"type": "es_rejected_execution_exception", "reason": "queue"}}
        return proxy.answer(trouble, status=status) if left and left.pop() else true

    proxy.spoil = spoil
    assert total(await count(counting(faulty, index=shared))) == 1
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
    faulty, proxy = proxied
    trouble = {"error": {"root_cause": [], "type": kind, "reason": "because"}, "status": status}
    proxy.spoil = searches(lambda _: proxy.answer(trouble, status=status))
    assert said in await refusal(counting(faulty, index=shared))
    tried = 1 if status == 500 else 3
    assert sum(one == "POST /_search" for one in proxy.requests) == tried


@pytest.mark.scenario(58)
async def test_silence_ends_at_the_time_limit(
    shared: str, proxied: tuple[Server, FaultProxy]
) -> None:
    """A server that never answers is given up after `timeout`."""
    faulty, proxy = proxied
    proxy.silent.clear()
    assert "longer than" in await refusal(counting(faulty, index=shared, timeout="0.3s"))
    assert proxy.requests


async def test_a_cut_connection_is_tried_again_and_said(
    shared: str, proxied: tuple[Server, FaultProxy]
) -> None:
    """Cut once it does no harm; cut for ever it is a reason."""
    faulty, proxy = proxied
    left = [1]
    proxy.spoil = lambda _, true: CUT if left and left.pop() else true
    assert total(await count(counting(faulty, index=shared))) == 1
    proxy.spoil = lambda _, __: CUT
    assert "cannot be reached" in await refusal(counting(faulty, index=shared))


async def test_a_refused_connection_names_the_trouble(shared: str) -> None:
    """Nobody listens: say that it cannot be reached."""
    server = Server("http://127.0.0.1:9", "", {})
    assert "cannot be reached" in await refusal(counting(server, index=shared))


@pytest.mark.parametrize("status", [200, 403, 503])
async def test_a_page_of_a_proxy_is_not_taken_for_an_answer(
    shared: str, proxied: tuple[Server, FaultProxy], status: int
) -> None:
    """HTML is what a login page or a broken gateway sends."""
    faulty, proxy = proxied
    page = "<html>Please log in</html>"
    proxy.spoil = lambda _, __: web.Response(status=status, text=page, content_type="text/html")
    said = await refusal(counting(faulty, index=shared))
    assert "proxy" in said or "may not read" in said
    assert "<html>" not in said


@pytest.mark.scenario(61)
async def test_a_missing_index_is_no_zero(server: Server, shared: str) -> None:
    """Neither a name nor a pattern that fits nothing counts as nothing found."""
    for index in ("logs-nowhere", f"{shared},logs-nowhere"):
        said = await refusal(counting(server, index=index))
        assert "logs-nowhere does not exist" in said
    said = await refusal(counting(server, index="logs-nowhere-*"))
    assert "no index fits logs-nowhere-*" in said


@pytest.mark.scenario(61)
async def test_a_closed_index_is_said(admin: Admin, server: Server, index: str) -> None:
    """One closed index of a pattern or alias is a gap; when all are closed nothing is counted."""
    admin.make(f"{index}-old", MAPPING)
    admin.call("POST", f"/{index}-old/_close")
    counts = await count(counting(server, index=f"{index}*"))
    assert total(counts) == 1
    assert counts.gaps[0].params == {"index": f"{index}-old"}
    said = await refusal(counting(server, index=f"{index}-old"))
    assert f"index {index}-old is closed" in said
    both = {"actions": [{"add": {"indices": [index, f"{index}-old"], "alias": f"{index}-all"}}]}
    admin.call("POST", "/_aliases", both)
    counts = await count(counting(server, index=f"{index}-all"))
    assert total(counts) == 1
    assert [gap.params for gap in counts.gaps] == [{"index": f"{index}-old"}]


@pytest.mark.scenario(61)
async def test_a_block_is_said_where_it_hides_documents(
    admin: Admin, server: Server, index: str
) -> None:
    """What may not be written is counted as ever; what may not be read is no matter of rights."""
    admin.call("PUT", f"/{index}/_settings", {"index.blocks.write": True})
    assert total(await count(counting(server, index=index))) == 1
    admin.call("PUT", f"/{index}/_settings", {"index.blocks.read": True})
    said = await refusal(counting(server, index=index))
    assert f"lets nobody read {index}: " in said
    assert "index read (api)" in said


@pytest.mark.scenario(61)
async def test_a_text_field_is_refused_with_the_name_of_its_keyword(
    admin: Admin, server: Server
) -> None:
    """What a default mapping makes of a string cannot be counted by; its keyword can."""
    index = f"logs-{uuid4().hex}"
    text = {"type": "text", "fields": {"keyword": KEYWORD}}
    admin.make(index, {**MAPPING, "error.type": text, "log.level": text})
    admin.write(index, [document()])
    said = await refusal(counting(server, index=index))
    assert "log.level is text" in said
    assert "write log.level.keyword" in said
    fields = {"level": "log.level.keyword", "error_type": ("error.type.keyword",)}
    assert total(await count(counting(server, index=index, fields=fields))) == 1


@pytest.mark.scenario(61)
@pytest.mark.parametrize("field", FIELDS)
async def test_an_unmapped_field_is_refused(admin: Admin, server: Server, field: str) -> None:
    """Without a mapping every document would seem to lack the field."""
    index = f"logs-{uuid4().hex}"
    admin.make(index, {name: kind for name, kind in MAPPING.items() if name != field})
    admin.write(index, [document()])
    said = await refusal(counting(server, index=index))
    assert f"no index maps the field {field}" in said


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_that_one_index_does_not_map_is_a_gap_where_documents_need_it(
    admin: Admin, server: Server, index: str, field: str
) -> None:
    """A fresh index without any error need not know the type yet."""
    other = f"{index}-new"
    admin.make(other, {name: kind for name, kind in MAPPING.items() if name != field})
    store = counting(server, index=f"{index}*")
    assert keys(await store.count(last_hour())) == []
    admin.write(other, [document(), document()])
    found = (await count(store)).gaps
    # Where it is the level, the documents of that index have none.
    also = ["gap.no_level"] if field == "log.level" else []
    assert [gap.key for gap in found] == ["gap.unmapped", *also]
    assert found[0].params == {"field": field, "index": other, "documents": 2}


@pytest.mark.scenario(62)
async def test_no_document_at_all_is_a_gap(server: Server, shared: str) -> None:
    """A component that wrote nothing is silent, not healthy."""
    wanted = last_hour("other")
    counts = await count(counting(server, index=shared), wanted)
    assert (total(counts), keys(counts)) == (0, ["gap.no_documents"])


@pytest.mark.scenario(63)
async def test_late_documents_are_stated_and_from_a_limit_on_a_gap(
    admin: Admin, server: Server, index: str
) -> None:
    """The lag is that of the slowest hundredth; the limit shrinks with the time scale."""
    arrived = now()
    late = {"@timestamp": (arrived - timedelta(minutes=4)).isoformat()}
    admin.write(index, [document(**late, **{"event.ingested": arrived.isoformat()})])
    counts = await count(counting(server, index=index))
    assert counts.ingest_lag is not None
    # The field keeps milliseconds.
    assert abs(counts.ingest_lag - timedelta(minutes=4)) < timedelta(milliseconds=2)
    assert keys(counts) == []
    counts = await count(counting(server, index=index, time_scale=60))
    assert keys(counts) == ["gap.late"]


@pytest.mark.scenario(67)
@pytest.mark.parametrize(
    ("off", "said"), [(-90, ["gap.clock_ahead"]), (90, ["gap.clock_behind"]), (3, [])]
)
async def test_clocks_may_differ_within_a_limit(
    server: Server, shared: str, off: int, said: list[str]
) -> None:
    """The server is asked for its time: 90 s apart is no base for a comparison, 3 s are."""

    def clock() -> datetime:
        return now() + timedelta(seconds=off)

    counts = await count(counting(server, index=shared, clock=clock))
    assert keys(counts) == said


@pytest.mark.scenario(60)
async def test_more_than_ten_thousand_documents_are_counted_exactly(
    admin: Admin, server: Server, index: str
) -> None:
    """A search says `at least 10,000`; the counts say how many."""
    one = document()
    admin.write(index, [one for _ in range(10_000)])
    counts = await count(counting(server, index=index))
    assert total(counts) == 10_001
    assert counts.windows[-1].documents == {"h1": 10_001}


async def test_the_link_is_frozen_to_what_came_after_the_baseline(
    server: Server, shared: str
) -> None:
    """A person sees the same window for ever."""
    template = "https://kibana/#/{index}/{component}?from={start}&to={end}"
    wanted = last_hour()
    store = counting(server, index=shared, link=template)
    start, end = (
        moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for moment in (wanted.windows[1].start, wanted.windows[1].end)
    )
    found = (await count(store, wanted)).link
    assert found == f"https://kibana/#/{shared}/chat?from={start}&to={end}"


async def test_several_fields_make_one_type(admin: Admin, server: Server, index: str) -> None:
    """Their values are joined by a blank, and a missing one is left out."""
    admin.write(index, [document(**{"error.type": None})])
    fields = {"error_type": ("error.type", "service.name")}
    store = counting(server, index=index, fields=fields)
    counts = await count(store, last_hour(samples=True))
    assert [one.error_type for one in counts.windows[1].types] == ["Timeout chat", "chat"]
    assert [one.error_type for one in counts.windows[1].samples] == ["Timeout chat", "chat"]


async def test_hosts_may_have_no_name(server: Server, shared: str) -> None:
    """Without a field for hosts all documents are of one."""
    fields = {"host": "", "message": "", "ingested": ""}
    counts = await count(counting(server, index=shared, fields=fields))
    assert counts.windows[1].documents == {"": 1}
    assert [one.host for one in counts.windows[1].types] == [""]


async def test_more_values_than_a_page_are_counted_page_by_page(
    admin: Admin, server: Server, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words for levels and hosts are told at once where they are few; many are read to the end."""
    monkeypatch.setattr(query, "PAGE", 2)
    levels, hosts = ("error", "FATAL", "info", "warn"), ("h2", "h3", "h4")
    admin.write(index, [document(**{"log.level": one, "host.name": "h1"}) for one in levels])
    admin.write(index, [document(**{"host.name": one}) for one in hosts])
    counts = await count(counting(server, index=index))
    assert counts.windows[-1].documents == {"h1": 5, "h2": 1, "h3": 1, "h4": 1}
    assert total(counts) == 7


async def test_buckets_are_whole_milliseconds(server: Server, shared: str) -> None:
    """The server cannot cut finer."""
    wanted = last_hour().model_copy(update={"bucket": timedelta(microseconds=1500)})
    with pytest.raises(LogStoreError, match="whole milliseconds"):
        await count(counting(server, index=shared), wanted)
