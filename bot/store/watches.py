"""Who is told one to one about a release or a target."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from bot.core.journal import micros
from bot.store.rows import WatchRow
from bot.store.session import INSERTS, Session
from bot.store.tables import watches

_ROWS = select(watches.c.subject, watches.c.person, watches.c.events, watches.c.surface).order_by(
    watches.c.subject, watches.c.person
)
_OF = _ROWS.where(watches.c.subject.in_(bindparam("subjects", expanding=True)))
_BY = _ROWS.where(watches.c.person == bindparam("who"))
_NEW = {name: insert(watches) for name, insert in INSERTS.items()}
_PUT = {
    name: new.on_conflict_do_update(
        index_elements=["subject", "person"],
        set_={
            "events": new.excluded.events,
            "surface": new.excluded.surface,
            "at": new.excluded.at,
        },
    )
    for name, new in _NEW.items()
}
_DROP = delete(watches).where(
    watches.c.person == bindparam("who"), watches.c.subject == bindparam("what")
)


class WatchesTx(Session):
    """Watches in one transaction."""

    def watches(self, subjects: Iterable[str]) -> list[WatchRow]:
        """Who watches any of these."""
        found = self.run(_OF, {"subjects": list(subjects)})
        return [WatchRow(**row) for row in found.mappings()]

    def watches_of(self, person: str) -> list[WatchRow]:
        """What a person watches."""
        return [WatchRow(**row) for row in self.run(_BY, {"who": person}).mappings()]

    def put_watch(self, watch: WatchRow, at: datetime) -> None:
        """Watch this from now on, in place of how it was watched before."""
        values = {
            "subject": watch.subject,
            "person": watch.person,
            "events": watch.events,
            "surface": watch.surface,
            "at": micros(at),
        }
        self.run(_PUT[self.dialect], values)

    def drop_watch(self, person: str, subject: str) -> bool:
        """Watch this no longer; False when it was not watched."""
        return self.run(_DROP, {"who": person, "what": subject}).rowcount == 1
