"""Who may read what in Elasticsearch, by which ways, and which servers are none."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from tests.support.counting import count, counting, refusal, total
from tests.support.elasticsearch import READER, STRANGER
from tests.support.fault_proxy import FaultProxy
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER

pytestmark = [*STARTS_A_SERVER]

OLD = {"version": {"number": "7.10.2", "build_flavor": "default"}, "tagline": "You Know"}
FORK = {"version": {"number": "2.19.1", "distribution": "opensearch"}}


@pytest.fixture(scope="module")
def server(elasticsearch_server: Server) -> Server:
    """Elasticsearch alone."""
    return elasticsearch_server


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


@pytest.mark.parametrize(("way", "scheme"), [("api_key_env", "ApiKey"), ("bearer_env", "Bearer")])
async def test_a_key_or_token_opens_what_its_owner_may_read(
    proxied: tuple[Server, FaultProxy], shared: str, way: str, scheme: str
) -> None:
    """A proxy knows two keys, since this server makes none: one of a reader, one of a stranger."""
    faulty, proxy = proxied
    proxy.known = {
        f"{scheme} of-a-reader": basic(faulty, READER),
        f"{scheme} of-a-stranger": basic(faulty, STRANGER),
    }
    keys: dict[str, Any] = {way: "SECRET"}
    found = await count(counting(faulty, index=shared, secret="of-a-reader", **keys))
    assert total(found) == 1
    said = await refusal(counting(faulty, index=shared, secret="of-a-stranger", **keys))
    assert "may not read" in said
    said = await refusal(counting(faulty, index=shared, secret="expired", **keys))
    assert "refuses the credentials (401)" in said
    assert "expired" not in said


def basic(server: Server, user: str) -> str:
    """The header of a user."""
    word = base64.b64encode(f"{user}:{server.passwords[user]}".encode()).decode()
    return f"Basic {word}"


async def test_an_unknown_authority_is_said(elasticsearch_server: Server, shared: str) -> None:
    """Without the certificate of its authority the server is not believed."""
    server = replace(elasticsearch_server, ca_file="")
    assert "ca_file" in await refusal(counting(server, index=shared))


@pytest.mark.parametrize(
    ("about", "said"), [(OLD, "Elasticsearch 7.10.2; 8 and 9"), (FORK, "OpenSearch 2.19.1")]
)
@pytest.mark.parametrize("status", [200, 406])
async def test_another_server_is_named(
    proxied: tuple[Server, FaultProxy], about: object, said: str, status: int
) -> None:
    """Old servers and OpenSearch lack the header of the product, or refuse the media type."""
    faulty, proxy = proxied
    wrong = {"error": "Content-Type header [application/vnd.elasticsearch+json] is not supported"}

    def spoil(asked: web.Request, _: Any) -> Any:
        body = about if asked.path == "/" else wrong
        return web.json_response(body, status=200 if asked.path == "/" else status)

    proxy.spoil = spoil
    assert said in await refusal(counting(faulty, index="logs-x"))


async def test_a_real_opensearch_is_named(opensearch_server: Server) -> None:
    """Whoever wrote the wrong kind is told the right one."""
    server = replace(opensearch_server, kind="elasticsearch")
    said = await refusal(counting(server, index="logs-x"))
    assert said.startswith("the server is OpenSearch 2.19.1, not Elasticsearch")
