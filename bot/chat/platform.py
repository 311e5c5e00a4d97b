"""What a chat platform is to the bot: routes that hear, rooms that are told, and a life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
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
from bot.engine.turns import Lane
from bot.environment import Environment
from bot.ports import Room


class Intake(Protocol):
    """Where what people say and click goes in."""

    async def record(self, inbound: Inbound) -> Submission | None:
        """Record it, so that it can be acknowledged; None when the delivery came before.

        What was recorded is never lost. Raises StoreError when it could not be recorded.
        """
        ...

    def lane(self, inbound: Inbound) -> Lane:
        """The lane of a message."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether what only looks should wait in the inbox, to be taken up later."""
        ...

    def turn(self, submission: Submission, lane_: Lane) -> AbstractAsyncContextManager[None]:
        """Wait for a turn to do something recorded, and hold it."""
        ...

    def delay(self, lane_: Lane) -> float:
        """For how many seconds the first in this lane has been waiting for its turn."""
        ...

    async def process(
        self, submission: Submission, tell: Callable[[Reply], Awaitable[None]]
    ) -> Reply:
        """Do what was recorded, have the answer told, and settle both. Raises StoreError."""
        ...

    async def repeated(self, inbound: Inbound) -> Reply:
        """The answer to what came before; LATER while it is still at work."""
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

    async def finish(self, submission: Submission) -> None:
        """Do and answer something of this platform that was recorded, also by a killed process.

        Raises StoreError.
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
