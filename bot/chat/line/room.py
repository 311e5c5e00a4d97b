"""A LINE chat as a room: nothing can be edited there, so it is told only what is worth it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.chat.line import more
from bot.chat.line.limits import Message
from bot.chat.line.render import Renderer, mention
from bot.chat.line.speaker import Speaker
from bot.chat.line.worth import worth
from bot.chat.texts import Words
from bot.core.card import Card
from bot.core.config import Person
from bot.core.verdict.verdict import Result

HELD = "held"
"""The reference of a card that nobody was told of; who asks sees it."""
EVIDENCE = 2
"""Verdicts that go along with the next question: they cost nothing more."""


class LineChat:
    """One chat (the Room port)."""

    def __init__(
        self,
        key: str,
        chat: str,
        *,
        speaker: Speaker,
        say: Callable[[], Words],
        people: Callable[[], Mapping[str, Person]],
    ) -> None:
        self._key = key
        self._chat = chat
        self._speaker = speaker
        self._say = say
        self._people = people
        self._verdicts: dict[str, Card] = {}

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Tell the chat once what is worth it; everything else waits until somebody asks."""
        if card.kind == "verdict" and card.state in set(Result):
            self._remember(key, card)
        value = worth(card)
        if value is None or ref not in {None, HELD}:
            return ref or HELD
        messages = [self._draw(key, card), *self._called(card), *self._evidence(card)]
        return await self._speaker.tell(self._chat, f"{self._key}:{key}", value, messages)

    async def close(self) -> None:
        """Nothing to give back: the connection belongs to the platform."""

    def _draw(self, key: str, card: Card) -> Message:
        return Renderer(self._say()).message(card, more=more.of_card(key))

    def _called(self, card: Card) -> list[Message]:
        """A mention of those who are asked, where LINE can mention them: in groups and rooms."""
        people = self._people()
        named = {p: people[p].line for p in card.mentions if p in people and people[p].line}
        if not named or self._chat.startswith("U"):
            return []
        return [mention(self._say()(card.text), named)]

    def _remember(self, key: str, card: Card) -> None:
        self._verdicts.pop(key, None)
        self._verdicts[key] = card
        while len(self._verdicts) > EVIDENCE:
            del self._verdicts[next(iter(self._verdicts))]

    def _evidence(self, card: Card) -> list[Message]:
        if card.kind != "question":
            return []
        of_it = [key for key, told in self._verdicts.items() if told.release == card.release]
        return [self._draw(key, self._verdicts.pop(key)) for key in of_it]
