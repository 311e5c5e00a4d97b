"""The counts behind each verdict, so that they can be compared with what a recount finds."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bot.store.rows import VerdictCountsRow
from bot.store.session import INSERTS, Session
from bot.store.tables import verdict_counts

_KEY = ("release_id", "step", "round", "repeat")
_NEW = {name: insert(verdict_counts) for name, insert in INSERTS.items()}
_PUT = {
    name: new.on_conflict_do_update(index_elements=_KEY, set_={"body": new.excluded.body})
    for name, new in _NEW.items()
}
_OF = (
    select(verdict_counts)
    .where(
        verdict_counts.c.release_id == bindparam("release"),
        verdict_counts.c.step == bindparam("which"),
    )
    .order_by(verdict_counts.c.round, verdict_counts.c.repeat)
)


class VerdictCountsTx(Session):
    """The counts of verdicts in one transaction."""

    def put_verdict_counts(self, row: VerdictCountsRow) -> None:
        """Keep the counts of a round, in place of those of an earlier attempt at it."""
        values = {
            "release_id": row.release_id,
            "step": row.step,
            "round": row.round,
            "repeat": row.repeat,
            "body": row.body,
        }
        self.run(_PUT[self.dialect], values)

    def verdict_counts(self, release_id: int, step: str) -> list[VerdictCountsRow]:
        """The counts of all rounds of a check, in order."""
        found = self.run(_OF, {"release": release_id, "which": step})
        return [VerdictCountsRow(**row) for row in found.mappings()]
