"""The outgoing HTTP room, against a real server on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot.chat.http import HttpRoomSender, fill
from bot.core.card import Card
from bot.core.config import HttpRoom
from bot.ports import Room, RoomError
from tests.support.web_backend import card, say

_AT = datetime(2026, 11, 23, 14, 35, tzinfo=UTC)


class Receiver:
    """What the other side got, and how it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.hang = asyncio.Event()
        self.hang.set()
        self.url = ""

    async def post(self, request: web.Request) -> web.Response:
        """Keep what comes."""
        self.got.append((request.headers, await request.read()))
        await self.hang.wait()
        return web.Response(status=self.status, text="secret answer", headers=self.headers)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server on loopback."""
    found, port = Receiver(), unused_port()
    app = web.Application()
    app.router.add_post("/hook/s3cret", found.post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found.url = f"http://127.0.0.1:{port}/hook/s3cret?key=s3cret"
    yield found
    found.hang.set()
    await runner.cleanup()


def _sender(url: str, *, secret: str = "", **more: Any) -> HttpRoomSender:
    headers = more.pop("headers", {"X-Team": "chat"})
    config = HttpRoom(kind="http", url=url, **more)
    return HttpRoomSender("line", config, headers=headers, secret=secret, say=say, now=lambda: _AT)


def _share() -> Card:
    return card("share", "Release of chat {title} begins", release=42)


async def _show(sender: HttpRoomSender, ref: str | None = None) -> str:
    room: Room = sender
    try:
        return await room.show("release:42:share:1", _share(), ref)
    finally:
        await room.close()


async def test_a_card_is_posted_with_its_body_and_headers(receiver: Receiver) -> None:
    """The body is made from the template, and the key lets the receiver tell repeats."""
    body = {"message": "{text}", "meta": {"n": "{release}", "to": ["{room}", "{kind} {key}"]}}
    ref = await _show(_sender(receiver.url, body=body, name="LINE group"))

    [(headers, raw)] = receiver.got
    assert json.loads(raw) == {
        "message": "Release of chat {title} begins",
        "meta": {"n": 42, "to": ["LINE group", "share release:42:share:1"]},
    }
    assert headers["Idempotency-Key"] == "release:42:share:1"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Team"] == "chat"
    assert "X-Release-Signature" not in headers
    assert ref == "release:42:share:1"


async def test_the_body_is_signed_with_its_time(receiver: Receiver) -> None:
    """The receiver can check who sent the body and when."""
    await _show(_sender(receiver.url, secret="shared"))

    [(headers, raw)] = receiver.got
    seconds = str(int(_AT.timestamp()))
    expected = hmac.new(b"shared", f"{seconds}.".encode() + raw, hashlib.sha256).hexdigest()
    assert headers["X-Release-Signature"] == f"t={seconds},v1={expected}"


async def test_an_edit_sends_nothing(receiver: Receiver) -> None:
    """What was sent cannot be edited: the reference comes back unchanged."""
    assert await _show(_sender(receiver.url), ref="release:42:share:1") == "release:42:share:1"
    assert receiver.got == []


@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500, 503])
async def test_other_answers_are_undelivered(receiver: Receiver, status: int) -> None:
    """Anything but 2xx is an error without path or answer, and no redirect is followed."""
    receiver.status = status
    receiver.headers = {"Location": receiver.url}
    with pytest.raises(RoomError, match=f"room line at 127.0.0.1: answered {status}") as caught:
        await _show(_sender(receiver.url))

    assert "s3cret" not in str(caught.value)
    assert "secret answer" not in str(caught.value)
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_every_2xx_is_delivered(receiver: Receiver, status: int) -> None:
    """Created, accepted and empty answers are fine, too."""
    receiver.status = status

    assert await _show(_sender(receiver.url)) == "release:42:share:1"


async def test_silence_is_undelivered(receiver: Receiver) -> None:
    """No answer in time is an error that says how long was waited."""
    receiver.hang.clear()
    with pytest.raises(RoomError, match=r"no answer within 0.1 s"):
        await _show(_sender(receiver.url, timeout="100ms"))


async def test_nobody_there_is_undelivered() -> None:
    """A refused connection is an error that names host and cause, never the path."""
    url = f"http://127.0.0.1:{unused_port()}/s3cret"
    with pytest.raises(RoomError, match="ClientConnectorError") as caught:
        await _show(_sender(url))

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_connections_are_reused_and_given_back(receiver: Receiver) -> None:
    """One sender may show many cards, is closed twice without harm, and can begin again."""
    sender = _sender(receiver.url)
    for number in range(3):
        await sender.show(f"k{number}", _share(), None)
    await sender.close()
    await sender.close()
    await sender.show("k3", _share(), None)
    await sender.close()

    assert len(receiver.got) == 4


def test_filling_in_is_done_once() -> None:
    """Filled-in text is data: its braces are not read; other values and braces stay."""
    values = {"text": '{title} "q"', "title": "T", "release": None, "kind": "k", "room": "r"}
    template = {"a": "{text}", "b": [1, None, True, "{release}", "#{release}", "{other}"], "c": {}}

    assert fill(template, values) == {
        "a": '{title} "q"',
        "b": [1, None, True, None, "#", "{other}"],
        "c": {},
    }


def test_a_header_with_a_line_break_is_refused() -> None:
    """A credential with a line break is found at the start, without being shown."""
    with pytest.raises(ValueError, match="line break") as caught:
        _sender("http://127.0.0.1:1/", headers={"Authorization": "tok\nX: y"})

    assert "tok" not in str(caught.value)
