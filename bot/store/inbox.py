"""What came in: recorded once by its dedupe key, settled once with a result."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, bindparam, select, update

from bot.core.journal import from_micros, micros
from bot.store.rows import BODY_VERSION, InboxRow
from bot.store.session import INSERTS, Session
from bot.store.tables import inbox

_RECORD = {
    name: insert(inbox).on_conflict_do_nothing(index_elements=["dedupe"]).returning(inbox.c.id)
    for name, insert in INSERTS.items()
}
_BY_ID = select(inbox).where(inbox.c.id == bindparam("id"))
_UNSETTLED = (
    select(inbox)
    .where(inbox.c.settled_at.is_(None), inbox.c.at <= bindparam("until"))
    .order_by(inbox.c.at, inbox.c.id)
)
_RESULT = select(inbox.c.result).where(inbox.c.dedupe == bindparam("dedupe"))
_SETTLE = (
    update(inbox)
    .where(inbox.c.id == bindparam("row_id"), inbox.c.settled_at.is_(None))
    .values(result=bindparam("result"), settled_at=bindparam("settled_at"))
)


class InboxTx(Session):
    """The inbox in one transaction."""

    def record(self, dedupe: str, surface: str, body: str, at: datetime) -> int | None:
        """Keep what came in and return its id; None when this dedupe key was seen before."""
        values = {
            "dedupe": dedupe,
            "surface": surface,
            "body": body,
            "body_version": BODY_VERSION,
            "at": micros(at),
        }
        found: int | None = self.run(_RECORD[self.dialect], values).scalar_one_or_none()
        return found

    def inbox_row(self, inbox_id: int) -> InboxRow | None:
        """Read one row; None when there is none."""
        row = self.run(_BY_ID, {"id": inbox_id}).one_or_none()
        return None if row is None else _row(row)

    def settle(self, inbox_id: int, result: str, at: datetime) -> bool:
        """Store the result (JSON); False when it was settled before, which then stays."""
        values = {"row_id": inbox_id, "result": result, "settled_at": micros(at)}
        return self.run(_SETTLE, values).rowcount == 1

    def unsettled(self, older_than: datetime) -> list[InboxRow]:
        """Rows that came in at or before `older_than` and have no result, oldest first."""
        return [_row(row) for row in self.run(_UNSETTLED, {"until": micros(older_than)})]

    def result_of(self, dedupe: str) -> str | None:
        """The result (JSON) of what came in under this key; None while it has none."""
        found: str | None = self.run(_RESULT, {"dedupe": dedupe}).scalar_one_or_none()
        return found


def _row(row: Row[tuple[object, ...]]) -> InboxRow:
    settled_at = row.settled_at
    return InboxRow(
        id=row.id,
        dedupe=row.dedupe,
        surface=row.surface,
        body=row.body,
        body_version=row.body_version,
        at=from_micros(row.at),
        result=row.result,
        settled_at=None if settled_at is None else from_micros(settled_at),
    )
