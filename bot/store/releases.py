"""Releases: numbered once for ever, changed by compare-and-set only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, bindparam, insert, select, update

from bot.core.journal import from_micros, micros
from bot.store.errors import StaleError
from bot.store.rows import BODY_VERSION, ReleaseHead, ReleaseRow
from bot.store.session import Session
from bot.store.tables import releases

_NEW = insert(releases).returning(releases.c.id)
_PUT = (
    update(releases)
    .where(releases.c.id == bindparam("row_id"), releases.c.version == bindparam("expected"))
    .values(
        phase=bindparam("new_phase"),
        live=bindparam("new_live"),
        version=releases.c.version + 1,
        body=bindparam("new_body"),
        body_version=bindparam("new_body_version"),
        updated_at=bindparam("new_updated_at"),
    )
)
_BY_ID = select(releases).where(releases.c.id == bindparam("id"))
_BY_ID_HELD = _BY_ID.with_for_update(key_share=True)
_LIVE = select(releases).where(releases.c.live).order_by(releases.c.id)
_LIVE_HEADS = (
    select(releases.c.id, releases.c.target, releases.c.phase)
    .where(releases.c.live)
    .order_by(releases.c.id)
)
_NEWEST = select(releases).order_by(releases.c.id.desc()).limit(bindparam("count"))
_NEWEST_OF_TARGET = (
    select(releases)
    .where(releases.c.target == bindparam("target"))
    .order_by(releases.c.id.desc())
    .limit(bindparam("count"))
)


class ReleasesTx(Session):
    """Releases in one transaction."""

    def new_release(self, target: str, at: datetime) -> int:
        """Begin a live release at version 0 with an empty body; its id is never used again."""
        values = {
            "target": target,
            "phase": "",
            "live": True,
            "version": 0,
            "body": "{}",
            "body_version": BODY_VERSION,
            "created_at": micros(at),
            "updated_at": micros(at),
        }
        new: int = self.run(_NEW, values).scalar_one()
        return new

    def put_body(
        self,
        release_id: int,
        *,
        expected_version: int,
        phase: str,
        live: bool,
        body: str,
        at: datetime,
    ) -> int:
        """Replace the release's state and return its new version.

        Raises StaleError when it is not at `expected_version` (or does not exist).
        """
        values = {
            "row_id": release_id,
            "expected": expected_version,
            "new_phase": phase,
            "new_live": live,
            "new_body": body,
            "new_body_version": BODY_VERSION,
            "new_updated_at": micros(at),
        }
        if self.run(_PUT, values).rowcount != 1:
            raise StaleError(release_id, expected_version)
        return expected_version + 1

    def get(self, release_id: int) -> ReleaseRow | None:
        """Read one release; None when there is none.

        In `transact` nobody else can change it until the end: reading, deciding and `put_body`
        are one step there.
        """
        statement = _BY_ID if self.read_only else _BY_ID_HELD
        row = self.run(statement, {"id": release_id}).one_or_none()
        return None if row is None else _row(row)

    def live(self) -> list[ReleaseRow]:
        """Every release that is not over, oldest first."""
        return [_row(row) for row in self.run(_LIVE)]

    def live_heads(self) -> list[ReleaseHead]:
        """Every release that is not over, oldest first, without its body: cheap for thousands."""
        rows = self.run(_LIVE_HEADS)
        return [ReleaseHead(id=row.id, target=row.target, phase=row.phase) for row in rows]

    def recent(self, target: str | None, limit: int) -> list[ReleaseRow]:
        """The newest releases first, of one target or of all."""
        if target is None:
            return [_row(row) for row in self.run(_NEWEST, {"count": limit})]
        values = {"target": target, "count": limit}
        return [_row(row) for row in self.run(_NEWEST_OF_TARGET, values)]


def _row(row: Row[tuple[object, ...]]) -> ReleaseRow:
    return ReleaseRow(
        id=row.id,
        target=row.target,
        phase=row.phase,
        live=row.live,
        version=row.version,
        body=row.body,
        body_version=row.body_version,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )
