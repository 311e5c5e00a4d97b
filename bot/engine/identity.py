"""Who an account of a chat platform is: the one place that turns identities into people."""

from __future__ import annotations

from bot.core.config import Person
from bot.core.inbound import DIRECT, Inbound
from bot.engine.services import Services


async def person_of(services: Services, identity: str) -> str:
    """The key of the person whose account this is (`slack:U…`, `line:U…`); empty: nobody's."""
    people = services.file().people
    return next((key for key, person in people.items() if identity in accounts(person)), "")


def accounts(person: Person) -> tuple[str, ...]:
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
