"""Small values under a key: digests, quotas, the last sign of life of a process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from bot.core.journal import from_micros, micros
from bot.store.rows import ValueRow
from bot.store.session import INSERTS, Session
from bot.store.tables import kept_values

_ONE = select(kept_values.c.body).where(kept_values.c.key == bindparam("key"))
_ALL = select(kept_values).order_by(kept_values.c.key)
_NEW = {name: insert(kept_values) for name, insert in INSERTS.items()}
_PUT = {
    name: new.on_conflict_do_update(
        index_elements=["key"], set_={"body": new.excluded.body, "at": new.excluded.at}
    )
    for name, new in _NEW.items()
}
_DROP = delete(kept_values).where(kept_values.c.key == bindparam("gone"))


class KeptTx(Session):
    """Kept values in one transaction."""

    def value(self, key: str) -> str | None:
        """The value (JSON text) under this key; None when there is none."""
        found: str | None = self.run(_ONE, {"key": key}).scalar_one_or_none()
        return found

    def values(self, prefix: str) -> list[ValueRow]:
        """All values whose key starts with `prefix`, by key."""
        found = self.run(_ALL).all()
        return [
            ValueRow(key=row.key, body=row.body, at=from_micros(row.at))
            for row in found
            if row.key.startswith(prefix)
        ]

    def put_value(self, key: str, value: str, at: datetime) -> None:
        """Keep the value under this key in place of the one before."""
        self.run(_PUT[self.dialect], {"key": key, "body": value, "at": micros(at)})

    def drop_value(self, key: str) -> bool:
        """Forget the value; False when there was none."""
        return self.run(_DROP, {"gone": key}).rowcount == 1
