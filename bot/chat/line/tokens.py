"""Reply tokens: a free answer to the newest thing that somebody said in a chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.chat.line.limits import Message

YOUNG = timedelta(seconds=50)
"""LINE says that a token lives about a minute, and that this may change."""
WITHIN = 2.0
"""Seconds that a push waits for the token of a command that is being done in its chat."""


@dataclass
class Ticket:
    """One unused reply token on offer to whatever the chat is to be told next."""

    token: str
    at: datetime
    preface: Callable[[], Awaitable[list[Message]]] | None = None
    """What the person who said it is to be told first, in the same reply."""
    taken: asyncio.Event = field(default_factory=asyncio.Event)


class Tokens:
    """The newest unused token of each chat, in this process."""

    def __init__(self) -> None:
        self._newest: dict[str, Ticket] = {}
        self._coming: dict[str, list[asyncio.Event]] = {}

    @contextmanager
    def coming(self, chat: str) -> Iterator[None]:
        """A command of this chat is being done: its token may soon be on offer."""
        done = asyncio.Event()
        self._coming.setdefault(chat, []).append(done)
        try:
            yield
        finally:
            done.set()
            self._coming[chat].remove(done)
            if not self._coming[chat]:
                del self._coming[chat]

    async def expected(self, chat: str, within: float = WITHIN) -> None:
        """Wait until nothing more is coming, or its token is on offer, at most so many seconds."""
        coming = tuple(self._coming.get(chat, ()))
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                for done in coming:
                    await done.wait()

    def offer(self, chat: str, ticket: Ticket) -> None:
        """Put a token on offer in place of the one before, unless that is newer."""
        for done in self._coming.get(chat, ()):
            done.set()
        before = self._newest.get(chat)
        if ticket.token and (before is None or before.at <= ticket.at):
            self._newest[chat] = ticket

    def take(self, chat: str, now: datetime) -> Ticket | None:
        """Take the token on offer, once; None when there is none that is young enough."""
        ticket = self._newest.pop(chat, None)
        if ticket is None or now - ticket.at >= YOUNG:
            return None
        ticket.taken.set()
        return ticket

    def withdraw(self, chat: str, ticket: Ticket) -> bool:
        """Take back this very token; False when it was taken."""
        if self._newest.get(chat) is ticket:
            del self._newest[chat]
        return not ticket.taken.is_set()
