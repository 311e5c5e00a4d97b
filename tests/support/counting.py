"""Counts on a server of the tests, as the user that the documentation recommends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.logs.elasticsearch import ELASTICSEARCH, ElasticsearchClient
from adapters.logs.opensearch import OPENSEARCH, OpensearchClient
from adapters.logs.search import Credentials, SearchStore, Wire
from bot.core.config import ElasticsearchLogStore, OpensearchLogStore
from bot.core.counts import CountRequest, Counts, LogStoreError, Window
from bot.ports import LogStore
from tests.support.elasticsearch import READER
from tests.support.keeper import Server

HOUR = timedelta(hours=1)
KEYWORD = {"type": "keyword"}
MAPPING: dict[str, Any] = {
    "@timestamp": {"type": "date_nanos"},
    "log.level": KEYWORD,
    "error.type": KEYWORD,
    "host.name": KEYWORD,
    "service.name": KEYWORD,
    "message": {"type": "text"},
    "event.ingested": {"type": "date"},
}
"""The default fields, with times as exact as the other stores keep them."""


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def last_hour(component: str = "chat", *, samples: bool = False) -> CountRequest:
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
        return await store.count(wanted or last_hour())
    finally:
        await store.close()


async def refusal(store: LogStore, wanted: CountRequest | None = None) -> str:
    """Count and close; the reason why nothing can be counted."""
    with pytest.raises(LogStoreError) as caught:
        await count(store, wanted)
    return str(caught.value)


def total(counts: Counts) -> int:
    """Errors in the last window."""
    return sum(one.count for one in counts.windows[-1].types)


def keys(counts: Counts) -> list[str]:
    """The keys of the gaps."""
    return [gap.key for gap in counts.gaps]


def counting(
    server: Server,
    *,
    index: str,
    user: str = READER,
    secret: str = "bad",
    clock: Callable[[], datetime] = now,
    pauses: tuple[float, ...] = (0.01, 0.01),
    time_scale: float = 1.0,
    **more: Any,
) -> SearchStore:
    """A store of the server's kind; `more` are keys of its configuration.

    `secret` is the API key or token where `more` names a variable for one.
    """
    told: dict[str, Any] = {"index": index, "addresses": (server.url,), "ca_file": server.ca_file}
    password = server.passwords.get(user, "")
    if password and not {"api_key_env", "bearer_env"} & set(more):
        told |= {"username": user, "password_env": "PASSWORD"}
    if "{component}" not in index:
        told["filters"] = {"service.name": "{component}"}
    told |= {"kind": server.kind, **more}
    credentials = Credentials(
        api_key=secret if told.get("api_key_env") else "",
        bearer=secret if told.get("bearer_env") else "",
        password=password if told.get("username") else "",
    )
    if server.kind == "opensearch":
        other = OpensearchLogStore(**told)
        wire = Wire(_opensearch(other, credentials), OPENSEARCH, pauses=pauses)
        return SearchStore(other, wire, now=clock, time_scale=time_scale)
    config = ElasticsearchLogStore(**told)
    wire = Wire(_elasticsearch(config, credentials), ELASTICSEARCH, pauses=pauses)
    return SearchStore(config, wire, now=clock, time_scale=time_scale)


def _elasticsearch(config: ElasticsearchLogStore, credentials: Credentials) -> ElasticsearchClient:
    return ElasticsearchClient(config, credentials, base=Path("/"))


def _opensearch(config: OpensearchLogStore, credentials: Credentials) -> OpensearchClient:
    return OpensearchClient(config, credentials, base=Path("/"))


def deny(store: SearchStore) -> None:
    """Let nothing that the store asks from now on be answered."""
    client = store._wire._client
    if isinstance(client, OpensearchClient):
        for connection in client._library.transport.seed_connections:
            connection.port = 9
    if isinstance(client, ElasticsearchClient):
        client._library._headers["authorization"] = "Basic bm9ib2R5Om5vdGhpbmc="
