"""Our own faults in front of the second Slack: limits, deadlines, repeats, groups and outages.

Everything the bot sends passes through, is checked for what Slack would refuse, and is kept.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from tests.support.slack_limits import limit
from tests.support.slack_oracle import RefusedError, check_message, check_view

MESSAGES = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral"})
VIEWS = frozenset({"views.open", "views.update", "views.push", "views.publish"})
SCOPES = (
    "app_mentions:read,channels:read,chat:write,commands,groups:read,im:history,"
    "usergroups:read,users:read,users:read.email"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API, with the answer's error (empty: it went well)."""

    method: str
    args: dict[str, Any]
    error: str
    at: float


@dataclass(slots=True)
class Faults:
    """What goes wrong. Everything is off at first."""

    down: bool = False
    """Nothing is answered."""
    revoked: bool = False
    """The token is worth nothing any more."""
    worthless: str = ""
    """The one token that is worth nothing any more, while others are good."""
    limited: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    """method -> the Retry-After of its next answers."""
    errors: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    """method -> the errors of its next answers."""
    rooms: dict[str, tuple[str, str]] = field(default_factory=dict)
    """channel -> the method that is refused there, and with which error."""
    twice: bool = False
    """Each envelope is delivered twice."""
    forget_first: bool = False
    """The first delivery of each event gets lost behind the bot's answer, and comes again."""
    instead: str = ""
    """The token that the second Slack is told, whatever new one the bot has."""
    scopes: str = SCOPES


