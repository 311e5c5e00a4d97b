"""Who asks, whether they may do it here, and who may instead. Looked up at this very moment."""

from __future__ import annotations

from bot.core import access, intent
from bot.core.card import Action, Cell
from bot.core.config import Target
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.release import Actor
from bot.core.value import Text, Value, text
from bot.core.verb import Verb
from bot.core.view.marks import NOTHING
from bot.engine import cards
from bot.engine.services import Services

OFFERED = 3
"""How many people the try-out offers to act as."""


class Asked(Value):
    """What somebody wanted to do who may not."""

    verb: Verb
    component: str = ""
    barred: tuple[str, ...] = ()
    """The people who are no answer, whatever their role."""
    release: int | None = None


def names(services: Services) -> intent.Names:
    """What exists as release.yml has it now, so that nothing typed is guessed."""
    file = services.file()
    # It is asked for with every line, and release.yml was checked when it was read.
    return intent.Names.model_construct(
        targets={name: tuple(t.components) for name, t in file.targets.items()},
        people=tuple(file.people),
    )


def actor(services: Services, inbound: Inbound, name: str, planned: Target | None = None) -> Actor:
    """The authority of who asks on a target, as release.yml has it now.

    `planned` serves a release whose target is in release.yml no more.
    """
    file = services.file()
    target = file.targets.get(name) or planned
    if target is None:
        return Actor(person="", name="?")
    who = access.actor(inbound.person, file.people, name, target)
    return who.model_copy(update={"surface": inbound.surface})


def wrong_room(services: Services, inbound: Inbound, name: str) -> Reply | None:
    """A command in a room that is not on the target's list is refused; the right one is named.

    Somebody of release.yml may decide in the chat with the bot alone, too; the rooms hear of it.
    """
    file = services.file()
    if name not in file.targets or inbound.room in file.targets[name].rooms or alone(inbound):
        return None
    rooms = [file.rooms[r].name or r for r in file.targets[name].rooms if r in file.rooms]
    return cards.refused(text("refused.room", target=name, rooms=", ".join(rooms)))


def alone(inbound: Inbound) -> bool:
    """Whether it was said to the bot one to one, by somebody whom release.yml knows."""
    return bool(inbound.person) and inbound.room == f"{DIRECT}{inbound.person}"


def home(services: Services, inbound: Inbound, name: str) -> str:
    """The room in which a release that is started here is steered.

    Of what is said one to one that is the target's first room, on the same platform if it has one.
    """
    file = services.file()
    if not alone(inbound) or name not in file.targets:
        return inbound.room
    rooms = [room for room in file.targets[name].rooms if room in file.rooms]
    here = (room for room in rooms if file.rooms[room].kind == inbound.surface)
    return next(here, rooms[0] if rooms else inbound.room)


def refuse(
    services: Services,
    name: str,
    planned: Target,
    *,
    why: Text,
    asked: Asked,
    outcome: Outcome = Outcome.REFUSED,
) -> Reply:
    """A private no that names who may; the try-out offers to act as one of them."""
    file = services.file()
    people = access.eligible(
        file.people,
        name,
        planned,
        verb=asked.verb,
        component=asked.component,
        without=asked.barred,
    )
    may = ", ".join(file.people[p].name for p in people) or NOTHING
    lines: tuple[Cell, ...] = (text("refused.who_may", who=may),)
    actions = tuple(
        Action(verb="act_as", label=text("button.act_as", name=file.people[p].name), value=p)
        for p in people[:OFFERED]
        if services.try_out
    )
    return cards.refused(why, outcome, release=asked.release, lines=lines, actions=actions)


def denied(services: Services, inbound: Inbound, name: str, verb: Verb) -> Reply | None:
    """Why this person may not do this to a target here; None when they may.

    Proposing a release needs what a plan needs; who may start it is asked at the button.
    """
    wrong = wrong_room(services, inbound, name)
    if wrong is not None:
        return wrong
    target = services.file().targets[name]
    wanted = Verb.PLAN if verb is Verb.START else verb
    if access.may(actor(services, inbound, name), wanted, target):
        return None
    why = text("refused.role", verb=str(verb), role=str(access.needed(wanted, target)))
    return refuse(services, name, target, why=why, asked=Asked(verb=wanted))
