"""Claiming and freeing what a release locks: its target, and each component by its name."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core import access
from bot.core.card import Action
from bot.core.command import Command
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.redact import redact
from bot.core.release import Release
from bot.core.value import Text, spell, text
from bot.core.verb import Verb
from bot.engine import authority, cards
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.submission import Submission, carry_out
from bot.engine.transition import Applied, load, note
from bot.store import Tx
from bot.store.rows import BOT, LockRow

_TOLD = 3
"""How many components the reason of a lock names."""


class LockedError(Exception):
    """Another release is in the way; nothing of the new one is kept."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("locked")
        self.reply = reply


def names(target: str, components: Iterable[str]) -> list[str]:
    """What a release locks: its target, and each component wherever else it is listed."""
    return [f"target:{target}", *(f"component:{name}" for name in components)]


def claim(tx: Tx, release: Release, *, reason: str, services: Services) -> None:
    """Claim everything for this very release, or raise LockedError with who is in the way."""
    wanted = names(release.target, (c.component for c in release.changes))
    owner, now = release.started_by.name, services.now()
    held = tx.claim(wanted, release.id, owner=owner, reason=reason, at=now)
    if held:
        raise LockedError(_locked(services, min(held, key=_tells_most)))


def _tells_most(lock: LockRow) -> tuple[bool, bool]:
    """An unreadable lock must be said first; of the others the target's tells most."""
    return not lock.ambiguous, not lock.name.startswith("target:")


def _locked(services: Services, lock: LockRow) -> Reply:
    """Who is in the way: owner, reason, age, and the release to look at."""
    if lock.ambiguous or lock.at is None:
        return cards.refused(text("refused.lock_ambiguous", name=lock.name))
    why = text(
        "refused.locked",
        name=_plain(lock.name),
        owner=lock.owner,
        reason=lock.reason,
        age=spell(services.now() - lock.at),
        release=lock.release_id or 0,
    )
    show = Action(
        verb="say",
        label=text("button.show_release", release=lock.release_id or 0),
        value=f"status #{lock.release_id}",
    )
    return cards.refused(why, release=lock.release_id, actions=(show,) if lock.release_id else ())


def _plain(name: str) -> str:
    """How people call what is locked: a target by its name, a component by its kind and name."""
    kind, _, bare = name.partition(":")
    return bare if kind == "target" else f"{kind} {bare}"


def reason(release: Release) -> str:
    """Why a release locks what it locks, for those who find it locked."""
    if release.note:
        return release.note
    found = [f"{c.component} {c.candidate}" for c in release.changes]
    more = f" +{len(found) - _TOLD}" if len(found) > _TOLD else ""
    return ", ".join(found[:_TOLD]) + more


async def unlock(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Free a lock by hand, for a reason: one of no live release, or one that is unreadable."""
    services = engine.services
    refusal = forbidden(services, submission.inbound, command)
    if refusal is not None:
        return refusal

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        what = _free(tx, services, submission.inbound, command)
        if what.key != "unlock.done":
            return cards.refused(what), None
        return Reply(outcome=Outcome.ACCEPTED, card=cards.notice(what)), None

    return await carry_out(engine, submission, work)


def forbidden(services: Services, inbound: Inbound, command: Command) -> Reply | None:
    """Why this person may not unlock this, or not like this; None when they may."""
    file = services.file()
    concerned = [
        name
        for name, target in file.targets.items()
        if name == command.target or command.component in target.components
    ]
    for name in concerned:
        refusal = authority.denied(services, inbound, name, Verb.UNLOCK)
        if refusal is not None:
            return refusal
    if not concerned:
        return cards.refused(
            text("refused.role", verb="unlock", role=str(access.NEEDED[Verb.UNLOCK]))
        )
    if not command.reason.strip():
        return cards.refused(text("refused.reason", verb="unlock"))
    return None


async def pointless(services: Services, command: Command) -> Reply | None:
    """Why there is nothing to unlock here; None when there is."""
    why = await services.store.read(lambda tx: _why_not(tx, command))
    return None if why is None else cards.refused(why)


def _name(command: Command) -> str:
    return f"target:{command.target}" if command.target else f"component:{command.component}"


def _held(tx: Tx, command: Command) -> tuple[LockRow | None, Release | None]:
    name = _name(command)
    held = next((row for row in tx.locks() if row.name == name), None)
    release = load(tx, held.release_id) if held is not None and held.release_id else None
    return held, release


def _why_not(tx: Tx, command: Command) -> Text | None:
    held, release = _held(tx, command)
    plain = _plain(_name(command))
    if held is None:
        return text("unlock.free", name=plain)
    if release is not None and release.live and not held.ambiguous:
        return text("unlock.live", name=plain, release=release.id)
    return None


def _free(tx: Tx, services: Services, inbound: Inbound, command: Command) -> Text:
    name, (_, release) = _name(command), _held(tx, command)
    why = _why_not(tx, command)
    if why is not None:
        return why
    tx.force_unlock(name)
    file, now = services.file(), services.now()
    who = file.people[inbound.person].name if inbound.person in file.people else "?"
    fact = text("fact.unlocked", name=name, who=who, reason=redact(command.reason))
    note(tx, release.id if release else BOT, "unlocked", (fact,), now=now, actor=who)
    return text("unlock.done", name=_plain(name))
