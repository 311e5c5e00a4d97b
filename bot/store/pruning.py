"""What is old enough to be forgotten, deleted in small bites; journals and releases stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Delete, Select, Table, bindparam, delete, exists, func, select

from bot.core.journal import micros
from bot.store.session import Session
from bot.store.tables import effects, inbox, posts, releases, room_messages


def _next(table: Table, moment: Any, over: Any) -> Select[Any]:
    columns = (table.c.id, moment.label("moment"), over.label("over"))
    query = select(*columns).where(table.c.id > bindparam("after"))
    return query.order_by(table.c.id).limit(bindparam("count"))


_SAID = func.coalesce(room_messages.c.edited_at, room_messages.c.at)
_INBOX = _next(inbox, inbox.c.at, inbox.c.settled_at.is_not(None))
_MESSAGES = _next(room_messages, _SAID, _SAID.is_not(None))
_POSTED = exists().where(posts.c.release_id == releases.c.id)
_OWED = exists().where(effects.c.release_id == releases.c.id)
_POSTS = _next(releases, releases.c.updated_at, releases.c.live.is_(False) & ~_OWED).where(_POSTED)


def _delete(column: Column[Any]) -> Delete:
    return delete(column.table).where(column.in_(bindparam("ids", expanding=True)))


_DELETE = {
    "inbox": _delete(inbox.c.id),
    "room_messages": _delete(room_messages.c.id),
    "posts": _delete(posts.c.release_id),
}


@dataclass(frozen=True, slots=True)
class Bite:
    """What one transaction deleted."""

    deleted: int
    """Rows; of posts the releases."""
    after: int | None
    """Where the next bite begins; None: what follows is too young."""


class PruningTx(Session):
    """Forgetting, in one transaction."""

    def prune_inbox(self, after: int, before: datetime, limit: int) -> Bite:
        """Of the next `limit` rows with ids above `after`, delete the settled ones before then."""
        rows = self.run(_INBOX, {"after": after, "count": limit}).all()
        return self._bite("inbox", [tuple(row) for row in rows], micros(before), limit)

    def prune_messages(self, after: int, before: datetime, limit: int) -> Bite:
        """The same for messages of rooms that were last changed before then."""
        rows = self.run(_MESSAGES, {"after": after, "count": limit}).all()
        return self._bite("room_messages", [tuple(row) for row in rows], micros(before), limit)

    def prune_posts(self, after: int, before: datetime, limit: int) -> Bite:
        """Forget where the messages of ended releases stand that last changed before then.

        Of the next `limit` releases with posts; one that still has something to tell keeps them.
        """
        rows = self.run(_POSTS, {"after": after, "count": limit}).all()
        return self._bite("posts", [tuple(row) for row in rows], micros(before), limit)

    def _bite(self, table: str, rows: list[tuple[int, int, bool]], before: int, limit: int) -> Bite:
        old = [(number, over) for number, moment, over in rows if moment < before]
        ids = [number for number, over in old if over]
        if ids:
            self.run(_DELETE[table], {"ids": ids})
        more = bool(old) and len(rows) == limit
        return Bite(len(ids), rows[-1][0] if more else None)
