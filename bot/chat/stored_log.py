"""The web rooms' log in the store: what `StoreRoomLog` keeps, in the words of the RoomLog port."""

from __future__ import annotations

from datetime import datetime

from bot.chat.room import RoomMessage
from bot.core.card import Card
from bot.ports import RoomError
from bot.store.errors import StoreError
from bot.store.room_log import StoreRoomLog


class StoredLog:
    """A RoomLog over the store. Raises RoomError when the store cannot store or read."""

    def __init__(self, log: StoreRoomLog) -> None:
        self._log = log

    async def put(self, room: str, key: str, card: Card, at: datetime) -> str:
        """Insert the message or edit the one with this key."""
        try:
            return str((await self._log.put(room, key, card, at)).id)
        except StoreError as error:
            raise RoomError(str(error)) from error

    async def since(self, room: str, change: int, limit: int) -> list[RoomMessage]:
        """Messages changed after `change`, oldest change first."""
        try:
            found = await self._log.since(room, change, limit)
        except StoreError as error:
            raise RoomError(str(error)) from error
        return [
            RoomMessage(
                id=str(m.id),
                room=m.room,
                key=m.key,
                change=m.change,
                at=m.at,
                edited=m.edited is not None,
                card=m.card,
            )
            for m in found
        ]

    async def wait(self, room: str, change: int, timeout: float) -> None:  # noqa: ASYNC109 - see RoomLog
        """Return when something newer than `change` exists, at the latest after `timeout` s."""
        await self._log.wait(room, change, timeout)
