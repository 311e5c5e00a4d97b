"""What a chat platform is to the bot: routes that hear, rooms that are told, and a life."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from bot.chat.texts import Words
from bot.core.config import RoomConfig
from bot.core.inbound import Inbound, Reply
from bot.core.release import Release
from bot.core.value import Text
from bot.engine.services import Services
from bot.engine.submission import Submission
from bot.environment import Environment
from bot.ports import Room


class Intake(Protocol):
    """Where what people say and click goes in."""

    async def submit(self, inbound: Inbound, recorded: Callable[[], None] | None = None) -> Reply:
        """Record the message, do what it asks for, and say how it ended.

        What was recorded is never lost, and `recorded` is called then; raises StoreError when it
        could not be recorded.
        """
        ...

    async def record(self, inbound: Inbound) -> Submission | None:
        """Only record it, for an acknowledgement that cannot wait; None: it came before."""
        ...

    async def process(self, number: int, inbound: Inbound) -> Reply:
        """Do what was recorded under this number, and say how it ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a platform stands on."""

    environment: Environment
    """Tokens and addresses, as they were when the bot started."""
    fresh: Callable[[], Environment]
    """The same as it is after the last reload: some tokens may be new."""
    services: Services
    """The store, release.yml as it is valid now, and the time."""
    intake: Intake
    """Where everything goes that was heard and verified."""
    background: Callable[[Coroutine[Any, Any, None], str], object]
    """Runs work beside everything else and keeps it alive until it ends or the bot stops."""
    words: Callable[[str], Words]
    """room key, or `@PERSON` -> its sentences, in that room's language and zone."""


class Platform(Protocol):
    """One chat platform of this process."""

    name: str
    """slack or line."""

    def routes(self) -> Sequence[web.RouteDef]:
        """What the web application answers for it; each checks the platform's own signature."""
        ...

    def room(self, key: str, config: RoomConfig) -> Room | None:
        """The room of this configuration; None when it is another platform's."""
        ...

    def direct(self, key: str, identity: str) -> Room | None:
        """The chat with one person alone, whose account this is: `slack:U…`, `line:U…`.

        `key` is `@PERSON`, as for `Ground.words`. None when the account is another platform's.
        """
        ...

    def notes(self, release: Release) -> tuple[Text, ...]:
        """What people should know of it before they start this release; empty: nothing."""
        ...

    async def start(self) -> None:
        """Connect. What fails later is tried again, and told by `trouble`."""
        ...

    async def stop(self) -> None:
        """Hear nothing more and give back connections, within two seconds."""
        ...

    def trouble(self) -> str:
        """Why it is not ready; empty when it is."""
        ...
