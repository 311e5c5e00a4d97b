"""A log store on a server of the tests, with the user that the documentation recommends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.logs.elasticsearch import ELASTICSEARCH, ElasticsearchClient
from adapters.logs.opensearch import OPENSEARCH, OpensearchClient
from adapters.logs.search import Credentials, SearchStore, Wire
from bot.core.config import ElasticsearchLogStore, OpensearchLogStore
from tests.support.elasticsearch import READER, Server

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


def counting(
    server: Server,
    *,
    index: str,
    user: str = READER,
    clock: Callable[[], datetime] = now,
    pauses: tuple[float, ...] = (0.01, 0.01),
    time_scale: float = 1.0,
    **more: Any,
) -> SearchStore:
    """A store of the server's kind; `more` are keys of its configuration."""
    told: dict[str, Any] = {"index": index, "addresses": (server.url,), "ca_file": server.ca_file}
    password = server.passwords.get(user, "")
    if password and not {"api_key_env", "bearer_env"} & set(more):
        told |= {"username": user, "password_env": "PASSWORD"}
    if "{component}" not in index:
        told["filters"] = {"service.name": "{component}"}
    told |= {"kind": server.kind, **more}
    credentials = Credentials(
        api_key="bad" if told.get("api_key_env") else "",
        bearer="bad" if told.get("bearer_env") else "",
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
