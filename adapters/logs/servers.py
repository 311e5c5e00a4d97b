"""Which client a log store on a search server speaks through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.logs import elasticsearch
from adapters.logs.elasticsearch import ELASTICSEARCH, ElasticsearchClient
from adapters.logs.opensearch import OPENSEARCH, OpensearchClient
from adapters.logs.search import Credentials, SearchStore, Wire, check_certificates
from bot.core.config.log_store import ElasticsearchLogStore, OpensearchLogStore, SearchLogStore


@dataclass(frozen=True)
class Place:
    """Where the bot runs, as far as a connection needs it."""

    base: Path
    """The folder of relative paths."""
    secret: Callable[[str], str]
    """Variable -> the secret in it."""
    redact: Callable[[str], str] = str
    """Hides secrets in what is said."""


def connect(
    config: SearchLogStore, place: Place, *, now: Callable[[], datetime], time_scale: float = 1.0
) -> SearchStore:
    """A store that counts on its server; nothing is connected to yet.

    Raises UnusableError with the key that cannot be used.
    """
    return SearchStore(config, _wire(config, place), now=now, time_scale=time_scale)


def prove(config: SearchLogStore, base: Path) -> None:
    """Refuse what no server needs to be asked about. Raises UnusableError with the key."""
    if isinstance(config, ElasticsearchLogStore):
        elasticsearch.prove(config, base)
    else:
        check_certificates(config, base)


def _wire(config: SearchLogStore, place: Place) -> Wire:
    def secret(key: str) -> str:
        variable = getattr(config, key, "")
        return place.secret(variable) if variable else ""

    credentials = Credentials(
        api_key=secret("api_key_env"), bearer=secret("bearer_env"), password=secret("password_env")
    )
    if isinstance(config, ElasticsearchLogStore):
        client = ElasticsearchClient(config, credentials, base=place.base)
        return Wire(client, ELASTICSEARCH, redact=place.redact)
    if isinstance(config, OpensearchLogStore):
        other = OpensearchClient(config, credentials, base=place.base)
        return Wire(other, OPENSEARCH, redact=place.redact)
    raise TypeError(f"there is no client for {config.kind}")
