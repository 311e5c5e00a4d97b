"""The outbox: effects with a due time, run by whoever holds their lease."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, case, delete, func, select, update

from bot.core.journal import from_micros, micros
from bot.store.rows import BODY_VERSION, EffectRow
from bot.store.session import INSERTS, Session
from bot.store.tables import effects

_LEASED = effects.c.owner.is_not(None)
_CURRENT = effects.c.taken_generation == effects.c.generation
_MINE = (effects.c.id == bindparam("row_id"), effects.c.owner == bindparam("mine"))


def _later(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


def _enqueue(dialect: str) -> Any:
    """Insert, or take over the row of the same key: a lease on it stays and covers the old run."""
    new = INSERTS[dialect](effects)
    value, old = new.excluded, effects.c
    taken = case((value.owner.is_not(None), old.generation + 1), else_=None)
    return new.on_conflict_do_update(
        index_elements=["release_id", "key"],
        set_={
            "generation": old.generation + 1,
            "kind": value.kind,
            "body": value.body,
            "body_version": value.body_version,
            "due_at": value.due_at,
            "ready_at": case((_LEASED, _later(old.ready_at, value.due_at)), else_=value.ready_at),
            "tries": case((_LEASED, old.tries), else_=value.tries),
            "owner": case((_LEASED, old.owner), else_=value.owner),
            "taken_generation": case((_LEASED, old.taken_generation), else_=taken),
        },
    ).returning(*effects.c)


_ENQUEUE = {name: _enqueue(name) for name in INSERTS}
_READY = (
    select(effects)
    .where(effects.c.ready_at <= bindparam("now"))
    .order_by(effects.c.ready_at, effects.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(effects)
    .where(effects.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        owner=bindparam("mine"),
        ready_at=_later(bindparam("until", type_=effects.c.due_at.type), effects.c.due_at),
        taken_generation=effects.c.generation,
        tries=effects.c.tries + 1,
    )
    .returning(*effects.c)
)
_RENEW = (
    update(effects)
    .where(effects.c.id.in_(bindparam("ids", expanding=True)), effects.c.owner == bindparam("mine"))
    .values(ready_at=_later(bindparam("until", type_=effects.c.due_at.type), effects.c.due_at))
    .returning(effects.c.id)
)
_FINISH = delete(effects).where(*_MINE, effects.c.generation == bindparam("done"))
_RELEASE = (
    update(effects)
    .where(*_MINE)
    .values(owner=None, taken_generation=None, ready_at=effects.c.due_at, tries=0)
)
_LATER_DUE = bindparam("later", type_=effects.c.due_at.type)
_POSTPONE = (
    update(effects)
    .where(*_MINE)
    .values(
        owner=None,
        taken_generation=None,
        due_at=case((_CURRENT, _LATER_DUE), else_=effects.c.due_at),
        ready_at=case((_CURRENT, _LATER_DUE), else_=effects.c.due_at),
        tries=case(
            (
                _CURRENT,
                func.coalesce(bindparam("new_tries", type_=effects.c.tries.type), effects.c.tries),
            ),
            else_=0,
        ),
        body=case(
            (
                _CURRENT,
                func.coalesce(bindparam("new_body", type_=effects.c.body.type), effects.c.body),
            ),
            else_=effects.c.body,
        ),
    )
)
_CANCEL = (
    delete(effects)
    .where(effects.c.release_id == bindparam("release"), effects.c.key == bindparam("name"))
    .returning(*effects.c)
)
_CANCEL_KINDS = (
    delete(effects)
    .where(
        effects.c.release_id == bindparam("release"),
        effects.c.kind.in_(bindparam("kinds", expanding=True)),
        effects.c.key.not_in(bindparam("kept", expanding=True)),
    )
    .returning(*effects.c)
)
_FIRST_READY = select(effects.c.ready_at).order_by(effects.c.ready_at).limit(1)
_OFTEN_TRIED = (
    select(effects)
    .where(
        effects.c.tries >= bindparam("tries"),
        effects.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(effects.c.id)
    .limit(bindparam("count"))
)
_OF_RELEASE = (
    select(effects).where(effects.c.release_id == bindparam("release")).order_by(effects.c.id)
)


class OutboxTx(Session):
    """The outbox in one transaction."""

    def enqueue(  # noqa: PLR0913 - an effect is all of these, and each is named by the caller
        self,
        release_id: int,
        key: str,
        *,
        kind: str,
        body: str,
        due_at: datetime,
        taken_by: str | None = None,
        lease_until: datetime | None = None,
    ) -> EffectRow:
        """Have the effect run at or after `due_at`, once for each generation of its key.

        A key that waits already gets this kind, body and due time, and the next generation. When
        somebody holds its lease, that run goes on and this generation runs after it.
        With `taken_by` it is taken at once, until `lease_until`: the row's `taken` and `owner`
        say whether that worked.
        """
        due = micros(due_at)
        until = due if lease_until is None else max(due, micros(lease_until))
        values = {
            "release_id": release_id,
            "key": key,
            "kind": kind,
            "body": body,
            "body_version": BODY_VERSION,
            "due_at": due,
            "ready_at": until if taken_by else due,
            "generation": 1,
            "tries": 1 if taken_by else 0,
            "owner": taken_by,
            "taken_generation": 1 if taken_by else None,
        }
        row = _row(self.run(_ENQUEUE[self.dialect], values).one())
        self.work_enqueued = self.work_enqueued or not row.taken
        return row

    def take(
        self,
        owner: str,
        now: datetime,
        lease_until: datetime,
        *,
        limit: int,
        skip: Collection[int] = (),
    ) -> list[EffectRow]:
        """Lease up to `limit` effects that are due and that nobody holds, the oldest first.

        A lease that ended by time may be taken by anybody, its last owner too: name in `skip`
        the ids that are still at work here.
        """
        values = {"now": micros(now), "count": limit + len(skip)}
        ids = [row.id for row in self.run(_READY, values) if row.id not in skip][:limit]
        if not ids:
            return []
        leased = {"ids": ids, "mine": owner, "until": micros(lease_until)}
        rows = (_row(row) for row in self.run(_TAKE, leased))
        return sorted(rows, key=lambda row: (row.due_at, row.id))

    def renew(self, ids: Iterable[int], owner: str, lease_until: datetime) -> set[int]:
        """Prolong these leases and return the ids that are still this owner's; stop the others."""
        values = {"ids": list(ids), "mine": owner, "until": micros(lease_until)}
        return set(self.run(_RENEW, values).scalars())

    def finish(self, effect_id: int, owner: str, generation: int) -> bool:
        """Delete the effect whose run is over; if it was enqueued anew meanwhile, let it run again.

        False when the lease was lost or the effect cancelled: then the run does not count.
        """
        mine = {"row_id": effect_id, "mine": owner}
        if self.run(_FINISH, {**mine, "done": generation}).rowcount == 1:
            return True
        if self.run(_RELEASE, mine).rowcount == 1:
            self.work_enqueued = True
            return True
        return False

    def postpone(
        self,
        effect_id: int,
        owner: str,
        due_at: datetime,
        body: str | None = None,
        *,
        tries: int | None = None,
    ) -> bool:
        """Give the lease back and run again at `due_at`, with a new body if one is given.

        `tries`: how many failed tries there were; None: this was one more. What was enqueued
        under the key meanwhile wins. False when the lease was lost.
        """
        values = {
            "row_id": effect_id,
            "mine": owner,
            "later": micros(due_at),
            "new_body": body,
            "new_tries": tries,
        }
        kept = self.run(_POSTPONE, values).rowcount == 1
        self.work_enqueued = self.work_enqueued or kept
        return kept

    def cancel(self, release_id: int, key: str) -> EffectRow | None:
        """Delete the effect and return it; one with an owner may be at work at this moment."""
        row = self.run(_CANCEL, {"release": release_id, "name": key}).one_or_none()
        return None if row is None else _row(row)

    def cancel_kinds(
        self, release_id: int, kinds: Collection[str], except_keys: Collection[str] = ()
    ) -> list[EffectRow]:
        """Delete the release's effects of these kinds, but for some keys, and return them."""
        values = {"release": release_id, "kinds": list(kinds), "kept": list(except_keys)}
        return [_row(row) for row in self.run(_CANCEL_KINDS, values)]

    def next_due(self, now: datetime) -> datetime | None:
        """When there is next something to take: `now` if there is already, None if never."""
        first = self.run(_FIRST_READY).scalar_one_or_none()
        return None if first is None else max(now, from_micros(first))

    def oldest_due(self, now: datetime) -> timedelta:
        """How long the effect that waits longest has been ready for somebody; zero when none is."""
        first = self.run(_FIRST_READY).scalar_one_or_none()
        return timedelta() if first is None else max(timedelta(), now - from_micros(first))

    def often_tried(self, tries: int, kinds: Collection[str], limit: int) -> list[EffectRow]:
        """Effects of these kinds that were tried at least so often and are not done."""
        values = {"tries": tries, "kinds": list(kinds), "count": limit}
        return [_row(row) for row in self.run(_OFTEN_TRIED, values)]

    def effects(self, release_id: int) -> list[EffectRow]:
        """All effects of a release, in the order in which they were first enqueued."""
        return [_row(row) for row in self.run(_OF_RELEASE, {"release": release_id})]


def _row(row: Row[tuple[object, ...]]) -> EffectRow:
    owner = row.owner
    return EffectRow(
        id=row.id,
        release_id=row.release_id,
        key=row.key,
        kind=row.kind,
        body=row.body,
        body_version=row.body_version,
        due_at=from_micros(row.due_at),
        generation=row.generation,
        tries=row.tries,
        owner=owner,
        lease_until=None if owner is None else from_micros(row.ready_at),
        taken=owner is not None and row.taken_generation == row.generation,
    )
