"""The rollback of a release that has ended: a new, linked one with its own board and locks."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core import undo
from bot.core.command import ALL, Command
from bot.core.event import Linked
from bot.core.inbound import Outcome, Reply
from bot.core.operation import UnreachableError
from bot.core.redact import redact
from bot.core.release import Phase, Release, Rollback
from bot.core.turn import RefusalError
from bot.core.value import Text, text
from bot.engine import authority, cards, claims, decisions
from bot.engine.engine import Engine
from bot.engine.operations import executor
from bot.engine.services import Services
from bot.engine.submission import Submission, carry_out
from bot.engine.transition import Applied, apply, create, load
from bot.store import Tx


async def roll_back_ended(
    engine: Engine, submission: Submission, command: Command, ended: Release
) -> Reply:
    """Take back what an ended release changed, as far as that is still what runs."""
    services, inbound = engine.services, submission.inbound
    refusal = decisions.forbidden(services, inbound, command, ended)
    if refusal is not None:
        return refusal
    wanted = scope(ended, command.component)
    impossible = irreversible(ended, command)
    if impossible is not None:
        return impossible
    foreign = await _foreign(services, ended, wanted)
    if foreign is not None:
        return cards.refused(foreign, release=ended.id)

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        before = load(tx, ended.id)
        if before is None or before.rolled_back_by != ended.rolled_back_by:
            return cards.refused(text("refused.nothing_changed"), release=ended.id), None
        release = _reverse(ended, wanted, submission, command=command, services=services)
        number = tx.new_release(ended.target, services.now())
        release = release.model_copy(update={"id": number})
        reason = redact(command.reason) or f"rollback of #{ended.id}"
        claims.claim(tx, release, reason=reason, services=services)
        apply(tx, ended.id, Linked(release=number), services=services)
        applied = create(tx, release, services=services)
        return Reply(outcome=Outcome.ACCEPTED, release=number), applied

    try:
        return await carry_out(engine, submission, work)
    except claims.LockedError as error:
        return error.reply


def irreversible(ended: Release, command: Command) -> Reply | None:
    """Why there is nothing to take back of an ended release; None when there is."""
    try:
        undo.refuse(ended, scope(ended, command.component))
    except RefusalError as error:
        return cards.refused(error.why, release=ended.id)
    return None


def scope(ended: Release, component: str) -> tuple[str, ...]:
    """The components that a rollback of an ended release takes back, the oldest change first."""
    if component in {"", ALL}:
        return undo.reversible(ended)
    return tuple(c for c in undo.changed(ended) if c == component)


async def _foreign(services: Services, ended: Release, scope: Iterable[str]) -> Text | None:
    """Why a component is not rolled back: it runs something else by now, or nobody can tell."""
    for component in scope:
        try:
            running = await executor(services, ended, component).running(component)
        except UnreachableError as error:
            return text("plan.unreachable", component=component, detail=str(error))
        candidate = ended.change(component).candidate
        if candidate not in running.versions.values():
            found = ", ".join(sorted(set(running.versions.values())))
            return text("refused.not_running", component=component, version=candidate, found=found)
    return None


def _reverse(
    ended: Release,
    scope: tuple[str, ...],
    submission: Submission,
    *,
    command: Command,
    services: Services,
) -> Release:
    """A release that only takes back: its steps are the undo steps of the ended one."""
    inbound, now = submission.inbound, services.now()
    who = authority.actor(services, inbound, ended.target, ended.config.target)
    steps = tuple(
        step.model_copy(update={"number": place})
        for place, step in enumerate(undo.undo_steps(ended, scope), start=1)
    )
    return Release(
        id=ended.id,
        target=ended.target,
        phase=Phase.ROLLING_BACK,
        config=ended.config,
        changes=tuple(c for c in ended.changes if c.component in scope),
        steps=steps,
        plan_hash=ended.plan_hash,
        seed=services.seed(),
        confirm=ended.confirm,
        home=authority.home(services, inbound, ended.target),
        started_by=who,
        planned_at=now,
        begun_at=now,
        decisions=1,
        rollback=Rollback(
            components=scope,
            whole=True,
            name=who.name,
            surface=who.surface,
            reason=redact(command.reason),
            at=now,
            planned=True,
        ),
        rollback_of=ended.id,
    )
