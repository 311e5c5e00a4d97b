"""The messages of rooms that the bot keeps itself, read by the number of their last change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, bindparam, insert, select, update

from bot.core.journal import from_micros, micros
from bot.store.rows import BODY_VERSION, MessageRow
from bot.store.session import Session
from bot.store.tables import counters, room_messages

MESSAGE_CHANGE = "room_message_change"
"""The counter's name; its row is made by the first migration."""

# The counter's row stays locked until the commit: changes become visible in their own order,
# so that a reader who saw change 7 can never later be shown a change 6.
_NEXT_CHANGE = (
    update(counters)
    .where(counters.c.name == MESSAGE_CHANGE)
    .values(value=counters.c.value + 1)
    .returning(counters.c.value)
)
_HELD_COUNTER = select(counters.c.value).where(counters.c.name == MESSAGE_CHANGE).with_for_update()
_KNOWN = select(room_messages).where(
    room_messages.c.room == bindparam("room"), room_messages.c.key == bindparam("key")
)
_ADD = insert(room_messages).returning(room_messages.c.id)
_EDIT = (
    update(room_messages)
    .where(room_messages.c.id == bindparam("row_id"))
    .values(
        change=bindparam("new_change"),
        edited_at=bindparam("new_edited_at"),
        card=bindparam("new_card"),
        body_version=bindparam("new_body_version"),
    )
)
_SINCE = (
    select(room_messages)
    .where(room_messages.c.room == bindparam("room"), room_messages.c.change > bindparam("change"))
    .order_by(room_messages.c.change)
    .limit(bindparam("count"))
)
_NEWEST = (
    select(room_messages)
    .where(room_messages.c.room == bindparam("room"))
    .order_by(room_messages.c.change.desc())
    .limit(bindparam("count"))
)


class MessagesTx(Session):
    """The rooms' messages in one transaction."""

    def put_message(
        self, room: str, key: str, *, release_id: int | None, card: str, at: datetime
    ) -> tuple[int, int]:
        """Add the room's message of this key, or edit it: its id and the number of the change.

        The same card (JSON) again is no change: id and change are those from before.
        """
        # Held first, so that of two writers of a new key the second finds the first one's row.
        if self.dialect == "postgresql":
            self.run(_HELD_COUNTER)
        known = self.run(_KNOWN, {"room": room, "key": key}).one_or_none()
        if known is not None and known.card == card:
            return known.id, known.change
        change: int = self.run(_NEXT_CHANGE).scalar_one()
        self.rooms_changed = True
        if known is not None:
            self._edit(known.id, change, card, at)
            return known.id, change
        values = {
            "room": room,
            "key": key,
            "release_id": release_id,
            "change": change,
            "at": micros(at),
            "edited_at": None,
            "card": card,
            "body_version": BODY_VERSION,
        }
        return self.run(_ADD, values).scalar_one(), change

    def messages_since(self, room: str, change: int, limit: int) -> list[MessageRow]:
        """Messages added or edited after this change, in the order of their last changes.

        For change 0: the `limit` that changed last, in the same order. The last one's change is
        where to go on; nothing is ever skipped by that.
        """
        if change <= 0:
            newest = self.run(_NEWEST, {"room": room, "count": limit}).all()
            return [_row(row) for row in reversed(newest)]
        values = {"room": room, "change": change, "count": limit}
        return [_row(row) for row in self.run(_SINCE, values)]

    def message(self, room: str, key: str) -> MessageRow | None:
        """The room's message of this key; None when there is none."""
        row = self.run(_KNOWN, {"room": room, "key": key}).one_or_none()
        return None if row is None else _row(row)

    def _edit(self, message_id: int, change: int, card: str, at: datetime) -> None:
        values = {
            "row_id": message_id,
            "new_change": change,
            "new_edited_at": micros(at),
            "new_card": card,
            "new_body_version": BODY_VERSION,
        }
        self.run(_EDIT, values)


def _row(row: Row[tuple[object, ...]]) -> MessageRow:
    edited_at = row.edited_at
    return MessageRow(
        id=row.id,
        room=row.room,
        key=row.key,
        release_id=row.release_id,
        change=row.change,
        at=from_micros(row.at),
        edited_at=None if edited_at is None else from_micros(edited_at),
        card=row.card,
        body_version=row.body_version,
    )
