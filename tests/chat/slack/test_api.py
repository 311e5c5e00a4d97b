"""Calls of Slack's Web API: what an error means, when to try again, and whom to answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.chat.slack.api import NO_ENTRY_PAUSE, PAUSES, Api, LaterError, SlackError


@asynccontextmanager
async def _api(answer: Callable[[web.Request], web.Response]) -> AsyncIterator[Api]:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    api = Api("xoxb-0", f"http://127.0.0.1:{port}/api")
    await api.open()
    try:
        yield api
    finally:
        await api.close()
        await runner.cleanup()


def _json(body: dict[str, Any], status: int = 200, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response(body, status=status, headers=named)


@pytest.mark.parametrize(
    ("answer", "code", "seconds"),
    [
        (_json({"ok": False}, 429, Retry_After="30"), "ratelimited", 30),
        (_json({"ok": False, "error": "ratelimited"}, 200), "ratelimited", PAUSES[0]),
        (_json({"ok": False, "error": "invalid_auth"}), "invalid_auth", NO_ENTRY_PAUSE),
        (_json({"ok": False, "error": "internal_error"}), "internal_error", PAUSES[0]),
        (web.Response(status=502, text="<html>bad gateway</html>"), "status 502", PAUSES[0]),
    ],
)
async def test_what_may_work_later(answer: web.Response, code: str, seconds: float) -> None:
    """Limits, outages and a worthless token are tried again, each after its time."""
    async with _api(lambda _: answer) as api:
        with pytest.raises(LaterError) as raised:
            await api.write("chat.update", channel="C1")

        assert raised.value.code == code
        assert raised.value.seconds == seconds
        assert bool(api.trouble) == (code != "ratelimited")


async def test_what_will_not_work_has_slacks_word() -> None:
    """A refusal is no trouble of the connection."""
    async with _api(lambda _: _json({"ok": False, "error": "is_archived"})) as api:
        with pytest.raises(SlackError, match="is_archived") as raised:
            await api.write("chat.postMessage", channel="C1")

        assert not isinstance(raised.value, LaterError)
        assert api.trouble == ""


async def test_nothing_listens() -> None:
    """Each further failure waits longer; the first success forgets that."""
    api = Api("xoxb-0", "http://127.0.0.1:1/api/")
    await api.open()
    waits = []
    for _ in range(3):
        with pytest.raises(LaterError) as raised:
            await api.read("users.info", user="U1")
        waits.append(raised.value.seconds)
    await api.close()

    assert waits == list(PAUSES[:3])


@pytest.mark.scenario(32)
async def test_only_slack_is_answered() -> None:
    """A response_url that leads elsewhere is not called, and a redirect is not followed."""
    called: list[str] = []

    def answer(request: web.Request) -> web.Response:
        called.append(request.path)
        if request.path == "/redirected":
            raise web.HTTPFound("/elsewhere")
        return web.Response(text="ok")

    async with _api(answer) as api:
        base = api.url.removesuffix("/api/")
        port = base.rpartition(":")[2]
        for url in (
            f"http://localhost:{port}/other-name",
            f"http://127.0.0.1:{port}@evil.example/",
            "https://hooks.slack.com.evil.example/x",
            "http://hooks.slack.com/plain",
            "https://hooks.slack.com:8443/x",
            "file:///etc/passwd",
            "http://[::1",
            "",
        ):
            assert await api.respond(url, {"text": "x"}) is False

        assert called == []
        assert await api.respond(f"{base}/hook", {"text": "x"}) is True
        assert await api.respond(f"{base}/redirected", {"text": "x"}) is False
        assert called == ["/hook", "/redirected"]


async def test_half_a_character_is_refused_as_slack_would() -> None:
    """It cannot be sent at all; asked about such a user, nobody knows them."""

    def never(_request: web.Request) -> web.Response:
        raise AssertionError

    async with _api(never) as api:
        with pytest.raises(SlackError, match="invalid_arguments"):
            await api.read("users.info", user="U\ud800")
