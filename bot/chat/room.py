"""The web room: cards are stored in a log that every open page follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from bot.core.card import Card
from bot.core.value import Moment, Value


class RoomMessage(Value):
    """One message of a web room as it stands now."""

    id: str
    """Names the message for ever."""
    room: str
    key: str
    """What the message is for, unique in its room: `release:42:board`."""
    change: int
    """Grows with every insert and edit in the log; the position to catch up from."""
    at: Moment
    """When it was first posted."""
    edited: bool
    card: Card


class RoomLog(Protocol):
    """The stored messages of all web rooms. Raises RoomError when it cannot store or read."""

    async def put(self, room: str, key: str, card: Card, at: datetime) -> str:
        """Insert the message, or edit the one with this room and key; return its id."""
        ...

    async def since(self, room: str, change: int, limit: int) -> list[RoomMessage]:
        """List messages changed after `change`, oldest change first, each in its newest form."""
        ...

    async def wait(self, room: str, change: int, timeout: float) -> None:  # noqa: ASYNC109 - the log ends its own waiting; a wake-up may be lost, a timeout not
        """Return when something newer than `change` may exist, at the latest after `timeout` s."""
        ...


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebRoom:
    """A room in the browser (the Room port): posting and editing are one `put` into the log."""

    def __init__(self, key: str, log: RoomLog, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._key = key
        self._log = log
        self._now = now

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Store the card under its key; the log edits in place, so `ref` is not needed."""
        del ref
        return await self._log.put(self._key, key, card, self._now())

    async def close(self) -> None:
        """Nothing to give back: the log belongs to the store."""
