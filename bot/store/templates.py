"""Templates of messages: one body a component of a log store, replaced under compare-and-set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update

from bot.core.journal import micros
from bot.store.rows import TemplatesRow
from bot.store.session import INSERTS, Session
from bot.store.tables import templates

_VERSION = select(templates.c.version).where(templates.c.key == bindparam("known"))
_ONE = select(templates.c.version, templates.c.body).where(templates.c.key == bindparam("known"))
_NEW = {
    name: insert(templates)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(templates.c.version)
    for name, insert in INSERTS.items()
}
_REPLACE = (
    update(templates)
    .where(templates.c.key == bindparam("known"), templates.c.version == bindparam("before"))
    .values(version=bindparam("after"), body=bindparam("text"), at=bindparam("now"))
)


class TemplatesTx(Session):
    """Templates in one transaction."""

    def templates_version(self, key: str) -> int:
        """How often these templates were replaced; 0 when there are none."""
        return self.run(_VERSION, {"known": key}).scalar_one_or_none() or 0

    def templates(self, key: str) -> TemplatesRow | None:
        """The templates under this key; None when there are none."""
        row = self.run(_ONE, {"known": key}).one_or_none()
        return None if row is None else TemplatesRow(version=row.version, body=row.body)

    def put_templates(self, key: str, body: str, *, version: int, at: datetime) -> bool:
        """Put them in place of those of this version (0: of none); False when it is another."""
        if version == 0:
            values = {"key": key, "version": 1, "body": body, "at": micros(at)}
            return self.run(_NEW[self.dialect], values).one_or_none() is not None
        values = {"known": key, "before": version, "after": version + 1}
        return self.run(_REPLACE, {**values, "text": body, "now": micros(at)}).rowcount == 1
