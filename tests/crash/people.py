"""The people of a release in a web room: they type the start, press what is asked, and watch."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp

from tests.crash.bot_process import TOKENS

Card = dict[str, Any]
LOST = (aiohttp.ClientError, ConnectionError)
"""What people see when the bot is killed in front of them."""
_WITHIN = 60.0


class Room:
    """The web room `release` as its people see it; `cards` has each message in its newest form."""

    def __init__(self, sessions: Mapping[str, aiohttp.ClientSession], base: str) -> None:
        self.cards: dict[str, Card] = {}
        self._sessions = sessions
        self._base = base
        self._moved = asyncio.Condition()
        self._is_gone = False

    async def say(self, who: str, line: str, ident: str = "") -> Card:
        """Type a line; a repeat has the same `ident`."""
        return await self._post(who, "say", {"text": line}, ident or line)

    async def press(self, who: str, action: Card) -> Card:
        """Press a button; pressed again, it is the same click."""
        body = {"verb": action["verb"], "value": action["value"], "reason": "a test"}
        return await self._post(who, "act", body, f"{action['verb']} {action['value']}")

    async def until(self, found: Callable[[], Any], seconds: float = _WITHIN) -> Any:
        """Return what is found in the cards as soon as it is there.

        Raises ConnectionError when the bot ends before.
        """
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self._is_gone or found())
                if self._is_gone:
                    raise ConnectionError("the bot is gone")
                return found()
        except TimeoutError:
            raise AssertionError(f"not within {seconds:g} s:\n{self.told()}") from None

    def open_questions(self) -> list[Card]:
        """The questions that can be answered."""
        return [c for c in self.cards.values() if c["kind"] == "question" and c["actions"]]

    def offering(self, verb: str) -> Card | None:
        """The open question that offers this."""
        asked = self.open_questions()
        return next((c for c in asked if verb in [a["verb"] for a in c["actions"]]), None)

    def result(self) -> Card | None:
        """The last card of the release, when it has ended."""
        return next((c for c in self.cards.values() if c["kind"] == "result"), None)

    def told(self) -> str:
        """Every card in a line, for a test that failed."""
        return "\n".join(
            f"{key} {c['kind']} {c['state']} {c['title']} {c['lines']}"
            for key, c in self.cards.items()
        )

    async def follow(self) -> None:
        """Read the room's stream until the bot ends."""
        try:
            await self._follow()
        finally:
            async with self._moved:
                self._is_gone = True
                self._moved.notify_all()

    async def _follow(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        path = f"{self._base}/api/rooms/release/stream"
        async with self._sessions["mina"].get(path, timeout=timeout) as answer:
            assert answer.status == 200, await answer.text()
            async for raw in answer.content:
                name, _, data = raw.decode().strip().partition(":")
                message = json.loads(data) if name == "data" else {}
                if "card" not in message:
                    continue
                async with self._moved:
                    self.cards[message["key"]] = {**message["card"], "id": message["id"]}
                    self._moved.notify_all()

    async def _post(self, who: str, what: str, body: Card, ident: str) -> Card:
        name = hashlib.sha256(ident.encode()).hexdigest()[:32]
        path = f"{self._base}/api/rooms/release/{what}"
        async with self._sessions[who].post(path, json={"id": name, **body}) as answer:
            said: Card = await answer.json()
            assert answer.status == 200, said
            return said


@asynccontextmanager
async def entered(base: str) -> AsyncIterator[Room]:
    """Sign everybody in and follow the room."""
    async with AsyncExitStack() as stack:
        sessions = {}
        for name, token in TOKENS.items():
            jar = aiohttp.CookieJar(unsafe=True)
            session = aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": base})
            sessions[name] = await stack.enter_async_context(session)
            form = {"token": token}
            async with session.post(f"{base}/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
        room = Room(sessions, base)
        following = asyncio.create_task(room.follow())
        try:
            yield room
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def take_part(room: Room, line: str, answers: Mapping[str, str], *, repeat: bool) -> Card:
    """Start a release and answer what is asked until it has ended; returns its last card.

    `answers` says who presses which verb, the first that fits. With `repeat` the start is typed
    (again); otherwise only what appears is answered.
    """
    if repeat:
        await room.say("mina", line)
    pressed: set[str] = set()

    def next_click() -> Any:
        for card in room.open_questions():
            for verb, who in answers.items():
                for action in card["actions"]:
                    if action["verb"] == verb and action["value"] not in pressed:
                        return who, action
        return room.result()

    while not isinstance(found := await room.until(next_click), dict):
        who, action = found
        pressed.add(action["value"])
        await room.press(who, action)
    return found
