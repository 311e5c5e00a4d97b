"""A log store on a search server gets the client of its kind and the secrets that it names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.logs.elasticsearch import ElasticsearchClient
from adapters.logs.opensearch import OpensearchClient
from adapters.logs.servers import Place, connect, prove
from bot.core.config import ElasticsearchLogStore, OpensearchLogStore, SearchLogStore
from bot.core.config.problem import UnusableError

SECRETS = {"KEY": "key", "WORD": "word"}
ELASTIC = ElasticsearchLogStore(
    kind="elasticsearch",
    addresses=("https://es.example",),
    index="logs-{component}",
    api_key_env="KEY",
)
OPEN = OpensearchLogStore(
    kind="opensearch",
    addresses=("https://os.example",),
    index="logs-{component}",
    username="bot",
    password_env="WORD",
)


def now() -> datetime:
    """Any moment."""
    return datetime(2026, 1, 15, tzinfo=UTC)


async def test_each_kind_has_its_client_with_its_secrets() -> None:
    """Only the variables that the configuration names are asked for."""
    asked: list[str] = []

    def secret(name: str) -> str:
        asked.append(name)
        return SECRETS[name]

    place = Place(Path(), secret)
    stores = [connect(config, place, now=now) for config in (ELASTIC, OPEN)]
    first, second = (store._wire._client for store in stores)
    assert isinstance(first, ElasticsearchClient)
    assert first._library._headers["authorization"] == "ApiKey key"
    assert isinstance(second, OpensearchClient)
    assert second._library.transport.kwargs["http_auth"] == ("bot", "word")
    assert asked == ["KEY", "WORD"]
    for store in stores:
        await store.close()


def test_a_kind_without_a_client_is_a_mistake_in_the_bot() -> None:
    """A new kind must be given one."""
    other = SearchLogStore(kind="other", addresses=("https://x.example",), index="{component}")
    with pytest.raises(TypeError, match="no client for other"):
        connect(other, Place(Path(), str), now=now)


@pytest.mark.parametrize("config", [ELASTIC, OPEN])
def test_certificates_are_looked_at_for_either_kind(config: SearchLogStore) -> None:
    """Before anything is connected to."""
    prove(config, Path("/nowhere"))
    with pytest.raises(UnusableError, match="ca_file"):
        prove(config.model_copy(update={"ca_file": "none.pem"}), Path("/nowhere"))
