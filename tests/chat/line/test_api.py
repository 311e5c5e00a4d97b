"""Calls of the Messaging API: what an error is, however LINE or a proxy words it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.chat.line.api import LineApi, LineError
from tests.support.line_stub import MONTHLY, TOO_FAST

CHAT = "C" + "0" * 32
TEXT = [{"type": "text", "text": "hello"}]


class Answers:
    """A server that answers everything with the same thing."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b"{}"
        self.seen: list[tuple[str, str, str | None]] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Answer, and remember who asked for what."""
        key = request.headers.get("X-Line-Retry-Key")
        self.seen.append((request.method, request.path, key))
        return web.Response(status=self.status, body=self.body, content_type="application/json")


@pytest.fixture
def answers() -> Answers:
    """What is answered."""
    return Answers()


@pytest.fixture
async def api(answers: Answers) -> AsyncIterator[LineApi]:
    """A client of that server."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made = LineApi(f"http://127.0.0.1:{runner.addresses[0][1]}/", "token-0123456789")
    yield made
    await made.close()
    await runner.cleanup()


async def test_only_pushes_carry_a_retry_key(api: LineApi, answers: Answers) -> None:
    """LINE refuses one on a reply."""
    await api.reply("token", TEXT)
    await api.push(CHAT, TEXT, "6ba7b810-9dad-41d1-80b4-00c04fd430c8")

    assert answers.seen == [
        ("POST", "/v2/bot/message/reply", None),
        ("POST", "/v2/bot/message/push", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"),
    ]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"sentMessages":[]}', b"<html>"])
async def test_what_line_accepts_is_said(api: LineApi, answers: Answers, body: bytes) -> None:
    """Whatever the answer looks like: saying it again would say it twice."""
    answers.body = body

    await api.reply("token", TEXT)
    await api.push(CHAT, TEXT, "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    assert len(answers.seen) == 2


async def test_a_malformed_message_is_not_sent(api: LineApi, answers: Answers) -> None:
    """The library's models refuse it, as LINE would."""
    with pytest.raises(LineError, match="400"):
        await api.reply("token", [{"type": "no"}])
    assert answers.seen == []


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b'{"message":"bad","details":[{"message":"x","property":"a/b"}]}', "bad; a/b: x"),
        (500, b'{"message":"oops"}', "oops"),
        (502, b"<html>Bad Gateway</html>", "Bad Gateway"),
        (502, b"", "502"),
        (500, b"\xff\xfe", "500: unreadable"),
        (500, b"[1]", "[1]"),
        (500, b'{"details":[1,{}]}', "500"),
        (429, MONTHLY.encode(), "monthly"),
    ],
)
async def test_an_error_says_what_line_said(
    api: LineApi, answers: Answers, status: int, body: bytes, said: str
) -> None:
    """Also where a proxy in between answers something else."""
    answers.status, answers.body = status, body

    with pytest.raises(LineError, match="LINE") as caught:
        await api.push(CHAT, TEXT, "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    assert said in str(caught.value)


async def test_an_accepted_retry_key_is_a_success(api: LineApi, answers: Answers) -> None:
    """The push was delivered before; a reply with 409 would be none."""
    answers.status, answers.body = 409, b'{"message":"The retry key is already accepted"}'

    await api.push(CHAT, TEXT, "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    with pytest.raises(LineError):
        await api.reply("token", TEXT)


def test_429_means_two_things() -> None:
    """The text tells them apart."""
    assert LineError(429, MONTHLY).exhausted
    assert not LineError(429, TOO_FAST).exhausted
    assert not LineError(400, MONTHLY).exhausted


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"value":"many"}'])
async def test_an_answer_of_another_shape_is_an_error(
    api: LineApi, answers: Answers, body: bytes
) -> None:
    """And nothing that would stop the bot."""
    answers.body = body

    with pytest.raises(LineError):
        await api.quota()


async def test_a_quota_without_a_limit_is_none(api: LineApi, answers: Answers) -> None:
    """Some plans have none."""
    answers.body = b'{"type":"none","totalUsage":7}'

    assert await api.quota() == (None, 7)


async def test_a_quota_of_nothing_is_a_limit(api: LineApi, answers: Answers) -> None:
    """A plan without any push is not one with as many as wanted."""
    answers.body = b'{"type":"limited","value":0,"totalUsage":0}'

    assert await api.quota() == (0, 0)


async def test_a_chat_with_one_person_costs_one(api: LineApi, answers: Answers) -> None:
    """LINE is asked only about groups and rooms of several people."""
    answers.body = b'{"count":12}'

    assert await api.members("U" + "0" * 32) == 1
    assert await api.members(CHAT) == 12
    assert await api.members("R" + "0" * 32) == 12
    assert [path for _, path, _ in answers.seen] == [
        f"/v2/bot/group/{CHAT}/members/count",
        f"/v2/bot/room/R{'0' * 32}/members/count",
    ]


async def test_nobody_listening_is_an_error() -> None:
    """Within the timeout of one call."""
    api = LineApi("http://127.0.0.1:9", "token-0123456789")
    try:
        with pytest.raises(LineError, match="no answer"):
            await api.bot()
    finally:
        await api.close()


@pytest.mark.parametrize("raised", [RuntimeError("Session is closed"), AssertionError()])
async def test_a_session_closed_behind_a_call_is_an_error(
    api: LineApi, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    """The bot stops while it speaks: what was not said is said after the next start."""

    async def closed(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("bot.chat.line.api.AsyncMessagingApi.push_message", closed)
    with pytest.raises(LineError, match="closed") as caught:
        await api.push(CHAT, TEXT, "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    assert caught.value.unsure


async def test_after_the_end_nothing_is_opened_again(api: LineApi, answers: Answers) -> None:
    """The engine may want to say something while the bot stops: no session is left behind."""
    await api.close()

    with pytest.raises(LineError, match="closed"):
        await api.reply("token", TEXT)

    assert answers.seen == []
    assert api._client is None
