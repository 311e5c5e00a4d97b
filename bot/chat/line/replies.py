"""What the person who typed or pressed something is told, with the reply token of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.chat.line import fresh, more
from bot.chat.line.api import LineError
from bot.chat.line.carousel import LISTED, carousel
from bot.chat.line.events import Heard
from bot.chat.line.limits import MESSAGES, QUICK_REPLIES, Message
from bot.chat.line.pieces import WAKE
from bot.chat.line.render import Renderer, plain, say_it
from bot.chat.line.speaker import Speaker
from bot.chat.line.tokens import Ticket
from bot.chat.line.worth import worth
from bot.chat.texts import Words
from bot.core import button
from bot.core.card import Card
from bot.core.config import Role
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.release import Phase
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.engine import linking, watching
from bot.engine.services import Services

log = structlog.get_logger("release_master.line")

PATIENCE = 1.2
"""Seconds that the token of an accepted command waits for what the release says next."""
PRIVATE = frozenset({"whoami.linked", "whoami.watches"})
"""Lines of `whoami` that a group does not read."""
_OVER = frozenset({Outcome.DECIDED, Outcome.EXPIRED})
_ASKABLE = (Verb.STATUS, Verb.ERRORS, Verb.HISTORY, Verb.WHOAMI)
_NEXT: Message = {
    "quickReply": {
        "items": [say_it(said, f"{WAKE} {said}") for said in ("status", "errors since deploy")]
    }
}
"""What is asked next while a release runs; everything else is a button of its cards."""


@dataclass(frozen=True)
class Manner:
    """How an answer is shown."""

    quick: Sequence[Message] = ()
    """Quick replies in front of those that the card has."""
    whole: bool = False
    """[More] was pressed: every row, as a carousel."""


PLAINLY = Manner()


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
        self, heard: Heard, inbound: Inbound, reply: Reply, manner: Manner = PLAINLY
    ) -> None:
        """Tell how it ended; what was accepted is shown by what the release says next."""
        card, number = reply.card, reply.release
        if reply.outcome is Outcome.LATER:
            await self.say(heard, inbound.room, text("line.later"))
        elif reply.outcome is Outcome.ACCEPTED and card is None:
            await self._accepted(heard, inbound.room, number)
        elif reply.outcome is Outcome.REPEATED or card is None:
            return
        elif manner.whole:
            await self.whole(heard, inbound.room, card)
        elif card.kind == "status" and card.release is not None:
            await self._show(heard, inbound.room, card.release)
        elif reply.outcome in _OVER and inbound.verb:
            value = button.read(inbound.value)
            shown = number or (value.release if value else None)
            first = await self._told(inbound, reply, card)
            nonce = value.nonce if value else ""
            await self._show(heard, inbound.room, shown, first=first, nonce=nonce)
        else:
            told = await self._told(inbound, reply, card)
            message = self._message(inbound, told)
            await self._speaker.answer(heard.token, [_offering(message, card, manner.quick)])

    def _message(self, inbound: Inbound, card: Card) -> Message:
        draw = self._draw(inbound.room)
        listed = carousel(draw, card) if card.kind in LISTED else None
        if listed is not None:
            return listed
        return draw.message(card, more=more.of_line(inbound.text, self._services))

    async def whole(self, heard: Heard, room: str, card: Card) -> None:
        """Every row of a card; a card that has few is shown as it is."""
        draw = self._draw(room)
        await self._speaker.answer(heard.token, [carousel(draw, card) or draw.message(card)])

    async def name(self, user: str) -> str:
        """What LINE calls somebody who talks with the bot alone; empty where it does not say."""
        try:
            return await self._speaker.api.name(user)
        except LineError as error:
            log.warning("line_name_unread", error=str(error))
            return ""

    async def say(self, heard: Heard, room: str, what: Text) -> None:
        """One sentence."""
        await self._speaker.answer(heard.token, [plain(self._words(room)(what))])

    async def send(self, heard: Heard, messages: Sequence[Message]) -> None:
        """Messages that are made already."""
        await self._speaker.answer(heard.token, messages)

    async def _accepted(self, heard: Heard, room: str, number: int | None) -> None:
        """Let the next question use the token, with the board before it; else show the board."""

        async def board() -> list[Message]:
            release = await fresh.stored(self._services, number)
            # A plan is shown by its question, an end by its result.
            if release is None or release.phase is Phase.PLANNED or not release.live:
                return []
            key = f"release:{release.id}:board"
            shown = fresh.cards(self._services, release)[key]
            return [self._draw(room).message(shown, more=more.of_card(key))]

        ticket = Ticket(token=heard.token, at=self._services.now(), preface=board)
        self._speaker.tokens.offer(heard.chat, ticket)
        try:
            await asyncio.wait_for(ticket.taken.wait(), self._patience)
        except TimeoutError:
            # What is told meanwhile waits: it may be among what is shown.
            with self._speaker.tokens.coming(heard.chat):
                if self._speaker.tokens.withdraw(heard.chat, ticket):
                    await self._show(heard, room, number)

    async def _show(
        self,
        heard: Heard,
        room: str,
        number: int | None,
        *,
        first: Card | None = None,
        nonce: str = "",
    ) -> None:
        """The release as it is now; its open questions need not be pushed any more then."""
        release = await fresh.stored(self._services, number)
        now = fresh.cards(self._services, release, nonce) if release else {}
        if room == DIRECT:
            # Nobody that release.yml knows: a button would only be refused.
            now = {key: watching.for_one(card) for key, card in now.items()}
        draw = self._draw(room)
        room_for = MESSAGES - 1 if first else MESSAGES
        now = dict(list(now.items())[:room_for])
        messages = [draw.message(first)] if first else []
        messages += [draw.message(card, more=more.of_card(key)) for key, card in now.items()]
        if release is not None and release.live:
            # Only the newest message shows them.
            messages = [*messages[:-1], messages[-1] | _NEXT]
        done = plain(self._words(room)(text("line.done")))
        if await self._speaker.answer(heard.token, messages or [done]):
            for key, card in now.items():
                if worth(card) is not None:
                    await self._speaker.told(f"{room}:{key}")

    def _draw(self, room: str) -> Renderer:
        return Renderer(self._words(room))

    async def _told(self, inbound: Inbound, reply: Reply, card: Card) -> Card:
        """The card with what only LINE has to add to it."""
        lines: tuple[Text, ...] = ()
        if reply.outcome is Outcome.REFUSED and not inbound.person:
            lines = (text("line.unlinked" if inbound.identity else "line.no_consent"),)
        if card.title.key == "whoami.title":
            card = self._for_the_group(inbound, card)
            lines = await self._quota() if self._is_admin(inbound.person) else ()
        return card.model_copy(update={"lines": (*card.lines, *lines)}) if lines else card

    def _for_the_group(self, inbound: Inbound, card: Card) -> Card:
        """What others may read too: nothing about accounts, and nothing about what one watches."""
        if linking.is_alone(self._services, inbound):
            return card
        kept = [line for line in card.lines if not (isinstance(line, Text) and line.key in PRIVATE)]
        if len(kept) == len(card.lines):
            return card
        return card.model_copy(update={"lines": (*kept, text("line.one_to_one"))})

    def _is_admin(self, person: str) -> bool:
        found = self._services.file().people.get(person)
        return found is not None and Role.ADMIN in {found.role, *found.roles.values()}

    async def _quota(self) -> tuple[Text, ...]:
        await self._speaker.quota.refresh()
        known = self._speaker.quota.known
        return (text("line.quota", left=known[1], limit=known[0]),) if known else ()


def _offering(message: Message, card: Card, quick: Sequence[Message]) -> Message:
    """The same message with quick replies in front of those that it has."""
    items = message.get("quickReply", {"items": []})["items"]
    if card.kind == "help":
        items = [say_it(str(verb), f"release {verb}") for verb in _ASKABLE]
    whole = [*quick, *items][:QUICK_REPLIES]
    return message | ({"quickReply": {"items": whole}} if whole else {})
