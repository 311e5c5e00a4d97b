"""A room of the try-out without a browser: says lines, presses buttons, and follows the cards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Card = dict[str, Any]

_WITHIN = 45.0


class Room:
    """One room, followed from its beginning; `cards` has each message in its newest form."""

    def __init__(self, session: aiohttp.ClientSession, base: str, name: str) -> None:
        self.cards: dict[str, Card] = {}
        self._session = session
        self._base = base
        self._name = name
        self._moved = asyncio.Condition()

    async def say(self, line: str, who: str = "mina") -> Card:
        """Type a line; the answer has `outcome` and perhaps a private `card`."""
        return await self._post("say", {"text": line, "as": who})

    async def press(self, card: Card, label: str, who: str, reason: str = "") -> Card:
        """Press the button with this label on a card."""
        [action] = [action for action in card["actions"] if action["label"] == label]
        body = {"verb": action["verb"], "value": action["value"], "reason": reason, "as": who}
        return await self._post("act", body)

    async def until(self, fits: Callable[[Card], bool], seconds: float = _WITHIN) -> Card:
        """Return the newest card that fits, as soon as there is one; fail after the deadline."""

        def found() -> list[Card]:
            return [card for card in self.cards.values() if fits(card)]

        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(found)
                return found()[-1]
        except TimeoutError:
            raise AssertionError(f"no such card within {seconds:g} s:\n{self.told()}") from None

    async def question(self, release: int, words: str, seconds: float = _WITHIN) -> Card:
        """Wait for the open question of a release whose title has these words."""

        def fits(card: Card) -> bool:
            return is_open(card) and card["release"] == release and words in card["title"]

        return await self.until(fits, seconds)

    async def board(self, release: int, state: str, seconds: float = _WITHIN) -> Card:
        """Wait until the board of a release shows a state."""

        def fits(card: Card) -> bool:
            shown = (card["kind"], card["release"], card["state"])
            return shown == ("board", release, state)

        return await self.until(fits, seconds)

    async def start(self, line: str, who: str = "mina") -> int:
        """Type a start, press Start, and return the number of the release."""
        answer = await self.say(line, who)
        assert answer["outcome"] == "accepted", answer
        release: int = answer["release"]
        card = await self.question(release, "Start release")
        pressed = await self.press(card, "Start", who)
        assert pressed["outcome"] == "accepted", pressed
        return release

    def told(self) -> str:
        """Titles, states and lines of every card, for a test that failed."""
        return "\n".join(
            f"{card['kind']} {card['state']} {card['title']} {card['lines']}"
            for card in self.cards.values()
        )

    async def follow(self) -> None:
        """Read the room's stream for ever."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
        path = f"{self._base}/api/rooms/{self._name}/stream"
        async with self._session.get(path, timeout=timeout) as answer:
            async for raw in answer.content:
                name, _, data = raw.decode().strip().partition(":")
                message = json.loads(data) if name == "data" else {}
                if "card" in message:
                    # The newest form also moves to the end: what is waited for is the newest.
                    self.cards.pop(message["id"], None)
                    self.cards[message["id"]] = message["card"]
                    async with self._moved:
                        self._moved.notify_all()

    async def _post(self, what: str, body: Card) -> Card:
        path = f"{self._base}/api/rooms/{self._name}/{what}"
        async with self._session.post(path, json={"id": uuid.uuid4().hex, **body}) as answer:
            found: Card = await answer.json()
            assert answer.status == 200, found
            return found


def is_open(card: Card) -> bool:
    """Whether the card is a question that can be answered."""
    return bool(card["kind"] == "question" and card["actions"])


@asynccontextmanager
async def entered(base: str, name: str = "release") -> AsyncIterator[Room]:
    """Enter a room of the try-out at this address."""
    # The page of the try-out listens to its own origin only.
    headers = {"Origin": base, "Sec-Fetch-Site": "same-origin"}
    async with aiohttp.ClientSession(headers=headers) as session:
        room = Room(session, base, name)
        following = asyncio.create_task(room.follow())
        try:
            yield room
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
