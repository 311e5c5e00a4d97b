"""How releases come into being: start, plan, the rollback of an ended one; and unlocking."""

from __future__ import annotations

from bot.core import access, plan, undo
from bot.core.card import Card, Row, Table
from bot.core.command import Command
from bot.core.event import Linked, Replanned
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.machine import RefusalError
from bot.core.release import Actor, Phase, Release, Rollback
from bot.core.value import Text, spell, text
from bot.core.verb import Verb
from bot.engine import cards, decisions, planner
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.transition import Applied, apply, create, load, note
from bot.store import Tx
from bot.store.rows import BOT, LockRow


def _actor(services: Services, inbound: Inbound, target: str) -> Actor:
    file = services.file()
    return access.actor(inbound.person, file.people, target, file.targets[target])


def _denied(services: Services, inbound: Inbound, target: str, verb: Verb) -> Reply | None:
    """Why this person may not plan or start this target here; None when they may.

    Proposing needs an operator; starting a production target needs an approver, at the button.
    """
    wrong = decisions.wrong_room(services, inbound, target)
    if wrong is not None:
        return wrong
    file = services.file()
    who = _actor(services, inbound, target)
    if access.may(who, Verb.PLAN, file.targets[target]):
        return None
    people = access.eligible(file.people, target, file.targets[target], verb=Verb.PLAN)
    names = ", ".join(file.people[p].name for p in people) or "–"
    role = str(access.NEEDED[Verb.PLAN])
    return cards.refused(
        text("refused.role", verb=str(verb), role=role),
        lines=(text("refused.who_may", who=names),),
    )


async def start(engine: Engine, number: int, inbound: Inbound, command: Command) -> Reply:
    """Make the plan, claim the locks, and ask whether to start. One release a target at a time."""
    services = engine.services
    denied = _denied(services, inbound, command.target, Verb.START)
    if denied is not None:
        return denied
    if command.options.dry:
        return await plan_card(services, command)
    try:
        made = await planner.make(services, command)
    except plan.PlanError as error:
        return cards.refused(error.why)
    who = _actor(services, inbound, command.target)

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        now = services.now()
        new = tx.new_release(command.target, now)
        names = planner.lock_names(command.target, (c.component for c in made.changes))
        reason = command.options.note or f"release #{new}"
        held = tx.claim(names, new, owner=who.name, reason=reason, at=now)
        if held:
            raise LockedError(_locked(services, held))
        release = planner.release(
            made,
            command,
            number=new,
            actor=who,
            room=inbound.room,
            now=now,
            seed=services.seed(),
        )
        applied = create(tx, release, services=services)
        reply = Reply(outcome=Outcome.ACCEPTED, release=new)
        if not tx.settle(number, reply.model_dump_json(), now):
            raise decisions.SettledError
        return reply, applied

    try:
        reply, applied = await services.store.transact(work)
    except LockedError as error:
        return error.reply
    if applied is not None:
        engine.pursue(applied)
    return reply


