"""What can be asked without changing anything: status, history, who may what, help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.core import access, intent, tally, view
from bot.core.card import Card, Cell, Row, Table
from bot.core.command import ALL, Command
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.release import Release
from bot.core.value import spell, text
from bot.core.verb import STEPWISE, Verb
from bot.core.view.marks import NOTHING
from bot.engine import authority, cards, decisions, linking, rooms
from bot.engine.services import Services
from bot.engine.transition import load

HISTORY = 10
SHOWN = 20
"""How many active releases `status all` lists, the newest."""


async def answer(services: Services, inbound: Inbound, command: Command) -> Reply:
    """Answer a question; privately, and without touching any release."""
    return await _ANSWERS[command.verb](services, inbound, command)


def _reply(card: Card) -> Reply:
    return Reply(outcome=Outcome.ANSWERED, card=card, release=card.release)


async def _status(services: Services, inbound: Inbound, command: Command) -> Reply:
    if command.release is None and command.target in {"", ALL}:
        live = await services.store.read(
            lambda tx: [load(tx, head.id) for head in tx.live_heads()[-SHOWN:]]
        )
        running = [r for r in live if r is not None]
        if len(running) != 1 or command.target == ALL:
            return _reply(_overview(services, running))
        return _reply(_copy(services, running[0]))
    if command.release is None:
        rows = await services.store.read(lambda tx: tx.recent(command.target, 1))
        if not rows:
            return cards.refused(text("refused.never_released", target=command.target))
        command = command.model_copy(update={"release": rows[0].id})
    release, missing = await decisions.find_release(services, inbound, command)
    if release is None:
        return missing
    return _reply(_copy(services, release))


def _copy(services: Services, release: Release) -> Card:
    """The board as it is, without its buttons: those stay on the one live board."""
    board = rooms.board(release, services)
    return board.model_copy(update={"kind": "status", "actions": ()})


def _overview(services: Services, running: list[Release]) -> Card:
    rows = [
        Row(
            cells=(
                f"#{r.id}",
                r.target,
                text(f"state.{view.state_word(r)}"),
                view.next_line(r),
                spell(services.now() - r.planned_at),
            ),
            state=str(r.phase),
        )
        for r in running
    ]
    title = text("status.title", count=len(rows))
    header = ("column.release", "column.target", "column.state", "column.next", "column.age")
    table = Table(caption=title, header=tuple(text(k) for k in header), rows=tuple(rows))
    return Card(kind="status", title=title, text=title, table=table if rows else None)


async def _history(services: Services, inbound: Inbound, command: Command) -> Reply:
    del inbound
    count = command.last_n or HISTORY
    rows = await services.store.read(
        lambda tx: [load(tx, row.id) for row in tx.recent(command.target or None, count)]
    )
    lines = [
        Row(
            cells=(
                f"#{r.id}",
                r.target,
                _what(r),
                text("time.day", at=r.planned_at.isoformat()),
                spell(r.ended_at - r.begun_at) if r.ended_at and r.begun_at else NOTHING,
                text(f"state.{r.phase}"),
                r.started_by.name,
                text("history.tally", operations=tally.tally(r).operations, people=r.decisions),
            ),
            state=str(r.phase),
        )
        for r in rows
        if r is not None
    ]
    title = text("history.title", count=len(lines), target=command.target or NOTHING)
    header = ("release", "target", "what", "when", "took", "result", "by", "tally")
    table = Table(
        caption=title, header=tuple(text(f"column.{k}") for k in header), rows=tuple(lines)
    )
    return _reply(Card(kind="history", title=title, text=title, table=table if lines else None))


def _what(release: Release) -> str:
    """The versions that a release was to bring; a rollback brings those before."""
    back = release.rollback_of is not None
    shown = (f"{c.component} {c.running if back else c.candidate}" for c in release.changes[:3])
    return ", ".join(shown) + ("…" if len(release.changes) > 3 else "")


async def _whoami(services: Services, inbound: Inbound, command: Command) -> Reply:
    del command
    file = services.file()
    person = file.people.get(inbound.person)
    title = text("whoami.title", name=person.name if person else "?")
    lines: list[Cell] = []
    for name, target in file.targets.items():
        who = access.actor(inbound.person, file.people, name, target)
        lines.append(
            text(
                "whoami.role",
                target=name,
                role=str(who.role),
                owns=", ".join(who.owns) or NOTHING,
            )
        )
    if person is None:
        lines.append(text("whoami.unknown"))
    links, watches = await services.store.read(
        lambda tx: (tx.links_of(inbound.person), tx.watches_of(inbound.person))
    )
    if links:
        called = ", ".join(linking.called(link.identity, link.display) for link in links)
        lines.append(text("whoami.linked", accounts=called))
    if watches:
        names = ", ".join(f"{watch.subject} ({watch.events})" for watch in watches)
        lines.append(text("whoami.watches", names=names))
    return _reply(Card(kind="answer", title=title, text=title, lines=tuple(lines)))


async def _permissions(services: Services, inbound: Inbound, command: Command) -> Reply:
    del inbound
    file = services.file()
    names = [command.target] if command.target in file.targets else list(file.targets)
    people = [command.person] if command.person in file.people else list(file.people)
    rows = []
    for name in names:
        target = file.targets[name]
        for person in people:
            who = access.actor(person, file.people, name, target)
            verbs = [v for v in access.NEEDED if access.may(who, v, target)]
            rows.append(
                Row(
                    cells=(
                        who.name,
                        name,
                        str(who.role),
                        ", ".join(who.owns) or NOTHING,
                        ", ".join(str(v) for v in verbs if access.NEEDED[v].rank),
                    )
                )
            )
    title = text("permissions.title")
    header = ("person", "target", "role", "owns", "may")
    table = Table(
        caption=title, header=tuple(text(f"column.{k}") for k in header), rows=tuple(rows)
    )
    return _reply(Card(kind="answer", title=title, text=title, table=table))


async def _help(services: Services, inbound: Inbound, command: Command) -> Reply:
    file = services.file()
    if command.topic:
        topic = Verb(command.topic)
        title = text("help.verb", verb=str(topic))
        tries = (text("hint.try", line=line) for line in _examples(services, topic))
        number = (text("hint.number", release=42),) if topic in STEPWISE else ()
        lines = (text(f"help.{topic}"), *number, *tries)
        return _reply(Card(kind="help", title=title, text=title, lines=lines))
    allowed: list[Verb] = []
    for name, target in file.targets.items():
        who = access.actor(inbound.person, file.people, name, target)
        allowed += [v for v in Verb if access.may(who, v, target) and v not in allowed]
    rows = [Row(cells=(str(v), text(f"help.{v}"))) for v in Verb if v in allowed]
    title = text("help.title")
    table = Table(
        caption=title,
        header=(text("column.verb"), text("column.meaning")),
        rows=tuple(rows),
    )
    return _reply(Card(kind="help", title=title, text=title, table=table))


def _examples(services: Services, topic: Verb) -> tuple[str, ...]:
    return tuple(intent.examples(topic, authority.names(services)))[:2]


_ANSWERS: dict[Verb, Callable[[Services, Inbound, Command], Awaitable[Reply]]] = {
    Verb.STATUS: _status,
    Verb.HISTORY: _history,
    Verb.WHOAMI: _whoami,
    Verb.PERMISSIONS: _permissions,
    Verb.HELP: _help,
}
VERBS = frozenset(_ANSWERS)
