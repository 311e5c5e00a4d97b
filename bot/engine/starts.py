"""How a release comes into being, and how its plan is changed before it begins."""

from __future__ import annotations

from bot.core import plan
from bot.core.card import Card, Row, Table
from bot.core.command import Command
from bot.core.event import Replanned
from bot.core.inbound import Outcome, Reply
from bot.core.release import Phase, Release
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.view.marks import NOTHING
from bot.core.view.rules import verdict_rules
from bot.engine import authority, cards, claims, decisions, planner
from bot.engine.engine import Engine
from bot.engine.submission import Submission, carry_out
from bot.engine.transition import Applied, apply, create, load
from bot.store import Tx


async def start(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Make the plan, claim the locks, and ask whether to start. One release a target at a time."""
    services, inbound = engine.services, submission.inbound
    denied = authority.denied(services, inbound, command.target, Verb.START)
    if denied is not None:
        return denied
    try:
        made = await planner.make(services, command)
    except plan.PlanError as error:
        return cards.refused(error.why)
    if command.options.dry:
        return plan_card(command.target, made)
    who = authority.actor(services, inbound, command.target)

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        now = services.now()
        number = tx.new_release(command.target, now)
        origin = planner.Origin(
            number=number,
            actor=who,
            room=authority.home(services, inbound, command.target),
            at=now,
            seed=services.seed(),
        )
        release = planner.release(made, command, origin)
        claims.claim(tx, release, reason=claims.reason(release), services=services)
        applied = create(tx, release, services=services)
        return Reply(outcome=Outcome.ACCEPTED, release=number), applied

    try:
        return await carry_out(engine, submission, work)
    except claims.LockedError as error:
        return error.reply


async def plan_release(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Show what a start would do, or change the plan of a release that has not begun."""
    services = engine.services
    if command.release is not None:
        return await _replan(engine, submission, command)
    denied = authority.denied(services, submission.inbound, command.target, Verb.PLAN)
    if denied is not None:
        return denied
    try:
        made = await planner.make(services, command)
    except plan.PlanError as error:
        return cards.refused(error.why)
    return plan_card(command.target, made)


def plan_card(target: str, made: planner.Plan) -> Reply:
    """The plan of a target, without a release."""
    rows = [
        Row(cells=(str(s.number), s.id, str(s.kind), ", ".join(s.needs) or NOTHING))
        for s in made.steps
    ]
    changes = [f"{c.component}: {c.running} → {c.candidate}" for c in made.changes]
    left = [text("plan.left", components=", ".join(made.left_out))] if made.left_out else []
    title = text("plan.title", target=target, steps=len(made.steps))
    header = ("column.number", "column.step", "column.kind", "column.needs")
    card = Card(
        kind="plan",
        title=title,
        text=title,
        lines=(*changes, *left),
        fields=tuple(verdict_rules(made.config)),
        table=Table(caption=title, header=tuple(text(k) for k in header), rows=tuple(rows)),
    )
    return Reply(outcome=Outcome.ANSWERED, card=card)


async def _replan(engine: Engine, submission: Submission, command: Command) -> Reply:
    services = engine.services
    release, missing = await decisions.find_release(services, submission.inbound, command)
    if release is None:
        return missing
    refusal = decisions.forbidden(services, submission.inbound, command, release)
    if refusal is not None:
        return refusal
    if release.phase is not Phase.PLANNED or release.target not in services.file().targets:
        return _too_late(release)
    before = {c.component: c.candidate for c in release.changes}
    asked = command.model_copy(update={"target": release.target})
    try:
        made = await planner.make(services, asked, before)
    except plan.PlanError as error:
        return cards.refused(error.why, release=release.id)
    return await _change(engine, submission, release, made)


def _too_late(release: Release) -> Reply:
    return cards.refused(text("refused.phase", phase=str(release.phase)), release=release.id)


async def _change(
    engine: Engine, submission: Submission, seen: Release, made: planner.Plan
) -> Reply:
    services, inbound = engine.services, submission.inbound
    event = Replanned(
        actor=authority.actor(services, inbound, seen.target),
        config=made.config,
        changes=made.changes,
        left_out=made.left_out,
        unwanted=made.unwanted,
        steps=made.steps,
        plan_hash=made.plan_hash,
        difference=plan.difference(seen.changes, made.changes),
    )

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        release = load(tx, seen.id)
        # The difference that people are shown must be the one to the plan that there is.
        if release is None or release.plan_hash != seen.plan_hash:
            return _too_late(seen), None
        applied = apply(tx, seen.id, event, services=services)
        if applied is None or applied.outcome.refusal is not None:
            return _too_late(release), applied
        planned = applied.outcome.release
        claims.claim(tx, planned, reason=claims.reason(planned), services=services)
        wanted = set(claims.names(planned.target, (c.component for c in planned.changes)))
        kept = set(claims.names(release.target, (c.component for c in release.changes)))
        tx.free(planned.id, kept - wanted)
        return Reply(outcome=Outcome.ACCEPTED, release=planned.id), applied

    try:
        return await carry_out(engine, submission, work)
    except claims.LockedError as error:
        return error.reply
