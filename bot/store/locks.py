"""Locks on names: claimed all or nothing, by a release and not by a person."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Row, bindparam, delete, insert, select, update

from bot.core.journal import from_micros, micros
from bot.store.rows import LockRow
from bot.store.session import CLAIM_LOCK, Session
from bot.store.tables import locks, releases

_LIVE_IDS = select(releases.c.id).where(releases.c.live)
_NAMED = select(locks).where(locks.c.name.in_(bindparam("names", expanding=True)))
_CLAIM = insert(locks)
_ALL = select(locks).order_by(locks.c.name)
_FREE = delete(locks).where(locks.c.release_id == bindparam("holder")).returning(locks.c.name)
_FREE_NAMED = (
    delete(locks)
    .where(
        locks.c.release_id == bindparam("holder"),
        locks.c.name.in_(bindparam("names", expanding=True)),
    )
    .returning(locks.c.name)
)
_HEARTBEAT = (
    update(locks)
    .where(locks.c.release_id.in_(_LIVE_IDS))
    .values(renewed_at=bindparam("new_renewed_at"))
)
_DEAD = (
    select(locks)
    .where(locks.c.renewed_at <= bindparam("until"), locks.c.release_id.not_in(_LIVE_IDS))
    .order_by(locks.c.name)
)
_DELETE = delete(locks).where(locks.c.name == bindparam("lock_name"))
_DELETE_STILL_DEAD = _DELETE.where(
    locks.c.release_id == bindparam("holder"), locks.c.renewed_at <= bindparam("until")
)


class LocksTx(Session):
    """The locks in one transaction."""

    def claim(
        self, names: Collection[str], release_id: int, *, owner: str, reason: str, at: datetime
    ) -> list[LockRow]:
        """Claim all these names for the release, or none: the locks in the way, empty when claimed.

        A name that this release holds already stays its own. An ambiguous lock is in the way
        whoever may hold it.
        """
        self.alone(CLAIM_LOCK)
        held = [_row(row) for row in self.run(_NAMED, {"names": sorted(names)})]
        in_the_way = [row for row in held if row.ambiguous or row.release_id != release_id]
        if in_the_way:
            return sorted(in_the_way, key=lambda row: row.name)
        body = json.dumps({"owner": owner, "reason": reason})
        new = sorted(set(names) - {row.name for row in held})
        rows = [
            {
                "name": name,
                "release_id": release_id,
                "body": body,
                "at": micros(at),
                "renewed_at": micros(at),
            }
            for name in new
        ]
        if rows:
            self.run(_CLAIM, rows)
        return []

    def free(self, release_id: int, names: Collection[str] | None = None) -> list[str]:
        """Free these names, or all, as far as this very release holds them: the names freed."""
        if names is None:
            return sorted(self.run(_FREE, {"holder": release_id}).scalars())
        values = {"holder": release_id, "names": list(names)}
        return sorted(self.run(_FREE_NAMED, values).scalars())

    def locks(self) -> list[LockRow]:
        """Every lock by name, ambiguous ones too."""
        return [_row(row) for row in self.run(_ALL)]

    def heartbeat(self, now: datetime) -> int:
        """Renew the locks of all live releases, however long they run: how many."""
        return self.run(_HEARTBEAT, {"new_renewed_at": micros(now)}).rowcount

    def sweep(self, now: datetime, dead_after: timedelta) -> list[str]:
        """Delete locks whose release is over or missing and that nobody renewed for `dead_after`.

        Returns their names. Ambiguous locks stay: only `force_unlock` removes them.
        """
        until = micros(now - dead_after)
        swept = []
        for lock in [_row(row) for row in self.run(_DEAD, {"until": until})]:
            values = {"lock_name": lock.name, "holder": lock.release_id, "until": until}
            if not lock.ambiguous and self.run(_DELETE_STILL_DEAD, values).rowcount == 1:
                swept.append(lock.name)
        return swept

    def force_unlock(self, name: str) -> LockRow | None:
        """Delete the lock whoever holds it and return what it was; None when there was none."""
        row = self.run(_NAMED, {"names": [name]}).one_or_none()
        if row is None:
            return None
        self.run(_DELETE, {"lock_name": name})
        return _row(row)


def _row(row: Row[tuple[object, ...]]) -> LockRow:
    try:
        body = json.loads(row.body)
        owner, reason = str(body["owner"]), str(body["reason"])
        release_id = int(row.release_id)
        at, renewed_at = from_micros(int(row.at)), from_micros(int(row.renewed_at))
    except (ValueError, TypeError, KeyError, OverflowError):
        return LockRow(
            name=row.name,
            release_id=row.release_id if isinstance(row.release_id, int) else None,
            owner="",
            reason="",
            at=None,
            renewed_at=None,
            ambiguous=True,
        )
    return LockRow(
        name=row.name,
        release_id=release_id,
        owner=owner,
        reason=reason,
        at=at,
        renewed_at=renewed_at,
    )