class FaultProxy:
    """An HTTP server on loopback between the bot and the second Slack."""

    def __init__(self, inside: Path, outside: Path) -> None:
        self.faults = Faults()
        self.groups: dict[str, list[str]] = {}
        """User group -> its members."""
        self.profiles: dict[str, dict[str, Any]] = {}
        """User -> what users.info says of them beside what the second Slack knows."""
        self.calls: list[Call] = []
        self.refused: list[str] = []
        """What Slack would have refused; tests want this empty."""
        self.acks: list[float] = []
        """Seconds until each envelope or request was acknowledged."""
        self.late: list[str] = []
        self.retries: list[dict[str, str]] = []
        """The retry headers of deliveries that were repeated."""
        self.bot_url = ""
        """Where the bot hears Slack over HTTP."""
        self._inside, self._outside = inside, outside
        self._responses: dict[str, int] = defaultdict(int)
        self._sockets: set[web.WebSocketResponse] = set()
        self._runners: list[web.AppRunner] = []
        self._client: aiohttp.ClientSession | None = None
        self.changed = asyncio.Event()
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen for the bot on this port and for Slack's own calls on the socket file."""
        self.port = port
        self._client = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._inside)))
        bots = web.Application(client_max_size=4 * 1024 * 1024)
        bots.router.add_route("*", "/api/{method}", self._api)
        bots.router.add_post("/_hooks/response/{id}", self._hook)
        bots.router.add_get("/socket/{id}", self._socket)
        slacks = web.Application(client_max_size=4 * 1024 * 1024)
        slacks.router.add_post("/slack/events", self._deliver)
        for app, make in (
            (bots, lambda runner: web.TCPSite(runner, "127.0.0.1", port)),
            (slacks, lambda runner: web.UnixSite(runner, str(self._outside))),
        ):
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            await make(runner).start()
            self._runners.append(runner)

    async def stop(self) -> None:
        """End every connection."""
        for socket in list(self._sockets):
            await socket.close()
        for runner in self._runners:
            await runner.cleanup()
        if self._client is not None:
            await self._client.close()

    @property
    def slack(self) -> aiohttp.ClientSession:
        """Straight to the second Slack, past every fault."""
        assert self._client is not None
        return self._client

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    async def drop_sockets(self) -> None:
        """Cut every socket, as Slack does when it wants a refresh."""
        for socket in list(self._sockets):
            await socket.close()

    async def until(self, wanted: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until this holds; looked at after every call."""
        async with asyncio.timeout(seconds):
            while not wanted():
                self.changed.clear()
                await self.changed.wait()

    def made(self, *methods: str) -> list[Call]:
        """The calls of these methods that went well."""
        return [call for call in self.calls if call.method in methods and not call.error]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, raw = request.match_info["method"], await request.read()
        args = _arguments(request, raw)
        if self.faults.down:
            assert request.transport is not None
            request.transport.abort()
            self._note(method, args, "down")
            return web.Response(status=503)
        if self.faults.worthless and _token(request, args) == self.faults.worthless:
            return self._no(method, args, "token_revoked")
        answer = self._fault(method, args) or self._known(method, args)
        if answer is None:
            headers = {k: v for k, v in request.headers.items() if k.lower() in _KEPT}
            if self.faults.worthless:
                headers["Authorization"] = f"Bearer {self.faults.instead}"
            async with self.slack.request(
                request.method, f"http://slack{request.path_qs}", data=raw, headers=headers
            ) as got:
                found = await got.json()
            if method == "users.info" and found.get("ok"):
                found["user"] |= self.profiles.get(found["user"]["id"], {})
            answer = web.json_response(found, headers={"x-oauth-scopes": self.faults.scopes})
            self._note(method, args, str(found.get("error", "")))
        return answer

    def _fault(self, method: str, args: dict[str, Any]) -> web.Response | None:
        try:
            if method in MESSAGES:
                check_message(args)
            if method in VIEWS:
                check_view(args["view"])
        except RefusedError as error:
            self.refused.append(f"{method}: {error}")
            return self._no(method, args, "invalid_blocks")
        if self.faults.revoked and method != "apps.connections.open":
            return self._no(method, args, "invalid_auth")
        if self.faults.limited[method]:
            after = self.faults.limited[method].popleft()
            self._note(method, args, "ratelimited")
            return web.json_response(
                {"ok": False, "error": "ratelimited"},
                status=429,
                headers={"Retry-After": str(after)},
            )
        refused = self.faults.rooms.get(str(args.get("channel")))
        if refused and refused[0] == method:
            return self._no(method, args, refused[1])
        if self.faults.errors[method]:
            return self._no(method, args, self.faults.errors[method].popleft())
        return None

    def _known(self, method: str, args: dict[str, Any]) -> web.Response | None:
        """User groups, which the second Slack does not have."""
        if method != "usergroups.users.list":
            return None
        group = str(args.get("usergroup"))
        if group not in self.groups:
            return self._no(method, args, "no_such_subteam")
        self._note(method, args, "")
        return web.json_response({"ok": True, "users": self.groups[group]})

    def _no(self, method: str, args: dict[str, Any], error: str) -> web.Response:
        self._note(method, args, error)
        return web.json_response({"ok": False, "error": error})

    def _note(self, method: str, args: dict[str, Any], error: str) -> None:
        self.calls.append(Call(method, args, error, time.monotonic()))
        self.changed.set()

    async def _hook(self, request: web.Request) -> web.Response:
        raw, key = await request.read(), request.match_info["id"]
        body = json.loads(raw)
        if self.faults.down:
            return web.Response(status=503)
        self._responses[key] += 1
        if self._responses[key] > limit("response_url_uses"):
            self._note("response_url", body, "used_up")
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        if self.faults.errors["response_url"]:
            self._note("response_url", body, self.faults.errors["response_url"].popleft())
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if not body.get("delete_original"):
            try:
                check_message(body)
            except RefusedError as error:
                self.refused.append(f"response_url: {error}")
        kind = {"Content-Type": "application/json"}
        async with self.slack.post(f"http://slack{request.path}", data=raw, headers=kind) as got:
            status = got.status
        self._note("response_url", body, "" if status == 200 else str(status))
        return web.Response(status=status)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.faults.down:
            return web.Response(status=503)
        mine = web.WebSocketResponse(autoping=True)
        await mine.prepare(request)
        self._sockets.add(mine)
        self.changed.set()
        waiting: dict[str, float] = {}
        try:
            async with self.slack.ws_connect(f"http://slack{request.path}") as theirs:
                await asyncio.wait(
                    [
                        asyncio.create_task(self._down(theirs, mine, waiting)),
                        asyncio.create_task(self._up(mine, theirs, waiting)),
                    ],
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            self._sockets.discard(mine)
            self.changed.set()
        return mine

    async def _down(
        self,
        theirs: aiohttp.ClientWebSocketResponse,
        mine: web.WebSocketResponse,
        waiting: dict[str, float],
    ) -> None:
        async for message in theirs:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            envelope = _as_from_home(json.loads(message.data))
            if "envelope_id" in envelope:
                waiting[envelope["envelope_id"]] = time.monotonic()
            await mine.send_json(envelope)
            if self.faults.twice and "envelope_id" in envelope:
                again = {"retry_attempt": 1, "retry_reason": "timeout"}
                repeated = envelope | again | {"envelope_id": envelope["envelope_id"] + "-again"}
                await mine.send_str(json.dumps(repeated))

    async def _up(
        self,
        mine: web.WebSocketResponse,
        theirs: aiohttp.ClientWebSocketResponse,
        waiting: dict[str, float],
    ) -> None:
        async for message in mine:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            key = json.loads(message.data).get("envelope_id", "")
            if key in waiting:
                self._acked(time.monotonic() - waiting.pop(key), key)
            await theirs.send_str(message.data)

    def _acked(self, seconds: float, what: str) -> None:
        self.acks.append(seconds)
        if seconds > limit("ack_seconds"):
            self.late.append(what)
        self.changed.set()

    async def _deliver(self, request: web.Request) -> web.Response:
        """What the second Slack sends over HTTP; events come again when they are not taken."""
        raw = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.lower().startswith(_SIGNED)}
        event = headers.get("Content-Type", "").startswith("application/json")
        tries = 1 + (int(limit("event_retries")) if event else 0)
        status, body = 0, b""
        for number in range(tries):
            again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_error"}
            if number:
                self.retries.append(again)
            status, body = await self._post(raw, headers | (again if number else {}))
            lost = self.faults.forget_first and number == 0
            if status == 200 and not lost:
                break
        if self.faults.twice:
            await self._post(raw, headers)
        return web.Response(status=status or 504, body=body, content_type="application/json")

    async def _post(self, raw: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        begun = time.monotonic()
        try:
            async with (
                asyncio.timeout(limit("ack_seconds")),
                aiohttp.ClientSession() as session,
                session.post(self.bot_url, data=raw, headers=headers) as got,
            ):
                answer = got.status, await got.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            self.late.append(type(error).__name__)
            return 0, b""
        self._acked(time.monotonic() - begun, "request")
        return answer


_KEPT = {"content-type", "authorization"}
_SIGNED = ("x-slack-", "content-type")


def _as_from_home(envelope: dict[str, Any]) -> dict[str, Any]:
    """Clicks on the App Home, which the second Slack sends as if they had a message."""
    payload = envelope.get("payload") or {}
    if payload.get("type") == "block_actions" and "message" not in payload:
        payload["container"] = {"type": "view", "view_id": "V01HOME"}
        payload["view"] = {"type": "home", "id": "V01HOME"}
        del payload["channel"], payload["response_url"]
    return envelope


def _token(request: web.Request, args: dict[str, Any]) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token", "")


def _arguments(request: web.Request, raw: bytes) -> dict[str, Any]:
    if request.content_type == "application/json" and raw:
        return dict(json.loads(raw))
    found: dict[str, Any] = dict(request.query)
    if raw:
        found |= dict(parse_qsl(raw.decode()))
    return found
