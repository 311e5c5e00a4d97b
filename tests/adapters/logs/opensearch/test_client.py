"""How the connection is made from its configuration, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opensearchpy import AIOHttpConnection
from pydantic import ValidationError

from adapters.logs.opensearch import OpensearchClient
from adapters.logs.opensearch.client import _host
from adapters.logs.search import Credentials
from bot.core.config import OpensearchLogStore
from bot.core.config.problem import UnusableError


def config(**more: Any) -> OpensearchLogStore:
    """A configuration that is right but for `more`."""
    told: dict[str, Any] = {"addresses": ("https://os.example",), "index": "logs-{component}"}
    return OpensearchLogStore(kind="opensearch", **{**told, **more})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://os.example", "https://os.example:443"),
        ("http://os.example/", "http://os.example:80"),
        ("https://os.example:9200/path", "https://os.example:9200/path"),
        ("https://[::1]/path", "https://[::1]:443/path"),
    ],
)
def test_an_address_needs_no_port(written: str, meant: str) -> None:
    """Without one it is that of the scheme."""
    connection = AIOHttpConnection(**_host(written))
    assert connection.host + connection.url_prefix == meant


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"addresses": ()}, "name `addresses`"),
        ({"cloud_id": "x"}, "cloud_id"),
        ({"api_key_env": "A"}, "api_key_env"),
        (
            {"bearer_env": "A", "username": "bot", "password_env": "B"},
            "`bearer_env` and `username`",
        ),
        ({"password_env": "B"}, "belong together"),
        ({"index": "logs-*"}, "`{component}` must stand in"),
    ],
)
def test_what_contradicts_itself_is_refused(more: dict[str, Any], said: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError, match=said):
        config(**more)


def test_certificates_that_cannot_be_used_are_said_with_their_key() -> None:
    """Nothing is connected to."""
    with pytest.raises(UnusableError) as caught:
        OpensearchClient(config(ca_file="none.pem"), Credentials(), base=Path("/nowhere"))
    assert "log_stores.os.ca_file: 'none.pem' cannot be read" in str(
        caught.value.at(("log_stores", "os"))
    )
