"""The ports: what the bot needs of the world, each small enough to read at once."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.core.card import Card
from bot.core.counts import CountRequest, Counts
from bot.core.operation import Candidate, Find, Operation, Progress, Running, Stop


class Executor(Protocol):
    """What deploys and restarts. Work is start / look / stop with a handle that is stored.

    Every method may raise UnreachableError, except `start`, which raises RefusedError
    (certainly not begun) or UnsureError (may have begun). No call takes longer than the
    executor's configured timeout. Texts in answers carry no secrets.
    """

    async def start(self, operation: Operation) -> str:
        """Begin the operation under its key and return its handle (at most 200 characters)."""
        ...

    async def find(self, operation: Operation) -> Find:
        """Say whether an operation with this key was begun: found, absent, or cannot tell."""
        ...

    async def look(self, operation: Operation, handle: str) -> Progress:
        """Say how far the operation is, host by host. Never blocks until its end."""
        ...

    async def stop(self, operation: Operation, handle: str) -> Stop:
        """Ask the operation to stop; an executor that cannot says so."""
        ...

    async def running(self, component: str) -> Running:
        """Read the version that each host runs now."""
        ...

    async def candidates(self, component: str) -> tuple[Candidate, ...]:
        """List the versions that could be released, newest first; empty: any may be named."""
        ...

    async def close(self) -> None:
        """Give back connections and threads; running operations go on."""
        ...


@runtime_checkable
class Forgetful(Protocol):
    """An executor that keeps records of its own, and forgets them when it is told to."""

    async def forget(self, before: datetime) -> int:
        """Forget operations that ended before then, and say how many; what still runs stays.

        Nobody will look for them: their releases have ended. Raises UnreachableError.
        """
        ...


class LogStore(Protocol):
    """What counts log documents. Raises LogStoreError when it cannot count at all."""

    async def count(self, request: CountRequest) -> Counts:
        """Count each window of the request exactly and say how complete the counts are."""
        ...

    async def close(self) -> None:
        """Give back connections, files and threads."""
        ...


class Room(Protocol):
    """A place where people talk. Raises RoomError when a card could not be delivered."""

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Post the card, or edit the message `ref`, and return the message's reference.

        `key` names the message for ever: showing the same key twice never makes two messages
        where the platform can tell. A room that cannot edit posts only what `card.again` asks for.
        """
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class RoomError(Exception):
    """The card was not delivered; the message says why. Delivered later when worth it."""


class RoomBusyError(RoomError):
    """Not now, but in `seconds`: a rate limit, a pause between edits, or no connection.

    The card is made anew then, so that the last state wins; it is never given up.
    """

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds
