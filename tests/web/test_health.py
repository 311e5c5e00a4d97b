"""Health and figures: one word for everybody, details for those who may know."""

from __future__ import annotations

import aiohttp
import pytest
from prometheus_client import Counter

from bot.web.health import same
from bot.web.site import SITE
from tests.support.web_backend import World, sign_in, token_of


async def test_the_process_says_that_it_lives(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """`/healthz` is one word without any token."""
    async with client.get(f"{serving.base}/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_readiness_is_one_word_for_strangers(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """Without a token readiness is a word and a status, never a reason."""
    async with client.get(f"{serving.base}/readyz") as answer:
        assert (answer.status, await answer.text()) == (200, "ready\n")
    serving.facts.not_ready["store"] = "the database at db.internal does not answer"
    async with client.get(f"{serving.base}/readyz") as answer:
        assert (answer.status, await answer.text()) == (503, "unready\n")


@pytest.mark.parametrize("token", ["metrics-token", token_of("mo")])
async def test_readiness_names_its_parts_for_a_token(
    serving: World, client: aiohttp.ClientSession, token: str
) -> None:
    """With the metrics token or a person's token the reasons are told."""
    serving.facts.not_ready["store"] = "locked"
    headers = {"Authorization": f"Bearer {token}"}
    async with client.get(f"{serving.base}/readyz", headers=headers) as answer:
        assert answer.status == 503
        assert await answer.json() == {
            "status": "unready",
            "parts": {"store": "locked", "engine": ""},
        }


async def test_the_try_out_shows_details_on_this_machine(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """The try-out tells its own machine the parts and the figures without a token."""
    async with client.get(f"{trying.base}/readyz") as answer:
        assert (await answer.json())["parts"] == {"store": "", "engine": ""}
    async with client.get(f"{trying.base}/metrics") as answer:
        assert answer.status == 200


async def test_figures_want_a_token(serving: World, client: aiohttp.ClientSession) -> None:
    """The figures of serve are shown for a token or a session, in the Prometheus format."""
    Counter("releases", "Releases", registry=serving.app[SITE].registry).inc(3)
    url = f"{serving.base}/metrics"
    for wrong in ({}, {"Authorization": "Bearer no"}, {"Authorization": "Basic metrics-token"}):
        async with client.get(url, headers=wrong) as answer:
            assert answer.status == 401
    async with client.get(url, headers={"Authorization": "bearer metrics-token"}) as answer:
        assert "releases_total 3.0" in await answer.text()
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
    await sign_in(client, serving.base, "mo")
    async with client.get(url) as answer:
        assert answer.status == 200


def test_no_token_is_no_key() -> None:
    """An unset token is met by nothing, not even by nothing."""
    assert same("a", "a")
    assert not same("a", "b")
    assert not same("", "")
    assert not same("\udcff", "b")
