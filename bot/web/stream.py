"""The stream of a room: Server-Sent Events with catch-up, which never hold up a shutdown."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from aiohttp import web

from bot.chat.render import Say, card_json
from bot.chat.room import RoomMessage
from bot.web.body import BadRequestError
from bot.web.room_routes import room_of
from bot.web.session import SESSIONS
from bot.web.site import BACKEND, SITE, Mode

BATCH = 200
STREAMS_MAX = 200
_log = structlog.get_logger(__name__)


class Streams:
    """The open streams of this process."""

    def __init__(self) -> None:
        self.boot = secrets.token_hex(8)
        """Names this process; a page that sees another one reads the room from its beginning."""
        self.stopping = False
        self._tasks: set[asyncio.Task[object]] = set()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold a place for the running stream; refused when the process stops or has too many."""
        task = asyncio.current_task()
        if self.stopping or task is None or len(self._tasks) >= STREAMS_MAX:
            raise BadRequestError("too many open pages, try again later", 503)
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    async def stop(self, _app: web.Application) -> None:
        """End all streams now (a shutdown handler of the application)."""
        self.stopping = True
        for task in tuple(self._tasks):
            task.cancel()


STREAMS: web.AppKey[Streams] = web.AppKey("streams", Streams)


async def stream(request: web.Request) -> web.StreamResponse:
    """GET /api/rooms/{room}/stream: every message after `Last-Event-ID` or `?after=`, then live.

    Events: `hello` (the process), `message` (id: its change), `ready` (caught up).
    """
    room, after, streams = room_of(request), _position(request), request.app[STREAMS]
    response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    with streams.opened():
        try:
            await response.prepare(request)
            await _follow(request, response, room, after)
        except ConnectionResetError:
            _log.debug("web.stream_left", room=room)
        except asyncio.CancelledError:
            if not streams.stopping:
                raise
        except Exception:  # noqa: BLE001 - the log is another's; any failure ends the stream alike
            # The head is sent: an error answer behind it would garble the stream. The page
            # comes back by itself and catches up.
            _log.exception("web.stream_failed", room=room)
    return response


def _position(request: web.Request) -> int:
    text = request.headers.get("Last-Event-ID") or request.query.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequestError("after: give the number of a change")
    return int(text)


async def _follow(
    request: web.Request, response: web.StreamResponse, room: str, after: int
) -> None:
    site, log, streams = request.app[SITE], request.app[BACKEND].log, request.app[STREAMS]
    hello = json.dumps({"boot": streams.boot})
    await response.write(f"retry: 1000\nevent: hello\ndata: {hello}\n\n".encode())
    caught_up = False
    while not streams.stopping and _may_look(request):
        messages = await log.since(room, after, BATCH)
        if messages:
            after = messages[-1].change
            await response.write(b"".join(_event(m, site.words(room)) for m in messages))
        if len(messages) == BATCH:
            continue
        if not caught_up:
            caught_up = True
            await response.write(b"event: ready\ndata: {}\n\n")
        elif not messages:
            await response.write(b": beat\n\n")
        await log.wait(room, after, site.heartbeat)


def _may_look(request: web.Request) -> bool:
    """Sessions end while streams are open, too."""
    site, app = request.app[SITE], request.app
    if site.mode is Mode.TRY:
        return True
    return app[SESSIONS].who(request, app[BACKEND].facts.people(), site.now()) is not None


def _event(message: RoomMessage, say: Say) -> bytes:
    data = {
        "id": message.id,
        "room": message.room,
        "key": message.key,
        "change": message.change,
        "at": message.at.isoformat(),
        "edited": message.edited,
        "card": card_json(message.card, say),
    }
    return f"id: {message.change}\nevent: message\ndata: {json.dumps(data)}\n\n".encode()
