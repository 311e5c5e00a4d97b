"""Stored calibrations: the newest few of each, so that a long release finds its own again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from bot.core.journal import micros
from bot.store.rows import CalibrationRow
from bot.store.session import INSERTS, Session
from bot.store.tables import calibrations

KEPT = 3
"""How many of one key stay."""

_OF = calibrations.c.key == bindparam("which")
_COLUMNS = [column for column in calibrations.c if column.name != "at"]
_LAST = (
    select(*_COLUMNS)
    .where(_OF, calibrations.c.end <= bindparam("limit"))
    .order_by(calibrations.c.end.desc())
    .limit(1)
)
_ENDS = select(calibrations.c.end).where(_OF).order_by(calibrations.c.end.desc())
_NEW = {name: insert(calibrations) for name, insert in INSERTS.items()}
_PUT = {
    name: new.on_conflict_do_update(
        index_elements=["key", "end"],
        set_={part: new.excluded[part] for part in ("digest", "body", "at")},
    )
    for name, new in _NEW.items()
}
_DROP = delete(calibrations).where(_OF, calibrations.c.end < bindparam("oldest"))
_DROP_OLD = delete(calibrations).where(calibrations.c.at < bindparam("before"))


class CalibrationsTx(Session):
    """Calibrations in one transaction. Minutes are numbered from the epoch."""

    def calibration(self, key: str, limit: int) -> CalibrationRow | None:
        """The newest one that ends at this minute or before it."""
        row = self.run(_LAST, {"which": key, "limit": limit}).mappings().one_or_none()
        return CalibrationRow(**row) if row else None

    def calibration_ends(self, key: str) -> list[int]:
        """The ends of all that are kept, the newest first."""
        return list(self.run(_ENDS, {"which": key}).scalars())

    def put_calibration(self, row: CalibrationRow, *, at: datetime, before: datetime) -> None:
        """Keep one, drop older ones beyond the newest few, and all that were made `before`."""
        values = {"key": row.key, "end": row.end, "digest": row.digest, "body": row.body}
        self.run(_DROP_OLD, {"before": micros(before)})
        self.run(_PUT[self.dialect], {**values, "at": micros(at)})
        kept = self.calibration_ends(row.key)[:KEPT]
        self.run(_DROP, {"which": row.key, "oldest": kept[-1]})
