"""How the connection is made from its configuration, without a server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.logs.elasticsearch import ElasticsearchClient
from adapters.logs.elasticsearch.client import _with_port
from adapters.logs.search import Credentials
from bot.core.config import ElasticsearchLogStore


def config(**more: Any) -> ElasticsearchLogStore:
    """A configuration that is right but for `more`."""
    told: dict[str, Any] = {"addresses": ("https://es.example",), "index": "logs-{component}"}
    return ElasticsearchLogStore(kind="elasticsearch", **{**told, **more})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://es.example", "https://es.example:443"),
        ("http://es.example/", "http://es.example:80"),
        ("https://es.example:9200/path", "https://es.example:9200/path"),
        ("https://[::1]/path", "https://[::1]:443/path"),
        ("https://[::1]:9200", "https://[::1]:9200"),
    ],
)
def test_an_address_needs_no_port(written: str, meant: str) -> None:
    """Without one it is that of the scheme."""
    assert _with_port(written) == meant


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"cloud_id": "x"}, "either `addresses` or a `cloud_id`"),
        ({"addresses": ()}, "either `addresses` or a `cloud_id`"),
        ({"api_key_env": "A", "bearer_env": "B"}, "one of `api_key_env`"),
        ({"username": "bot"}, "belong together"),
        ({"index": "logs-*"}, "`{component}` must stand in"),
        ({"index": "logs-{component}/_all"}, "pattern"),
        ({"addresses": ("https://user:secret@es.example",)}, "pattern"),
    ],
)
def test_what_contradicts_itself_is_refused(more: dict[str, Any], said: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError, match=said):
        config(**more)


async def test_each_way_to_show_who_one_is_becomes_a_header() -> None:
    """The secrets are in no text about the object."""
    ways = {
        "ApiKey key": (config(api_key_env="A"), Credentials(api_key="key")),
        "Bearer token": (config(bearer_env="A"), Credentials(bearer="token")),
        "Basic Ym90OndvcmQ=": (
            config(username="bot", password_env="A"),
            Credentials(password="word"),
        ),
    }
    for header, (made, credentials) in ways.items():
        client = ElasticsearchClient(made, credentials, base=Path())
        assert client._library._headers["authorization"] == header
        assert repr(credentials) == "Credentials()"
        await client.close()


async def test_a_cloud_id_names_the_address() -> None:
    """The client takes it apart: base64 of the host, and the id of the cluster."""
    written = base64.b64encode(b"europe.example$cluster$kibana").decode()
    made = config(addresses=(), cloud_id=f"logs:{written}", api_key_env="A")
    client = ElasticsearchClient(made, Credentials(api_key="key"), base=Path())
    [node] = client._library.transport.node_pool.all()
    assert node.base_url == "https://cluster.europe.example:443"
    assert client._library._headers["authorization"] == "ApiKey key"
    await client.close()
