"""A second LINE: the Messaging API's paths that the bot uses, and the people in its chats."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.support.line_rules import LIMITS, complaints

SECRET, TOKEN = "channel-secret-0123456789", "channel-token-0123456789"
MONTHLY = "You have reached your monthly limit."
TOO_FAST = "The API rate limit has been exceeded. Try again later."
SECONDS = 20.0


@dataclass(frozen=True)
class Sent:
    """One delivered reply or push."""

    how: str
    to: str
    messages: list[dict[str, Any]]
    key: str = ""

    @property
    def said(self) -> str:
        """Everything in it, to search for words."""
        return json.dumps(self.messages, ensure_ascii=False)


@dataclass
class Fault:
    """What the next push or reply meets: a status, and whether it was delivered all the same."""

    status: int
    message: str = ""
    delivered: bool = False
    retry_after: str = ""

    def answer(self) -> web.Response:
        """What LINE says of it."""
        found = _problem(self.status, self.message)
        if self.retry_after:
            found.headers["Retry-After"] = self.retry_after
        return found


@dataclass
class LineStub:
    """LINE as the bot sees it. `limit` is the month's quota, `members` those of each group."""

    limit: int = 1000
    used: int = 0
    members: int = 3
    strangers: frozenset[str] = frozenset()
    """Users who are in no group: a mention of them is refused."""
    names: dict[str, str] = field(default_factory=dict)
    """What people call themselves, by user id."""
    transcript: list[Sent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What a real LINE would have refused as malformed; tests want it empty."""
    faults: list[Fault] = field(default_factory=list)
    """What the next pushes meet."""
    reply_faults: list[Fault] = field(default_factory=list)
    """What the next replies meet."""
    webhook: str = ""
    calls: list[str] = field(default_factory=list)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _keys: dict[str, float] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        """The server's routes."""
        app = web.Application(middlewares=[self._door])
        app.add_routes(
            [
                web.post("/v2/bot/message/reply", self._reply),
                web.post("/v2/bot/message/push", self._push),
                web.get("/v2/bot/message/quota", self._quota),
                web.get("/v2/bot/message/quota/consumption", self._consumption),
                web.get("/v2/bot/group/{id}/members/count", self._count),
                web.get("/v2/bot/room/{id}/members/count", self._count),
                web.get("/v2/bot/profile/{id}", self._profile),
                web.get("/v2/bot/info", self._info),
                web.get("/v2/bot/channel/webhook/endpoint", self._endpoint),
                web.post("/v2/bot/channel/webhook/test", self._test),
            ]
        )
        return app

    @web.middleware
    async def _door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _problem(401, "Authentication failed due to the following reason: invalid token")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _reply(self, request: web.Request) -> web.Response:
        body = await request.json()
        fault = self.reply_faults.pop(0) if self.reply_faults else None
        if fault and not fault.delivered:
            return fault.answer()
        chat, born = self._tokens.pop(body["replyToken"], ("", 0.0))
        if "X-Line-Retry-Key" in request.headers:
            return _problem(400, "X-Line-Retry-Key is not allowed here")
        if not chat or time.monotonic() - born > LIMITS["token_seconds"]:
            return _problem(400, "Invalid reply token")
        answer = self._deliver(Sent("reply", chat, body["messages"]))
        return fault.answer() if fault else answer

    async def _push(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = request.headers.get("X-Line-Retry-Key", "")
        uuid.UUID(key)
        if key in self._keys:
            return _problem(409, "The retry key is already accepted")
        fault = self.faults.pop(0) if self.faults else None
        if fault and not fault.delivered:
            return fault.answer()
        cost = 1 if body["to"].startswith("U") else self.members
        if self.used + cost > self.limit:
            return _problem(429, MONTHLY)
        answer = self._deliver(Sent("push", body["to"], body["messages"], key))
        if answer.status == 200:
            self.used += cost
            self._keys[key] = time.monotonic()
        return fault.answer() if fault else answer

    def _deliver(self, sent: Sent) -> web.Response:
        wrong = complaints(sent.messages)
        mentioned = {user for user in self.strangers if user in sent.said}
        if wrong or mentioned:
            self.refused += wrong
            return _problem(400, "; ".join([*wrong, *mentioned]))
        self.transcript.append(sent)
        self._changed.set()
        return web.json_response({"sentMessages": [{"id": "1"} for _ in sent.messages]})

    async def _quota(self, _: web.Request) -> web.Response:
        return web.json_response({"type": "limited", "value": self.limit})

    async def _consumption(self, _: web.Request) -> web.Response:
        return web.json_response({"totalUsage": self.used})

    async def _count(self, _: web.Request) -> web.Response:
        return web.json_response({"count": self.members})

    async def _profile(self, request: web.Request) -> web.Response:
        user = request.match_info["id"]
        if user not in self.names:
            return _problem(404, "Not found")
        return web.json_response({"userId": user, "displayName": self.names[user]})

    async def _info(self, _: web.Request) -> web.Response:
        found = {"userId": "U" + "b" * 32, "basicId": "@bot", "displayName": "Release bot"}
        return web.json_response(found | {"chatMode": "bot", "markAsReadMode": "auto"})

    async def _endpoint(self, _: web.Request) -> web.Response:
        return web.json_response({"endpoint": self.webhook, "active": bool(self.webhook)})

    async def _test(self, _: web.Request) -> web.Response:
        found = {"success": True, "timestamp": "2026-11-25T00:00:00Z", "statusCode": 200}
        return web.json_response(found | {"reason": "OK", "detail": "200"})

    def token(self, chat: str) -> str:
        """A new reply token of this chat."""
        token = uuid.uuid4().hex
        self._tokens[token] = (chat, time.monotonic())
        return token

    def event(self, chat: str, user: str = "", **fields: Any) -> dict[str, Any]:
        """An event as LINE writes it; without `user` LINE does not say who it was."""
        kind = {"C": ("group", "groupId"), "R": ("room", "roomId"), "U": ("user", "userId")}[
            chat[0]
        ]
        source = {"type": kind[0], kind[1]: chat} | ({"userId": user} if user else {})
        return {
            "replyToken": self.token(chat),
            "mode": "active",
            "timestamp": int(time.time() * 1000),
            "webhookEventId": uuid.uuid4().hex,
            "deliveryContext": {"isRedelivery": False},
            "source": source,
            **fields,
        }

    def text(self, chat: str, user: str, line: str, **more: Any) -> dict[str, Any]:
        """Somebody types a line."""
        message = {"id": "1", "type": "text", "text": line, "quoteToken": "q", **more}
        return self.event(chat, user, type="message", message=message)

    def tap(self, chat: str, user: str, data: str, **params: str) -> dict[str, Any]:
        """Somebody presses a button."""
        postback = {"data": data} | ({"params": params} if params else {})
        return self.event(chat, user, type="postback", postback=postback)

    async def post(self, *events: dict[str, Any], raw: bytes | None = None, **headers: str) -> int:
        """Call the bot's webhook, signed unless a header says otherwise; returns the status."""
        body = (
            raw if raw is not None else json.dumps({"destination": "U", "events": events}).encode()
        )
        signed = {"X-Line-Signature": sign(body)} | headers
        kept = {name: value for name, value in signed.items() if value != "-"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.webhook, data=body, headers=kept) as answer,
        ):
            return answer.status

    async def until(self, wanted: Callable[[Sent], bool], after: int = 0) -> Sent:
        """The first delivery from number `after` on for which this holds."""
        async with asyncio.timeout(SECONDS):
            while True:
                for sent in self.transcript[after:]:
                    if wanted(sent):
                        return sent
                self._changed.clear()
                await self._changed.wait()

    def data(self, label: str, said: Sent | None = None) -> str:
        """What the newest button with this label carries."""
        for sent in reversed([said] if said else self.transcript):
            for action in _actions(sent.messages):
                if action.get("label") == label:
                    return str(action["data"])
        raise AssertionError(f"no button {label}")


def _actions(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        inner = [found for item in value.values() for found in _actions(item)]
        return [*([value] if "data" in value else []), *inner]
    return [f for item in value for f in _actions(item)] if isinstance(value, list) else []


def sign(body: bytes, secret: str = SECRET) -> str:
    """The signature over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _problem(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


@asynccontextmanager
async def running_line(stub: LineStub) -> AsyncIterator[str]:
    """Serve it on a free port of loopback; gives its address."""
    runner = web.AppRunner(stub.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
