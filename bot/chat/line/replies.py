"""What the person who typed or pressed something is told, with the reply token of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.chat.line import fresh
from bot.chat.line.events import Heard
from bot.chat.line.limits import MESSAGES, QUICK_REPLIES, Message
from bot.chat.line.render import Renderer, plain, say_it
from bot.chat.line.speaker import Speaker
from bot.chat.line.tokens import Ticket
from bot.chat.texts import Words
from bot.core import button
from bot.core.card import Card
from bot.core.config import Role
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.release import Phase, Release
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.engine.services import Services

PATIENCE = 1.2
"""Seconds that the token of an accepted command waits for what the release says next."""
_OVER = frozenset({Outcome.DECIDED, Outcome.EXPIRED})
_ASKABLE = (Verb.STATUS, Verb.ERRORS, Verb.HISTORY, Verb.WHOAMI)


class Replies:
    """Answers in one place of LINE: privately there, in front of all in a group."""

    def __init__(
        self,
        services: Services,
        speaker: Speaker,
        words: Callable[[str], Words],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._services = services
        self._speaker = speaker
        self._words = words
        self._patience = patience

    async def answer(
        self, heard: Heard, inbound: Inbound, reply: Reply, quick: Sequence[Message] = ()
    ) -> None:
        """Tell how it ended; what was accepted is shown by what the release says next."""
        draw = Renderer(self._words(inbound.room))
        if reply.outcome is Outcome.LATER:
            await self.say(heard, inbound.room, text("line.later"))
        elif reply.outcome is Outcome.ACCEPTED and reply.card is None:
            await self._accepted(heard, reply, draw)
        elif reply.card is not None and reply.outcome is not Outcome.REPEATED:
            messages = await self._messages(inbound, reply, reply.card, draw)
            items = messages[-1].get("quickReply", {"items": []})["items"]
            if reply.card.kind == "help":
                items = [say_it(str(verb), f"release {verb}") for verb in _ASKABLE]
            if quick or items:
                whole = [*quick, *items][:QUICK_REPLIES]
                messages[-1]["quickReply"] = {"items": whole}
            await self._speaker.answer(heard.token, messages)

    async def say(self, heard: Heard, room: str, what: Text) -> None:
        """One sentence."""
        await self._speaker.answer(heard.token, [plain(self._words(room)(what))])

    async def send(self, heard: Heard, messages: Sequence[Message]) -> None:
        """Messages that are made already."""
        await self._speaker.answer(heard.token, messages)

    async def _accepted(self, heard: Heard, reply: Reply, draw: Renderer) -> None:
        """Let the next question use the token, with the board before it; else show the board."""
        release = await fresh.stored(self._services, reply.release)
        now: datetime = self._services.now()
        ticket = Ticket(token=heard.token, at=now, preface=self._board(release, draw))
        self._speaker.tokens.offer(heard.chat, ticket)
        try:
            await asyncio.wait_for(ticket.taken.wait(), self._patience)
        except TimeoutError:
            if self._speaker.tokens.withdraw(heard.chat, ticket):
                await self._speaker.answer(heard.token, await self._now(reply.release, draw))

    def _board(self, release: Release | None, draw: Renderer) -> list[Message]:
        if release is None or release.phase is Phase.PLANNED:
            # The question that follows shows the whole plan.
            return []
        return [draw.message(card) for card in fresh.cards(self._services, release)[:1]]

    async def _now(self, number: int | None, draw: Renderer) -> list[Message]:
        release = await fresh.stored(self._services, number)
        found = fresh.cards(self._services, release) if release else []
        done = plain(draw.said(text("line.done")))
        return [draw.message(card) for card in found][:MESSAGES] or [done]

    async def _messages(
        self, inbound: Inbound, reply: Reply, card: Card, draw: Renderer
    ) -> list[Message]:
        if card.kind == "status" and card.release is not None:
            return await self._now(card.release, draw)
        found = [draw.message(self._told(inbound, reply, card))]
        value = button.read(inbound.value)
        number = reply.release or (value.release if value else None)
        if reply.outcome in _OVER and inbound.verb and number is not None:
            release = await fresh.stored(self._services, number)
            nonce = value.nonce if value else ""
            now = fresh.since(self._services, release, nonce) if release else []
            found += [draw.message(item) for item in now]
        return found[:MESSAGES]

    def _told(self, inbound: Inbound, reply: Reply, card: Card) -> Card:
        """The card with what only LINE has to add to it."""
        lines: tuple[Text, ...] = ()
        if reply.outcome is Outcome.REFUSED and not inbound.person:
            lines = (text("line.unlinked" if inbound.identity else "line.no_consent"),)
        if card.title.key == "whoami.title" and self._is_admin(inbound.person):
            lines = self._quota()
        return card.model_copy(update={"lines": (*card.lines, *lines)}) if lines else card

    def _is_admin(self, person: str) -> bool:
        found = self._services.file().people.get(person)
        return found is not None and Role.ADMIN in {found.role, *found.roles.values()}

    def _quota(self) -> tuple[Text, ...]:
        known = self._speaker.quota.known
        return (text("line.quota", left=known[1], limit=known[0]),) if known else ()
