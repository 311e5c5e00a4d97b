"""A log store on a server of the tests, with the user that the documentation recommends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.logs.elasticsearch import ElasticsearchStore
from adapters.logs.elasticsearch.wire import Credentials, Wire
from bot.core.config import ElasticsearchLogStore
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
) -> ElasticsearchStore:
    """A store; `more` are keys of its configuration."""
    told: dict[str, Any] = {"index": index, "addresses": (server.url,), "ca_file": server.ca_file}
    password = server.passwords.get(user, "")
    if password and not {"api_key_env", "bearer_env"} & set(more):
        told |= {"username": user, "password_env": "PASSWORD"}
    if "{component}" not in index:
        told["filters"] = {"service.name": "{component}"}
    config = ElasticsearchLogStore(kind="elasticsearch", **{**told, **more})
    credentials = Credentials(
        api_key="bad" if config.api_key_env else "",
        bearer="bad" if config.bearer_env else "",
        password=password if config.username else "",
    )
    wire = Wire(config, credentials, base=Path("/"), pauses=pauses)
    return ElasticsearchStore(config, wire, now=clock, time_scale=time_scale)


def deny(store: ElasticsearchStore) -> None:
    """Let the server refuse everything that the store asks from now on."""
    store._wire._client._headers["authorization"] = "Basic bm9ib2R5Om5vdGhpbmc="
