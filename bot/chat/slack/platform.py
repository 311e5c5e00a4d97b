"""Slack in one process: heard over Socket Mode or HTTP, its channels as rooms, and its life."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.chat.platform import Ground
from bot.chat.slack.api import PAUSES, Api, SlackError
from bot.chat.slack.desk import Desk
from bot.chat.slack.dialogs import Dialogs
from bot.chat.slack.listeners import AGAIN, MISSHAPEN, Listeners
from bot.chat.slack.people import People
from bot.chat.slack.room import Channel
from bot.chat.slack.shape import is_known
from bot.chat.slack.signature import is_signed
from bot.chat.slack.workspace import Workspace
from bot.core.config import RoomConfig, SlackRoom
from bot.core.release import Release
from bot.core.value import Text
from bot.engine.submission import Submission

log = structlog.get_logger("release_master.slack")

PATH = "/slack/events"
STOPS_WITHIN = 1.5
"""Seconds that answers under way may take when the bot stops."""


class SlackPlatform:
    """The Platform for one workspace. With an app-level token it listens over a socket."""

    name = "slack"

    def __init__(self, ground: Ground, token: str) -> None:
        environment = ground.environment
        self._app_token = environment.slack_app_token.get_secret_value()
        self._fresh = ground.fresh
        api = Api(
            token,
            environment.slack_api_url,
            fresh=self._token,
        )
        self._workspace = Workspace(ground, api)
        self._people = People(self._workspace)
        self._desk = Desk(self._workspace, self._people)
        listeners = Listeners(self._desk, Dialogs(self._desk))
        # The library's own words are told by trouble() and our log; its debug lines hold payloads.
        logger = logging.getLogger("release_master.slack.library")
        logger.setLevel(logging.ERROR)
        self._bolt = listeners.app(self._workspace.api.client, logger)
        self._logger = logger
        self._socket: AsyncSocketModeHandler | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_open = asyncio.Event()

    def _token(self) -> str:
        """The bot's token as the last reload left it."""
        return self._fresh().slack_bot_token.get_secret_value()

    def routes(self) -> Sequence[web.RouteDef]:
        """POST /slack/events, where Slack calls; none over a socket."""
        return [] if self._app_token else [web.post(PATH, self._called)]

    def room(self, key: str, config: RoomConfig) -> Channel | None:
        """The channel as a room; None when the room is not Slack's."""
        if not isinstance(config, SlackRoom):
            return None
        return Channel(key, config.channel, workspace=self._workspace, people=self._people)

    def direct(self, key: str, identity: str) -> Channel | None:
        """The chat with one person alone."""
        platform, _, user = identity.partition(":")
        if platform != self.name or not user:
            return None
        return Channel(key, user, workspace=self._workspace, people=self._people)

    async def finish(self, submission: Submission) -> None:
        """Do and answer what was recorded. Raises StoreError; ValueError for what none can read."""
        await self._desk.finish(submission)

    def notes(self, release: Release) -> tuple[Text, ...]:
        """Nothing: messages cost nothing here."""
        del release
        return ()

    async def start(self) -> None:
        """Begin to connect; what fails is tried again."""
        await self._workspace.api.open()
        self._tasks = [
            asyncio.create_task(self._open(), name="slack-open"),
            asyncio.create_task(self._probe(), name="slack-probe"),
        ]

    async def opened(self) -> None:
        """Wait until it is connected."""
        await self._is_open.wait()

    async def stop(self) -> None:
        """Hear nothing more, let answers end, and give back connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close_socket()
        await self._desk.stop(STOPS_WITHIN)
        await self._workspace.api.close()

    def trouble(self) -> str:
        """Why Slack cannot be heard or told at present."""
        if self._workspace.api.trouble:
            return self._workspace.api.trouble
        if not self._workspace.user:
            return "not connected yet"
        if self._app_token and not self._hears():
            return "the socket is not connected"
        return ""

    def _hears(self) -> bool:
        client = self._socket.client if self._socket is not None else None
        session = client.current_session if client is not None else None
        return session is not None and not session.closed

    async def _open(self) -> None:
        """Learn who we are, then listen. Never gives up: somebody may mend the token meanwhile."""
        failed = 0
        while not self._workspace.user:
            try:
                await self._workspace.identify()
            except SlackError as error:
                log.warning("slack_not_reached", code=error.code)
                await asyncio.sleep(PAUSES[min(failed, len(PAUSES) - 1)])
                failed += 1
        if not self._app_token:
            self._now_open()
        while self._app_token:
            self._socket = AsyncSocketModeHandler(
                self._bolt, self._app_token, logger=self._logger, ping_interval=PING
            )
            await self._socket.connect_async()  # type: ignore[no-untyped-call]  # the library's
            self._now_open()
            await self._deaf()
            log.warning("slack_socket_is_made_anew")
            await self._close_socket()

    def _now_open(self) -> None:
        self._is_open.set()
        log.info("slack_connected", team=self._workspace.team, socket=bool(self._app_token))

    async def _probe(self) -> None:
        """Ask again while something is wrong: its end must be seen also when nothing is sent."""
        while True:
            await asyncio.sleep(PROBE)
            if self._workspace.api.trouble and self._workspace.user:
                with contextlib.suppress(SlackError):
                    await self._workspace.api.scopes()

    async def _deaf(self) -> None:
        """Return when the library has not mended its connection for a minute."""
        silent = 0.0
        while silent < DEAF:
            await asyncio.sleep(PING)
            silent = 0.0 if await self._answers() else silent + PING

    async def _answers(self) -> bool:
        """Whether the socket is open and its pings come back."""
        return self._socket is not None and await self._socket.client.is_connected()

    async def _close_socket(self) -> None:
        if self._socket is None:
            return
        client = self._socket.client
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOPS_WITHIN):
                await self._socket.close_async()  # type: ignore[no-untyped-call]
        # The library says goodbye first: where Slack does not answer that, the rest was not done.
        beside = (client.message_processor, client.current_session_monitor, client.message_receiver)
        for task in filter(None, beside):
            task.cancel()
        await client.aiohttp_client_session.close()

    async def _called(self, request: web.Request) -> web.Response:
        """Check the signature on the raw body; only then is it read at all."""
        raw = await request.read()
        signed = is_signed(
            self._fresh().slack_signing_secret.get_secret_value(),
            request.headers.get("X-Slack-Request-Timestamp", ""),
            request.headers.get("X-Slack-Signature", ""),
            body=raw,
            now=datetime.now(UTC),
        )
        if not signed:
            self._workspace.services.watch.signature_failed(self.name)
            log.warning("slack_signature_refused", remote=request.remote)
            return web.json_response({"error": "the signature does not fit"}, status=401)
        if not self._workspace.user and not _is_handshake(raw):
            return web.json_response({"error": "not ready yet"}, status=AGAIN)
        try:
            body = raw.decode()
        except UnicodeDecodeError:
            return web.json_response({"error": "no UTF-8"}, status=400)
        if not is_known(body, request.headers.get("Content-Type", "")):
            log.warning("slack_request_not_understood", size=len(raw))
            return web.json_response({"error": "nothing that Slack sends"}, status=400)
        # The library reads before it looks: what is signed may still be nothing of Slack's.
        try:
            asked = AsyncBoltRequest(body=body, headers=dict(request.headers))
        except MISSHAPEN as error:
            log.warning("slack_request_not_read", error=f"{type(error).__name__}: {error}")
            return web.json_response({"error": "no request of Slack's"}, status=400)
        return await to_aiohttp_response(await self._bolt.async_dispatch(asked))


PROBE = 10.0
"""Seconds between two questions whether the token works again."""
DEAF = 60.0
"""Seconds without a connection after which the socket is made anew from scratch."""
PING = 10.0
"""Seconds between two signs of life of the socket; after four without an answer it is made anew."""


def _is_handshake(raw: bytes) -> bool:
    """Slack's question whether the address is ours, asked before there is an installed app."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == "url_verification"
