"""LINE as a platform of this process: the webhook, the rooms, and the one client behind them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import structlog
from aiohttp import web

from bot.chat.line import events, need
from bot.chat.line.api import LineApi
from bot.chat.line.doctor import WEBHOOK
from bot.chat.line.ear import Ear
from bot.chat.line.quota import Quota
from bot.chat.line.replies import Replies
from bot.chat.line.room import LineChat
from bot.chat.line.speaker import Speaker
from bot.chat.line.tokens import Tokens
from bot.chat.platform import Ground
from bot.core.config import LineRoom, RoomConfig
from bot.core.release import Release
from bot.core.value import Text
from bot.engine.submission import Submission
from bot.ports import Room
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.line")

WITHIN = 1.5
"""Seconds in which everything of a webhook is recorded; LINE gives up after about two."""


class LinePlatform:
    """LINE with one official account."""

    name = "line"

    def __init__(self, ground: Ground) -> None:
        environment, services = ground.environment, ground.services
        words = ground.words
        ground = replace(ground, words=lambda room: words(room).on("line"))
        self._ground = ground
        self._secret = environment.line_channel_secret.get_secret_value()
        token = environment.line_channel_token.get_secret_value()
        self.api = LineApi(environment.line_api_url, token)
        self.quota = Quota(self.api, services.now)
        tokens = Tokens()
        store, now = services.store, services.now
        self._speaker = Speaker(self.api, self.quota, tokens, store=store, now=now)
        self._ear = Ear(ground, Replies(services, self._speaker, ground.words), tokens)

    def routes(self) -> Sequence[web.RouteDef]:
        """The webhook."""
        return [web.post(WEBHOOK, self._webhook)]

    def room(self, key: str, config: RoomConfig) -> Room | None:
        """The chat of a LINE room of release.yml."""
        return self._chat(key, config.chat) if isinstance(config, LineRoom) else None

    def direct(self, key: str, identity: str) -> Room | None:
        """The chat with one person alone."""
        platform, _, user = identity.partition(":")
        return self._chat(key, user) if platform == self.name else None

    def _chat(self, key: str, chat: str) -> LineChat:
        services = self._ground.services
        return LineChat(
            key,
            chat,
            speaker=self._speaker,
            say=lambda: self._ground.words(key),
            people=lambda: services.file().people,
        )

    async def finish(self, submission: Submission) -> None:
        """Do and answer what was recorded. Raises StoreError; ValueError for what none can read."""
        await self._ear.finish(submission)

    def notes(self, release: Release) -> tuple[Text, ...]:
        """The pushes that the release may need, against what is left of the month."""
        return need.notes(release, self._ground.services.file(), self.quota)

    async def start(self) -> None:
        """Read the quota; the webhook answers already."""
        await self._speaker.forget()
        self._ground.background(self._look(), "line-quota")

    async def _look(self) -> None:
        """Learn the quota and what a push to each room costs, before the first release asks."""
        await self.quota.refresh()
        for config in self._ground.services.file().rooms.values():
            if isinstance(config, LineRoom):
                await self.quota.cost(config.chat)

    async def stop(self) -> None:
        """Give back connections."""
        await self.api.close()

    def trouble(self) -> str:
        """The webhook needs nothing but this process; to speak it needs a valid token."""
        return self.api.trouble

    async def _webhook(self, request: web.Request) -> web.Response:
        """Verify the raw bytes, record everything in them, and only then say so."""
        body = await request.read()
        if not events.signed(self._secret, body, request.headers.get(events.SIGNATURE, "")):
            self._ground.services.watch.signature_failed(self.name)
            log.warning("line_signature_refused", size=len(body))
            return web.Response(status=401)
        try:
            async with asyncio.timeout(WITHIN):
                await self._take(body)
        except (StoreError, TimeoutError) as error:
            # LINE sends it again where redelivery is switched on; what was recorded counts once.
            log.warning("line_not_recorded", error=str(error) or "too slow")
            return web.Response(status=503)
        return web.Response(status=200)

    async def _take(self, body: bytes) -> None:
        try:
            found = events.split(body)
        except (ValueError, RecursionError):
            await self._ear.keep(body.decode("utf-8", "replace"))
            return
        for event in found:
            try:
                await self._ear.take(event)
            except StoreError:
                raise
            except Exception:
                # Sent again it would fail again; who looks for it finds it in the inbox.
                log.exception("line_event_failed")
                self._ground.services.watch.request_failed(self.name)
                await self._ear.keep(json.dumps(event))
