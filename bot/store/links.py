"""Accounts that act as people of release.yml, and the codes that link them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, func, or_, select, update

from bot.core.journal import micros
from bot.store.rows import CodeRow, LinkRow
from bot.store.session import INSERTS, Session
from bot.store.tables import link_codes, link_guesses, links

_LINK = select(links.c.identity, links.c.person, links.c.display)
_ONE = _LINK.where(links.c.identity == bindparam("account"))
_OF = _LINK.where(links.c.person == bindparam("who")).order_by(links.c.identity)
_NEW = {name: insert(links) for name, insert in INSERTS.items()}
_PUT = {
    name: new.on_conflict_do_update(
        index_elements=["identity"],
        set_={
            "person": new.excluded.person,
            "display": new.excluded.display,
            "at": new.excluded.at,
        },
    )
    for name, new in _NEW.items()
}
_DROP = delete(links).where(links.c.identity == bindparam("account"))

_CODES = select(link_codes.c.hash, link_codes.c.person, link_codes.c.claimed_by)
_OFFER = {name: insert(link_codes) for name, insert in INSERTS.items()}
_CLAIM = (
    update(link_codes)
    .where(link_codes.c.hash == bindparam("code"), link_codes.c.claimed_by == "")
    .values(claimed_by=bindparam("account"))
)
_VOID = delete(link_codes).where(link_codes.c.hash == bindparam("code"))
_OLD = delete(link_codes).where(
    or_(link_codes.c.at < bindparam("before"), link_codes.c.person == bindparam("who"))
)

_GUESSES = select(func.count()).where(link_guesses.c.at >= bindparam("since"))
_GUESSES_OF = _GUESSES.where(link_guesses.c.identity == bindparam("account"))
_LAST = select(func.coalesce(func.max(link_guesses.c.number), 0)).where(
    link_guesses.c.identity == bindparam("account")
)
_GUESS = {name: insert(link_guesses) for name, insert in INSERTS.items()}
_FORGET = delete(link_guesses).where(link_guesses.c.at < bindparam("before"))


class LinksTx(Session):
    """Links, codes and guesses in one transaction."""

    def link(self, identity: str) -> LinkRow | None:
        """The link of an account; None when it has none."""
        row = self.run(_ONE, {"account": identity}).mappings().one_or_none()
        return LinkRow(**row) if row else None

    def links_of(self, person: str) -> list[LinkRow]:
        """The accounts linked with a person."""
        return [LinkRow(**row) for row in self.run(_OF, {"who": person}).mappings()]

    def put_link(self, link: LinkRow, at: datetime) -> None:
        """Link an account with a person."""
        values = {"identity": link.identity, "person": link.person, "display": link.display}
        self.run(_PUT[self.dialect], {**values, "at": micros(at)})

    def drop_link(self, identity: str) -> bool:
        """Take a link back; False when there was none."""
        return self.run(_DROP, {"account": identity}).rowcount == 1

    def codes(self, since: datetime) -> list[CodeRow]:
        """The codes that were given out since then."""
        found = self.run(_CODES.where(link_codes.c.at >= micros(since)), {})
        return [CodeRow(**row) for row in found.mappings()]

    def put_code(self, code: str, person: str, *, at: datetime, before: datetime) -> None:
        """Keep the hash of a new code, in place of that person's last one and of all older ones."""
        self.run(_OLD, {"before": micros(before), "who": person})
        values = {"hash": code, "person": person, "claimed_by": "", "at": micros(at)}
        self.run(_OFFER[self.dialect], values)

    def claim_code(self, code: str, identity: str) -> bool:
        """Bind a code to the account that sent it first; False when there is none to bind."""
        return self.run(_CLAIM, {"code": code, "account": identity}).rowcount == 1

    def drop_code(self, code: str) -> bool:
        """Make a code void; False when there was none."""
        return self.run(_VOID, {"code": code}).rowcount == 1

    def guesses(self, identity: str, since: datetime) -> tuple[int, int]:
        """How many wrong codes this account sent since then, and how many all accounts."""
        moment = {"since": micros(since)}
        mine = self.run(_GUESSES_OF, {**moment, "account": identity}).scalar_one()
        return int(mine), int(self.run(_GUESSES, moment).scalar_one())

    def put_guess(self, identity: str, *, at: datetime, before: datetime) -> None:
        """Remember a wrong code, and forget old ones."""
        self.run(_FORGET, {"before": micros(before)})
        number = int(self.run(_LAST, {"account": identity}).scalar_one()) + 1
        values = {"identity": identity, "number": number, "at": micros(at)}
        self.run(_GUESS[self.dialect], values)