class LockedError(Exception):
    """Another release is in the way; nothing of the new one is kept."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("locked")
        self.reply = reply


def _locked(services: Services, held: list[LockRow]) -> Reply:
    """Who is in the way: owner, reason, age, and the release to look at."""
    lock = held[0]
    if lock.ambiguous or lock.at is None:
        return cards.refused(text("refused.lock_ambiguous", name=lock.name))
    why = text(
        "refused.locked",
        name=lock.name,
        owner=lock.owner,
        reason=lock.reason,
        age=spell(services.now() - lock.at),
        release=lock.release_id or 0,
    )
    return cards.refused(why, release=lock.release_id)


async def plan_release(engine: Engine, number: int, inbound: Inbound, command: Command) -> Reply:
    """Show what a start would do, or change the plan of a release that has not begun."""
    services = engine.services
    if command.release is not None:
        return await _replan(engine, number, inbound, command)
    denied = _denied(services, inbound, command.target, Verb.PLAN)
    return denied or await plan_card(services, command)


async def plan_card(services: Services, command: Command) -> Reply:
    """The plan of a target, without a release."""
    try:
        made = await planner.make(services, command)
    except plan.PlanError as error:
        return cards.refused(error.why)
    rows = [
        Row(cells=(str(s.number), s.id, str(s.kind), ", ".join(s.needs) or "–"))
        for s in made.steps
    ]
    changes = [f"{c.component}: {c.running} → {c.candidate}" for c in made.changes]
    left = [text("plan.left", components=", ".join(made.left_out))] if made.left_out else []
    title = text("plan.title", target=command.target, steps=len(made.steps))
    header = ("column.number", "column.step", "column.kind", "column.needs")
    card = Card(
        kind="plan",
        title=title,
        text=title,
        lines=(*changes, *left),
        table=Table(caption=title, header=tuple(text(k) for k in header), rows=tuple(rows)),
    )
    return Reply(outcome=Outcome.ANSWERED, card=card)


async def _replan(engine: Engine, number: int, inbound: Inbound, command: Command) -> Reply:
    services = engine.services
    release, missing = await decisions.find_release(services, inbound, command)
    if release is None:
        return missing or cards.refused(text("refused.no_release"))
    if release.phase is not Phase.PLANNED:
        return cards.refused(text("refused.phase", phase=str(release.phase)), release=release.id)
    denied = _denied(services, inbound, release.target, Verb.PLAN)
    if denied is not None:
        return denied
    before = {c.component: c.candidate for c in release.changes}
    asked = command.model_copy(update={"target": release.target})
    try:
        made = await planner.make(services, asked, refs=before)
    except plan.PlanError as error:
        return cards.refused(error.why)
    event = Replanned(
        actor=_actor(services, inbound, release.target),
        config=made.config,
        changes=made.changes,
        left_out=made.left_out,
        steps=made.steps,
        plan_hash=made.plan_hash,
        difference=plan.difference(release.changes, made.changes),
    )

    def work(tx: Tx) -> Applied | None:
        names = planner.lock_names(release.target, (c.component for c in made.changes))
        held = tx.claim(
            names,
            release.id,
            owner=release.started_by.name,
            reason=release.note or f"release #{release.id}",
            at=services.now(),
        )
        if held:
            raise LockedError(_locked(services, held))
        return apply(tx, release.id, event, services=services)

    try:
        applied = await services.store.transact(work)
    except LockedError as error:
        return error.reply
    if applied is None or applied.outcome.refusal is not None:
        return cards.refused(text("refused.phase", phase=str(release.phase)))
    engine.pursue(applied)
    return Reply(outcome=Outcome.ACCEPTED, release=release.id)


async def roll_back_ended(
    engine: Engine, number: int, inbound: Inbound, command: Command, ended: Release
) -> Reply:
    """A finished release is terminal: taking it back is a new, linked release with own locks."""
    services = engine.services
    who = _actor(services, inbound, ended.target)
    scope = undo.changed(ended)
    if command.component not in {"", "all"}:
        scope = tuple(c for c in scope if c == command.component)
    try:
        undo.refuse(ended, scope)
    except RefusalError as refusal:
        return cards.refused(refusal.why, release=ended.id)

    def work(tx: Tx) -> Applied:
        now = services.now()
        new = tx.new_release(ended.target, now)
        held = tx.claim(
            planner.lock_names(ended.target, scope),
            new,
            owner=who.name,
            reason=command.reason or f"rollback of #{ended.id}",
            at=now,
        )
        if held:
            raise LockedError(_locked(services, held))
        release = _reverse(ended, scope, number=new, who=who, inbound=inbound, services=services)
        apply(tx, ended.id, Linked(release=new), services=services)
        tx.settle(number, Reply(outcome=Outcome.ACCEPTED, release=new).model_dump_json(), now)
        return create(tx, release, services=services)

    try:
        applied = await services.store.transact(work)
    except LockedError as error:
        return error.reply
    engine.pursue(applied)
    return Reply(outcome=Outcome.ACCEPTED, release=applied.outcome.release.id)


def _reverse(  # noqa: PLR0913 - all but two are keywords
    ended: Release,
    scope: tuple[str, ...],
    *,
    number: int,
    who: Actor,
    inbound: Inbound,
    services: Services,
) -> Release:
    """A release that only takes back: its steps are the undo steps of the ended one."""
    now = services.now()
    steps = tuple(
        s.model_copy(update={"number": n})
        for n, s in enumerate(undo.undo_steps(ended.model_copy(update={"steps": ended.steps}), scope), 1)
    )
    return ended.model_copy(
        update={
            "id": number,
            "phase": Phase.ROLLING_BACK,
            "changes": tuple(c for c in ended.changes if c.component in scope),
            "left_out": (),
            "steps": steps,
            "seed": services.seed(),
            "home": inbound.room,
            "started_by": who,
            "planned_at": now,
            "begun_at": now,
            "ended_at": None,
            "questions": (),
            "decisions": 1,
            "pause": None,
            "rollback": Rollback(
                components=scope, whole=True, name=who.name, reason="", at=now, planned=True
            ),
            "rolled_back": (),
            "alerts": (),
            "rollback_of": ended.id,
            "rolled_back_by": None,
            "note": "",
        }
    )


async def unlock(services: Services, inbound: Inbound, command: Command) -> Reply:
    """Free a lock by hand, for a reason: only where no live release holds it, or it is unreadable."""
    name = command.target or command.component
    wanted = f"target:{name}" if command.target else f"component:{name}"
    file = services.file()
    role = max(
        (
            access.actor(inbound.person, file.people, t, file.targets[t]).role
            for t in file.targets
            if command.target in {"", t}
        ),
        key=lambda r: r.rank,
    )
    needed = access.NEEDED[Verb.UNLOCK]
    if role.rank < needed.rank:
        return cards.refused(text("refused.role", verb="unlock", role=str(needed)))
    if not command.reason.strip():
        return cards.refused(text("refused.reason", verb="unlock"))

    def work(tx: Tx) -> Text:
        held = next((row for row in tx.locks() if row.name == wanted), None)
        if held is None:
            return text("unlock.free", name=wanted)
        release = load(tx, held.release_id) if held.release_id else None
        if release is not None and release.live and not held.ambiguous:
            return text("unlock.live", name=wanted, release=release.id)
        tx.force_unlock(wanted)
        fact = text("fact.unlocked", name=wanted, who=inbound.person, reason=command.reason)
        number = held.release_id if release is not None and held.release_id else BOT
        note(tx, number, "unlocked", (fact,), now=services.now(), actor=inbound.person)
        return text("unlock.done", name=wanted)

    what = await services.store.transact(work)
    if what.key == "unlock.live":
        return cards.refused(what)
    return Reply(outcome=Outcome.ACCEPTED, card=cards.notice(what))
