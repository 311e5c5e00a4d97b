"""Reply tokens: a free answer to the newest thing that somebody said in a chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.chat.line.limits import Message

YOUNG = timedelta(seconds=50)
"""LINE says that a token lives about a minute, and that this may change."""


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

    def offer(self, chat: str, ticket: Ticket) -> None:
        """Put a token on offer in place of the one before, unless that is newer."""
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
