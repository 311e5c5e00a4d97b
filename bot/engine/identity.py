"""Who an account of a chat platform is: the one place that turns identities into people.

release.yml comes first; links that people made themselves lie over it for accounts it does not
know. Nothing else of a platform (display names, e-mail) says who somebody is.
"""

from __future__ import annotations

from bot.core.config import Person
from bot.core.inbound import DIRECT, Inbound
from bot.engine.services import Services


async def person_of(services: Services, identity: str) -> str:
    """The key of the person whose account this is (`slack:U…`, `line:U…`); empty: nobody's."""
    people = services.file().people
    named = next((key for key, person in people.items() if identity in _named(person)), "")
    if named or not identity:
        return named
    link = await services.store.read(lambda tx: tx.link(identity))
    return link.person if link and link.person in people else ""


async def accounts(services: Services, person: str) -> tuple[str, ...]:
    """The accounts of a person: those of release.yml, then those that were linked."""
    links = await services.store.read(lambda tx: tx.links_of(person))
    return (*_named(services.file().people[person]), *(link.identity for link in links))


def _named(person: Person) -> tuple[str, ...]:
    """The accounts that release.yml gives a person."""
    named = (("slack", person.slack), ("line", person.line))
    return tuple(f"{platform}:{id_}" for platform, id_ in named if id_)


async def known(services: Services, inbound: Inbound) -> Inbound:
    """The same message with its person, and with that person's room when it was said alone."""
    person = inbound.person
    if not person and inbound.identity:
        person = await person_of(services, inbound.identity)
    room = f"{DIRECT}{person}" if inbound.room == DIRECT else inbound.room
    return inbound.model_copy(update={"person": person, "room": room})
