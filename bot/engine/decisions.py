"""From a decision to a transition: which release, with which authority, answered how."""

from __future__ import annotations

from bot.core import access
from bot.core.card import Action
from bot.core.command import Command
from bot.core.config import ConfirmMode
from bot.core.event import Order
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.machine import Outcome as Moved
from bot.core.release import Actor, QuestionKind, Release
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.engine import cards
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.transition import Applied, apply, load
from bot.store import Tx

PROPOSES = {Verb.GO, Verb.APPROVE, Verb.REJECT, Verb.RETRY, Verb.CHECK, Verb.OVERRIDE}
"""Verbs that make no sense without an open question."""


class SettledError(Exception):
    """Another process did this recorded message already."""


def actor(services: Services, inbound: Inbound, release: Release) -> Actor:
    """The authority of who asks, as release.yml has it at this moment (fails closed)."""
    file = services.file()
    target = file.targets.get(release.target, release.config.target)
    return access.actor(inbound.person, file.people, release.target, target)


async def find_release(
    services: Services, inbound: Inbound, command: Command
) -> tuple[Release | None, Reply | None]:
    """The release that a typed command means: named, or the only active one of the room."""
    if command.release is not None:
        wanted = command.release
        release = await services.store.read(lambda tx: load(tx, wanted))
        if release is None:
            return None, cards.refused(text("refused.unknown_release", release=wanted))
        return release, None
    targets = services.file().targets
    live = await services.store.read(
        lambda tx: [
            load(tx, head.id)
            for head in tx.live_heads()
            if head.target in targets
            and inbound.room in targets[head.target].rooms
            and command.target in {"", head.target}
        ]
    )
    here = [
        r
        for r in live
        if r is not None
        and (inbound.room == r.home or inbound.room in r.config.target.rooms)
        and command.target in {"", r.target}
    ]
    if len(here) == 1:
        return here[0], None
    if here:
        names = ", ".join(f"#{r.id} {r.target}" for r in here)
        return None, cards.refused(text("refused.which_release", releases=names))
    if command.verb is Verb.ROLLBACK and command.target:
        return await _last(services, command.target)
    return None, cards.refused(text("refused.no_release"))


async def _last(services: Services, target: str) -> tuple[Release | None, Reply | None]:
    rows = await services.store.read(lambda tx: tx.recent(target, 1))
    if not rows:
        return None, cards.refused(text("refused.no_release"))
    release_id = rows[0].id
    return await services.store.read(lambda tx: load(tx, release_id)), None


def wrong_room(services: Services, inbound: Inbound, target: str) -> Reply | None:
    """A command in a room that is not on the target's list is refused; the right one is named."""
    file = services.file()
    rooms = file.targets[target].rooms
    if inbound.room in rooms:
        return None
    names = ", ".join(file.rooms[r].name or r for r in rooms if r in file.rooms)
    return cards.refused(text("refused.room", target=target, rooms=names))


def forbidden(
    services: Services, inbound: Inbound, command: Command, release: Release
) -> Reply | None:
    """The refusal of a typed command before its preview; None when it may be previewed."""
    if release.target in services.file().targets:
        wrong = wrong_room(services, inbound, release.target)
        if wrong is not None:
            return wrong
    who = actor(services, inbound, release)
    if access.may(who, command.verb, release.config.target, command.component):
        return None
    why = text(
        "refused.role",
        verb=str(command.verb),
        role=str(access.needed(command.verb, release.config.target)),
    )
    return refusal(services, release, why, verb=command.verb, component=command.component)


async def decide(  # noqa: PLR0913 - what a decision is; all but three are keywords
    engine: Engine,
    number: int,
    inbound: Inbound,
    *,
    release_id: int,
    verb: Verb,
    step: str = "",
    component: str = "",
    nonce: str = "",
    version: str = "",
    reason: str = "",
    mode: ConfirmMode | None = None,
    toggle: bool = False,
    bare: bool = False,
) -> Reply:
    """Carry out one decision in one transaction with the end of its inbox row."""
    services = engine.services

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        release = load(tx, release_id)
        if release is None:
            return cards.refused(text("refused.unknown_release", release=release_id)), None
        if release.target in services.file().targets:
            wrong = wrong_room(services, inbound, release.target)
            if wrong is not None:
                return wrong, None
        if bare and len(release.open_questions) != 1:
            return cards.refused(text("refused.bare")), None
        order = Order(
            verb=verb,
            actor=actor(services, inbound, release),
            room=inbound.room,
            step=step,
            component=component,
            nonce=nonce,
            version=version,
            reason=reason,
            mode=_mode(release, mode, toggle=toggle),
        )
        applied = apply(tx, release_id, order, services=services)
        if applied is None:
            return cards.refused(text("refused.unknown_release", release=release_id)), None
        reply = _reply(services, release, order, applied.outcome)
        if not tx.settle(number, reply.model_dump_json(), services.now()):
            raise SettledError
        return reply, applied

    reply, applied = await services.store.transact(work)
    if applied is not None:
        engine.pursue(applied)
    return reply


def _mode(release: Release, mode: ConfirmMode | None, *, toggle: bool) -> ConfirmMode | None:
    if not toggle:
        return mode
    if release.confirm is ConfirmMode.GATES:
        return ConfirmMode.EACH_STEP
    return ConfirmMode.GATES


def _reply(services: Services, release: Release, order: Order, moved: Moved) -> Reply:
    if moved.refusal is None:
        return Reply(outcome=Outcome.ACCEPTED, release=release.id)
    question = next(
        (q for q in release.questions if order.nonce and q.nonce == order.nonce),
        next((q for q in release.open_questions if order.verb in q.choices), None),
    )
    component = question.component if question else order.component
    barred = ""
    if question and question.kind is QuestionKind.GATE and not release.config.target.self_approval:
        barred = release.started_by.person
    return refusal(
        services,
        release,
        moved.refusal,
        verb=order.verb,
        component=component,
        outcome=Outcome(moved.refused_as),
        barred=barred,
    )


def refusal(  # noqa: PLR0913 - all but three are keywords
    services: Services,
    release: Release,
    why: Text,
    *,
    verb: Verb,
    component: str = "",
    outcome: Outcome = Outcome.REFUSED,
    barred: str = "",
) -> Reply:
    """A private refusal; where the role was missing it names who may, and offers to act as them."""
    if why.key not in {"refused.role", "refused.self_approval", "refused.voted"}:
        return cards.refused(why, outcome, release=release.id)
    file = services.file()
    people = access.eligible(
        file.people,
        release.target,
        release.config.target,
        verb=verb,
        component=component,
        barred=(barred,),
    )
    names = ", ".join(file.people[p].name for p in people) or "–"
    actions: tuple[Action, ...] = ()
    if services.try_out:
        actions = tuple(
            Action(verb="act_as", label=text("button.act_as", name=file.people[p].name), value=p)
            for p in people[:3]
        )
    who = text("refused.who_may", who=names)
    return cards.refused(why, outcome, release=release.id, lines=(who,), actions=actions)
