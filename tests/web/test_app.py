"""The application as a whole: every route is guarded, every answer hardened, every stop quick."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from tests.support.web_backend import World, sign_in

_PUBLIC = {"/healthz", "/readyz", "/login", "/static/{name}"}
_FILLED = {"room": "main", "target": "openchat", "id": "42", "name": "base.css"}


def _routes(app: web.Application) -> list[tuple[str, str]]:
    found = []
    for route in app.router.routes():
        assert route.resource is not None
        found.append((route.method, route.resource.canonical))
    return sorted(set(found))


@pytest.mark.scenario(31)
async def test_no_route_of_serve_answers_strangers(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """Every route but the listed ones answers 401 without a session, whatever the method."""
    serving.facts.events[42] = [{"kind": "secret"}]
    statuses = {}
    for method, place in _routes(serving.app):
        url = serving.base + place.format(**_FILLED)
        async with client.request(method, url) as answer:
            statuses[method, place] = answer.status
            body = await answer.text()
        assert "secret" not in body
        assert "Ayumi" not in body

    open_to_all = {key for key, status in statuses.items() if status != 401}
    assert {place for _, place in open_to_all} == _PUBLIC
    assert len(statuses) > 15


@pytest.mark.scenario(31)
async def test_every_route_lets_a_signed_in_person_pass_the_door(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """With a session no route but the alert hook answers 401."""
    serving.facts.events[42] = []
    assert await sign_in(client, serving.base, "rin") == 303
    refused = set()
    for method, place in _routes(serving.app):
        if place == "/logout" or place.endswith("/stream"):
            continue
        async with client.request(method, serving.base + place.format(**_FILLED)) as answer:
            if answer.status == 401:
                refused.add(place)

    assert refused == {"/hooks/alerts"}


async def test_unknown_addresses_and_methods_are_clean(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """404 and 405 are short JSON answers that tell nothing of the inside."""
    async with client.get(f"{trying.base}/api/none") as answer:
        assert answer.status == 404
        assert await answer.json() == {"error": "there is nothing at this address"}
    async with client.delete(f"{trying.base}/api/me") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert await answer.json() == {"error": "DELETE is not for this address"}


async def test_answers_carry_security_headers(trying: World, client: aiohttp.ClientSession) -> None:
    """Pages, files, JSON and errors all carry the policy; only files may be cached."""
    for path in ("/", "/static/base.css", "/api/me", "/nowhere"):
        async with client.get(trying.base + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            expected = "no-cache" if path.startswith("/static/") else "no-store"
            assert answer.headers["Cache-Control"] == expected


async def test_open_streams_do_not_hold_up_a_stop(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """With pages open the application stops at once, and their streams end without an error."""
    assert trying.runner is not None
    streams = [await client.get(f"{trying.base}/api/rooms/main/stream") for _ in range(3)]
    for stream in streams:
        await stream.content.readuntil(b"event: ready")

    async with asyncio.timeout(3):
        await trying.runner.cleanup()

    for stream in streams:
        rest = await stream.content.read()
        assert b"event: message" not in rest
        stream.close()


async def test_failures_inside_are_not_shown(trying: World, client: aiohttp.ClientSession) -> None:
    """What goes wrong behind the room becomes a 500 without its text."""
    trying.bot.fail = RuntimeError("password=hunter2")
    body = {"id": "12345678", "text": "status", "as": "ayumi"}
    async with client.post(f"{trying.base}/api/rooms/main/say", json=body) as answer:
        assert answer.status == 500
        assert "hunter2" not in await answer.text()
