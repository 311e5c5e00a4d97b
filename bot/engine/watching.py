"""Who is told one to one about a release or a target, and where they are reached."""

from __future__ import annotations

from bot.core.card import Card, Cell
from bot.core.command import Command
from bot.core.inbound import DIRECT, Outcome, Reply
from bot.core.release import Release
from bot.core.value import Text, text
from bot.core.watch import subjects
from bot.engine import cards, identity
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.submission import Submission, carry_out
from bot.engine.transition import Applied, load, note
from bot.ports import Room
from bot.store import BOT, Tx, WatchRow


async def watch(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Tell whoever asks about this from now on, one to one."""
    services, inbound = engine.services, submission.inbound
    person = services.file().people.get(inbound.person)
    if person is None:
        return cards.refused(text("whoami.unknown"))
    row = WatchRow(
        subject=_subject(command),
        person=inbound.person,
        events=str(command.events),
        surface=inbound.surface,
    )
    events = f"watch.events.{command.events}"
    told = text("watch.on", what=row.subject, events=events)
    reached = await identity.accounts(services, inbound.person)
    lines: tuple[Cell, ...] = () if reached else (text("watch.unreachable"),)
    reply = Reply(
        outcome=Outcome.ANSWERED, card=Card(kind="answer", title=told, text=told, lines=lines)
    )

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        refusal = _nothing_to_hear(tx, command)
        if refusal is not None:
            return refusal, None
        tx.put_watch(row, services.now())
        fact = text("fact.watched", who=person.name, what=row.subject, events=row.events)
        note(tx, BOT, "watched", (fact,), now=services.now(), actor=person.name)
        return reply, None

    return await carry_out(engine, submission, work)


async def unwatch(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Tell whoever asks about this no longer; without a word, about anything."""
    services, inbound = engine.services, submission.inbound
    person = services.file().people.get(inbound.person)
    if person is None:
        return cards.refused(text("whoami.unknown"))
    wanted = _subject(command)

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        rows = tx.watches_of(inbound.person)
        gone = [row.subject for row in rows if wanted in {"", row.subject}]
        if not gone:
            return cards.refused(text("watch.none")), None
        for subject in gone:
            tx.drop_watch(inbound.person, subject)
        what = ", ".join(gone)
        fact = text("fact.unwatched", who=person.name, what=what)
        note(tx, BOT, "unwatched", (fact,), now=services.now(), actor=person.name)
        return _answered(text("watch.off", what=what)), None

    return await carry_out(engine, submission, work)


def _nothing_to_hear(tx: Tx, command: Command) -> Reply | None:
    """A release that is not there, or over, has nothing more to tell."""
    if command.release is None:
        return None
    release = load(tx, command.release)
    if release is None:
        return cards.refused(text("refused.unknown_release", release=command.release))
    if release.live:
        return None
    return cards.refused(text("refused.ended", release=release.id, phase=str(release.phase)))


def _subject(command: Command) -> str:
    return f"#{command.release}" if command.release is not None else command.target


def _answered(what: Text) -> Reply:
    return Reply(outcome=Outcome.ANSWERED, card=cards.notice(what))


async def reach(services: Services, key: str, release: Release) -> Room | None:
    """The chat in which somebody is told of this release; None when they are not to be told.

    Looked up when it is sent: a person who is gone from release.yml, or watches no longer, is
    told nothing more. The platform where they said it comes first.
    """
    person = key.removeprefix(DIRECT)
    if person not in services.file().people:
        return None
    rows = await services.store.read(lambda tx: tx.watches(subjects(release)))
    surfaces = [row.surface for row in rows if row.person == person]
    if not surfaces:
        return None
    accounts = await identity.accounts(services, person)
    for account in sorted(accounts, key=lambda a: a.partition(":")[0] not in surfaces):
        room = services.adapters.direct(key, account)
        if room is not None:
            return room
    return None


def for_one(card: Card) -> Card:
    """The card as a watcher sees it: decisions are made in the target's rooms."""
    return card.model_copy(update={"actions": (), "mentions": ()})
