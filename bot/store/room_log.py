"""The messages of rooms that the bot keeps itself, as cards, with waiting for the next one."""

from __future__ import annotations

import asyncio

from bot.core.card import Card
from bot.core.value import Moment, Value, utc
from bot.store.rows import MessageRow
from bot.store.store import Store
from bot.store.tx import Tx

_SHARED_FILE_SECONDS = 1.0
_NOTIFIED_SECONDS = 10.0


class RoomMessage(Value):
    """One message. `change` is the number of its last change over all rooms."""

    id: int
    room: str
    key: str
    change: int
    at: Moment
    edited: Moment | None
    """When it was last edited; None: never."""
    card: Card


class StoreRoomLog:
    """Puts cards into rooms and reads them back in the order of their changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = asyncio.Event()
        self._stop = store.on_message(self._wake)

    def close(self) -> None:
        """Hear no more of the store."""
        self._stop()

    async def put(self, room: str, key: str, card: Card, at: Moment) -> RoomMessage:
        """Add the room's message of this key, or edit it; the same card again changes nothing."""
        text = card.model_dump_json()
        release = card.release

        def work(tx: Tx) -> MessageRow | None:
            tx.put_message(room, key, release_id=release, card=text, at=utc(at))
            return tx.message(room, key)

        row = await self._store.transact(work)
        if row is None:
            raise LookupError(key)
        return _message(row)

    async def since(self, room: str, change: int, limit: int = 200) -> tuple[RoomMessage, ...]:
        """Messages changed after `change`, in that order; for 0 the `limit` that changed last."""
        rows = await self._store.read(lambda tx: tx.messages_since(room, change, limit))
        return tuple(_message(row) for row in rows)

    async def wait(
        self,
        room: str,
        change: int,
        timeout: float,  # noqa: ASYNC109 - its end is an answer (nothing new), not an error
        limit: int = 200,
    ) -> tuple[RoomMessage, ...]:
        """Like `since`, but wait up to `timeout` seconds for a message; empty when none came."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        look_again = _NOTIFIED_SECONDS if self._store.notifies else _SHARED_FILE_SECONDS
        while True:
            # Asked for before looking, so that a change during the look is not slept through.
            changed = self._changed
            found = await self.since(room, change, limit)
            left = end - loop.time()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(changed.wait(), min(left, look_again))
            except TimeoutError:
                continue

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _message(row: MessageRow) -> RoomMessage:
    return RoomMessage(
        id=row.id,
        room=row.room,
        key=row.key,
        change=row.change,
        at=row.at,
        edited=row.edited_at,
        card=Card.model_validate_json(row.card),
    )
