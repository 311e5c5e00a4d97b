"""Who may read what in OpenSearch, by which ways, and which servers are none."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.support.certificates import make_certificates
from tests.support.counting import count, counting, refusal, total
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER

pytestmark = [*STARTS_A_SERVER]

TOO_OLD = {"version": {"number": "1.3.2", "distribution": "opensearch"}}
OLD = {"version": {"number": "7.10.2", "build_flavor": "default"}, "tagline": "You Know"}
NO_HANDLER = {"error": "no handler found for uri [/logs-x/_search/point_in_time]"}


@pytest.fixture(scope="module")
def server(opensearch_server: Server) -> Server:
    """OpenSearch alone."""
    return opensearch_server


@pytest.mark.parametrize(
    ("keys", "header"),
    [
        ({"bearer_env": "SECRET"}, "Bearer word"),
        ({"username": "bot", "password_env": "SECRET"}, "Basic Ym90OndvcmQ="),
    ],
)
async def test_a_token_or_a_password_is_shown_with_each_question(
    proxied: tuple[Server, FaultProxy], shared: str, keys: dict[str, Any], header: str
) -> None:
    """With it all is counted; without it, or with a wrong one, the variable is to be looked at."""
    faulty, proxy = proxied
    proxy.known = {header: ""}
    faulty = replace(faulty, passwords={"bot": "word"})
    right = counting(faulty, index=shared, user="nobody", secret="word", **keys)
    if "username" in keys:
        right = counting(faulty, index=shared, user="bot")
    assert total(await count(right)) == 1
    wrong = counting(faulty, index=shared, user="nobody", secret="other", **keys)
    for store in (wrong, counting(faulty, index=shared, user="nobody")):
        said = await refusal(store)
        assert "OpenSearch refuses the credentials (401)" in said
        assert "other" not in said


async def test_what_may_not_be_read_names_the_action_group(
    proxied: tuple[Server, FaultProxy], shared: str
) -> None:
    """The security plugin says no in its own words; what to give is said in ours."""
    faulty, proxy = proxied
    reason = "no permissions for [indices:data/read/point_in_time/create]"
    trouble = {"error": {"type": "security_exception", "reason": reason}, "status": 403}
    proxy.spoil = lambda asked, true: (
        proxy.answer(trouble, status=403) if asked.path.endswith("point_in_time") else true
    )
    said = await refusal(counting(faulty, index=shared))
    assert f"may not read {shared} (403): they need the action group read" in said


@pytest.mark.parametrize("status", [400, 405])
@pytest.mark.parametrize(
    ("about", "said"),
    [
        (TOO_OLD, "the server is OpenSearch 1.3.2; 2.4 and newer can be read"),
        (OLD, "the server is Elasticsearch 7.10.2, not OpenSearch"),
        ({}, "not as OpenSearch 2.4 and newer"),
    ],
)
async def test_another_server_is_named(
    proxied: tuple[Server, FaultProxy], shared: str, about: object, said: str, status: int
) -> None:
    """A server that knows no points in time is asked who it is."""
    faulty, proxy = proxied

    def spoil(asked: web.Request, true: Any) -> Any:
        if asked.path.endswith("point_in_time"):
            return proxy.answer(NO_HANDLER, status=status)
        return about if asked.path == "/" else true

    proxy.spoil = spoil
    assert said in await refusal(counting(faulty, index=shared))


async def test_a_real_elasticsearch_is_named(elasticsearch_server: Server) -> None:
    """Whoever wrote the wrong kind is told the right one."""
    server = replace(elasticsearch_server, kind="opensearch")
    said = await refusal(counting(server, index="logs-x"))
    assert said.startswith("the server is Elasticsearch, not OpenSearch")


@asynccontextmanager
async def behind_tls(folder: Path, server: Server) -> AsyncIterator[Server]:
    """The server behind a gateway with a certificate of an authority of its own."""
    make_certificates(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    async with fault_proxy(server, context=context) as (faulty, _):
        yield replace(faulty, ca_file=str(folder / "ca.pem"))


async def test_a_gateway_is_believed_by_its_authority_only(
    opensearch_server: Server, shared: str, tmp_path: Path
) -> None:
    """With the certificate of its authority all is counted; without it nothing is said to it."""
    async with behind_tls(tmp_path, opensearch_server) as server:
        assert total(await count(counting(server, index=shared))) == 1
        said = await refusal(counting(replace(server, ca_file=""), index=shared))
    assert "TLS failed" in said
    assert "ca_file" in said
