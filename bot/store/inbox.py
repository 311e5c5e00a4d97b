"""What came in: recorded once by its dedupe key, settled once with a result.

A row is settled when nothing more is owed: it is done, and whoever waits for an answer has it.
Until then one process is at work on it, whose lease ends by time when that process dies.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, and_, bindparam, or_, select, update

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
    select(inbox.c.id)
    .where(inbox.c.settled_at.is_(None), inbox.c.at <= bindparam("until"))
    .order_by(inbox.c.at, inbox.c.id)
    .limit(bindparam("count"))
)
_FREE = or_(
    inbox.c.lease_until <= bindparam("now"),
    # Rows of versions before this one have no lease.
    and_(inbox.c.lease_until.is_(None), inbox.c.at <= bindparam("before")),
)
_LEFT = (
    select(inbox.c.id)
    .where(inbox.c.settled_at.is_(None), _FREE)
    .order_by(inbox.c.at, inbox.c.id)
    .limit(bindparam("count"))
)
_AMONG = inbox.c.id.in_(bindparam("ids", expanding=True))
_TAKE = (
    update(inbox)
    .where(
        inbox.c.id.in_(
            select(inbox.c.id)
            .where(_AMONG, inbox.c.settled_at.is_(None), _FREE)
            .with_for_update(skip_locked=True)
        )
    )
    .values(owner=bindparam("mine"), lease_until=bindparam("until"))
    .returning(inbox.c.id)
)
_RENEW = (
    update(inbox)
    .where(_AMONG, inbox.c.settled_at.is_(None), inbox.c.owner == bindparam("mine"))
    .values(lease_until=bindparam("until"))
    .returning(inbox.c.id)
)
_RESULT = select(inbox.c.result).where(inbox.c.dedupe == bindparam("dedupe"))
_OPEN = (inbox.c.id == bindparam("row_id"), inbox.c.settled_at.is_(None))
_SETTLE = (
    update(inbox)
    .where(*_OPEN, inbox.c.result.is_(None))
    .values(result=bindparam("result"), settled_at=bindparam("settled_at"))
)
_CONCLUDE = update(inbox).where(*_OPEN, inbox.c.result.is_(None)).values(result=bindparam("result"))
_SEEN = update(inbox).where(inbox.c.dedupe == bindparam("key")).values(at=bindparam("new_at"))
_AMEND = update(inbox).where(*_OPEN).values(body=bindparam("new_body"))
_CLOSE = update(inbox).where(*_OPEN).values(settled_at=bindparam("settled_at"))


class InboxTx(Session):
    """The inbox in one transaction."""

    def record(
        self,
        dedupe: str,
        surface: str,
        body: str,
        at: datetime,
        *,
        owner: str | None = None,
        lease_until: datetime | None = None,
    ) -> int | None:
        """Keep what came in and return its id; None when this dedupe key was seen before.

        With `owner` it is taken at once, until `lease_until`.
        """
        values = {
            "dedupe": dedupe,
            "surface": surface,
            "body": body,
            "body_version": BODY_VERSION,
            "at": micros(at),
            "owner": owner,
            "lease_until": None if lease_until is None else micros(lease_until),
        }
        found: int | None = self.run(_RECORD[self.dialect], values).scalar_one_or_none()
        return found

    def inbox_row(self, inbox_id: int) -> InboxRow | None:
        """Read one row; None when there is none."""
        row = self.run(_BY_ID, {"id": inbox_id}).one_or_none()
        return None if row is None else _row(row)

    def seen_again(self, dedupe: str, at: datetime) -> bool:
        """Note that a delivery still comes, so that it is known as long as that; False if never."""
        return self.run(_SEEN, {"key": dedupe, "new_at": micros(at)}).rowcount == 1

    def amend(self, inbox_id: int, body: str) -> bool:
        """Store more of what came in than was known at first; False when it is settled."""
        return self.run(_AMEND, {"row_id": inbox_id, "new_body": body}).rowcount == 1

    def settle(self, inbox_id: int, result: str, at: datetime) -> bool:
        """Store the result (JSON); False when there was one before, which then stays."""
        values = {"row_id": inbox_id, "result": result, "settled_at": micros(at)}
        return self.run(_SETTLE, values).rowcount == 1

    def conclude(self, inbox_id: int, result: str) -> bool:
        """Store the result (JSON) of what somebody is still to be told; then `close` settles it.

        False when there was one before, which then stays.
        """
        return self.run(_CONCLUDE, {"row_id": inbox_id, "result": result}).rowcount == 1

    def close(self, inbox_id: int, at: datetime) -> bool:
        """Settle what was concluded and told; False when that was done before."""
        return self.run(_CLOSE, {"row_id": inbox_id, "settled_at": micros(at)}).rowcount == 1

    def unsettled(self, older_than: datetime, limit: int) -> list[int]:
        """Ids of what came in at or before `older_than` and is not settled, the oldest first."""
        values = {"until": micros(older_than), "count": limit}
        return list(self.run(_UNSETTLED, values).scalars())

    def left_behind(self, now: datetime, before: datetime, limit: int) -> list[int]:
        """Ids of what is not settled and under nobody's lease, the oldest first.

        What has no lease at all, as older versions recorded it, counts when it came at or
        before `before`.
        """
        values = {"now": micros(now), "before": micros(before), "count": limit}
        return list(self.run(_LEFT, values).scalars())

    def take_inbox(
        self, ids: Collection[int], owner: str, now: datetime, *, before: datetime, until: datetime
    ) -> set[int]:
        """Lease those of these rows that are still left behind, and return their ids."""
        values = {"ids": list(ids), "mine": owner, "until": micros(until)}
        return set(
            self.run(_TAKE, {**values, "now": micros(now), "before": micros(before)}).scalars()
        )

    def renew_inbox(self, ids: Collection[int], owner: str, until: datetime) -> set[int]:
        """Prolong these leases and return the ids that are unsettled and still this owner's."""
        values = {"ids": list(ids), "mine": owner, "until": micros(until)}
        return set(self.run(_RENEW, values).scalars())

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
