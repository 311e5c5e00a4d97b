"""Which message of a room shows which slot of a release, and with what content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from bot.core.journal import from_micros, micros
from bot.store.rows import PostRow
from bot.store.session import INSERTS, Session
from bot.store.tables import posts

_ONE = select(posts).where(
    posts.c.room == bindparam("room"),
    posts.c.release_id == bindparam("release_id"),
    posts.c.slot == bindparam("slot"),
)
_NEW = {name: insert(posts) for name, insert in INSERTS.items()}
_PUT = {
    name: new.on_conflict_do_update(
        index_elements=["room", "release_id", "slot"],
        set_={"ref": new.excluded.ref, "digest": new.excluded.digest, "at": new.excluded.at},
    )
    for name, new in _NEW.items()
}


class PostsTx(Session):
    """The posts in one transaction."""

    def post(self, room: str, release_id: int, slot: str) -> PostRow | None:
        """What the room shows in this slot; None when nothing was posted yet."""
        key = {"room": room, "release_id": release_id, "slot": slot}
        row = self.run(_ONE, key).one_or_none()
        if row is None:
            return None
        return PostRow(ref=row.ref, digest=row.digest, at=from_micros(row.at))

    def put_post(
        self, room: str, release_id: int, slot: str, *, ref: str, digest: str, at: datetime
    ) -> None:
        """Remember the message that shows this slot now."""
        values = {
            "room": room,
            "release_id": release_id,
            "slot": slot,
            "ref": ref,
            "digest": digest,
            "at": micros(at),
        }
        self.run(_PUT[self.dialect], values)
