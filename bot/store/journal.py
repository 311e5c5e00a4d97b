"""The journal: rows are only ever added, each sealed to the one before it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, bindparam, insert, select, union

from bot.core.journal import FIRST_PREVIOUS, JournalRow, from_micros, micros, sealed
from bot.store.rows import BODY_VERSION
from bot.store.session import JOURNAL_LOCK, Session
from bot.store.tables import journal, releases

_ADD = insert(journal)
_HEAD = (
    select(journal.c.seq, journal.c.hash)
    .where(journal.c.release_id == bindparam("release_id"))
    .order_by(journal.c.seq.desc())
    .limit(1)
)
_AFTER = (
    select(journal)
    .where(journal.c.release_id == bindparam("release_id"), journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
)
_RELEASES = union(select(journal.c.release_id), select(releases.c.id)).order_by("release_id")


class JournalTx(Session):
    """The journal in one transaction."""

    def append(
        self, release_id: int, *, at: datetime, actor: str, code: str, body: str
    ) -> JournalRow:
        """Add the next row of the release; `body` is JSON. It can never be changed or deleted."""
        seq, previous = self._journal_head(release_id)
        row = sealed(
            JournalRow(
                release_id=release_id,
                seq=seq + 1,
                at=at,
                actor=actor,
                code=code,
                body=body,
                body_version=BODY_VERSION,
                prev_hash=previous,
                hash="",
            )
        )
        values = {
            "release_id": release_id,
            "seq": row.seq,
            "at": micros(at),
            "actor": actor,
            "code": code,
            "body": body,
            "body_version": BODY_VERSION,
            "prev_hash": previous,
            "hash": row.hash,
        }
        self.run(_ADD, values)
        self.journal_heads[release_id] = (row.seq, row.hash)
        return row

    def journal(self, release_id: int, after: int = 0) -> list[JournalRow]:
        """The release's rows with a `seq` above `after`, in order."""
        values = {"release_id": release_id, "after": after}
        return [_row(row) for row in self.run(_AFTER, values)]

    def journalled_releases(self) -> list[int]:
        """The ids of all releases and of all that have a journal; 0 is the bot's own."""
        return list(self.run(_RELEASES).scalars())

    def _journal_head(self, release_id: int) -> tuple[int, str]:
        known = self.journal_heads.get(release_id)
        if known is not None:
            return known
        self.alone(JOURNAL_LOCK, release_id)
        head = self.run(_HEAD, {"release_id": release_id}).one_or_none()
        return (0, FIRST_PREVIOUS) if head is None else (head.seq, head.hash)


def _row(row: Row[tuple[object, ...]]) -> JournalRow:
    return JournalRow(
        release_id=row.release_id,
        seq=row.seq,
        at=from_micros(row.at),
        actor=row.actor,
        code=row.code,
        body=row.body,
        body_version=row.body_version,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
