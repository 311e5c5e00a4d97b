"""Stored minute counts: the days of each baseline, and who reads what is missing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, or_, select, update

from bot.core.journal import from_micros, micros
from bot.store.rows import BaselineRow, MinuteDayRow
from bot.store.session import INSERTS, Session
from bot.store.tables import baselines, minute_days

_NEW = {name: insert(baselines) for name, insert in INSERTS.items()}
_WANT = {
    name: new.on_conflict_do_update(
        index_elements=["key"],
        set_={"body": new.excluded.body, "wanted_at": new.excluded.wanted_at},
    )
    for name, new in _NEW.items()
}
_ALL = select(baselines).order_by(baselines.c.wanted_at.desc(), baselines.c.key)
_ONE = baselines.c.key == bindparam("which")
_LEASE = (
    update(baselines)
    .where(
        _ONE,
        or_(
            baselines.c.owner == bindparam("who"),
            baselines.c.lease_until <= bindparam("now"),
        ),
    )
    .values(owner=bindparam("who"), lease_until=bindparam("until"))
)
_FREE = (
    update(baselines)
    .where(_ONE, baselines.c.owner == bindparam("who"))
    .values(owner="", lease_until=0)
)
_TROUBLE = update(baselines).where(_ONE).values(trouble=bindparam("what"))
_FORGET = delete(baselines).where(_ONE)

_HEAD = [column for column in minute_days.c if column.name != "body"]
_NEW_DAY = {name: insert(minute_days) for name, insert in INSERTS.items()}
_PUT_DAY = {
    name: new.on_conflict_do_update(
        index_elements=["key", "day"],
        set_={part: new.excluded[part] for part in ("upto", "settled", "known", "size", "body")},
        # Somebody who counted further meanwhile knows more.
        where=minute_days.c.upto <= new.excluded.upto,
    )
    for name, new in _NEW_DAY.items()
}
_OF = minute_days.c.key == bindparam("which")
_HEADS = select(*_HEAD).where(_OF).order_by(minute_days.c.day)
_BODIES = (
    select(minute_days)
    .where(_OF, minute_days.c.day >= bindparam("first"), minute_days.c.day <= bindparam("last"))
    .order_by(minute_days.c.day)
)
_DROP = delete(minute_days).where(_OF, minute_days.c.day < bindparam("first"))
_DROP_ALL = delete(minute_days).where(_OF)


class MinutesTx(Session):
    """Baselines in one transaction. A baseline's key says what was counted, and how."""

    def want_baseline(self, key: str, body: str, at: datetime) -> None:
        """Say that somebody needs this baseline; `body` says what to count."""
        values = {
            "key": key,
            "body": body,
            "trouble": "",
            "wanted_at": micros(at),
            "owner": "",
            "lease_until": 0,
        }
        self.run(_WANT[self.dialect], values)

    def baselines(self) -> list[BaselineRow]:
        """Every baseline, the one that was wanted last first."""
        return [
            BaselineRow(
                key=row.key,
                body=row.body,
                trouble=row.trouble,
                wanted_at=from_micros(row.wanted_at),
            )
            for row in self.run(_ALL)
        ]

    def lease_baseline(self, key: str, owner: str, *, now: datetime, until: datetime) -> bool:
        """Become, or stay, the only one who reads it until then; False while another one is."""
        values = {"which": key, "who": owner, "now": micros(now), "until": micros(until)}
        return self.run(_LEASE, values).rowcount == 1

    def free_baseline(self, key: str, owner: str) -> None:
        """Let others read it."""
        self.run(_FREE, {"which": key, "who": owner})

    def trouble_baseline(self, key: str, trouble: str) -> None:
        """Keep why it could not be read on (JSON text); empty: it could."""
        self.run(_TROUBLE, {"which": key, "what": trouble})

    def forget_baseline(self, key: str) -> None:
        """Drop it with all its days."""
        self.run(_DROP_ALL, {"which": key})
        self.run(_FORGET, {"which": key})

    def put_minute_day(self, row: MinuteDayRow) -> None:
        """Keep a day in place of what is known of it, unless that reaches further."""
        values = {
            "key": row.key,
            "day": row.day,
            "upto": row.upto,
            "settled": row.settled,
            "known": row.known,
            "size": len(row.body),
            "body": row.body,
        }
        self.run(_PUT_DAY[self.dialect], values)

    def minute_heads(self, key: str) -> list[MinuteDayRow]:
        """The days of a baseline without their bodies, in order."""
        return [MinuteDayRow(**row) for row in self.run(_HEADS, {"which": key}).mappings()]

    def minute_days(self, key: str, first: int, last: int) -> list[MinuteDayRow]:
        """The days `first` to `last`, both included, in order."""
        found = self.run(_BODIES, {"which": key, "first": first, "last": last})
        return [MinuteDayRow(**row) for row in found.mappings()]

    def drop_minute_days(self, key: str, before: int) -> int:
        """Drop the days before this one: how many."""
        return self.run(_DROP, {"which": key, "first": before}).rowcount
