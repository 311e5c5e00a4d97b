"""From a decision to a transition: which release, with which authority, answered how."""

from __future__ import annotations

from bot.core import access, button
from bot.core.card import Action
from bot.core.command import ALL, Command
from bot.core.config import ConfirmMode
from bot.core.event import Order
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.machine import Outcome as Moved
from bot.core.machine import advance
from bot.core.question import Question
from bot.core.redact import redact
from bot.core.release import Release
from bot.core.value import Value, text
from bot.core.verb import Verb
from bot.core.view import buttons
from bot.engine import authority, cards
from bot.engine.authority import Asked
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.submission import Submission, carry_out
from bot.engine.transition import Applied, apply, load
from bot.store import Tx

_NAMES_WHO_MAY = frozenset({"refused.role", "refused.self_approval", "refused.voted"})
_WANTS_A_REASON = frozenset({"refused.reason", "refused.acknowledge"})


class Decision(Value):
    """What somebody decided, by a button or by a typed line, before their authority is known."""

    release: int
    verb: Verb
    step: str = ""
    component: str = ""
    nonce: str = ""
    version: str = ""
    reason: str = ""
    mode: ConfirmMode | None = None
    toggle: bool = False
    """A button that switches between the two ways of confirming."""
    bare: bool = False
    """Said as ok or yes: counts only as the answer to exactly one open question."""

    @classmethod
    def typed(cls, command: Command, release: int) -> Decision:
        """What a typed command decides about a release."""
        return cls(
            release=release,
            verb=command.verb,
            step=command.step,
            component=command.component,
            reason=command.reason or command.text,
            mode=command.options.confirm,
            bare=command.bare,
        )

    @classmethod
    def clicked(cls, inbound: Inbound) -> Decision | None:
        """What a pressed button decides; None for one that is none of the bot's."""
        value = button.read(inbound.value)
        if value is None or inbound.verb not in set(Verb):
            return None
        verb, whole = Verb(inbound.verb), value.step == buttons.ALL
        return cls(
            release=value.release,
            verb=verb,
            step="" if whole else value.step,
            component=ALL if whole and verb is Verb.ROLLBACK else "",
            nonce=value.nonce,
            version=value.version,
            reason=inbound.reason,
            toggle=verb is Verb.CONFIRM,
        )


async def find_release(
    services: Services, inbound: Inbound, command: Command
) -> tuple[Release | None, Reply]:
    """The release that a typed command means: named, or the only active one of the room."""
    if command.release is not None:
        wanted = command.release
        release = await services.store.read(lambda tx: load(tx, wanted))
        return release, cards.refused(text("refused.unknown_release", release=wanted))
    targets = services.file().targets
    live = await services.store.read(
        lambda tx: [
            load(tx, head.id)
            for head in tx.live_heads()
            if head.target in targets
            and (authority.alone(inbound) or inbound.room in targets[head.target].rooms)
            and command.target in {"", head.target}
        ]
    )
    here = [release for release in live if release is not None]
    if len(here) == 1:
        return here[0], cards.refused(text("refused.no_release"))
    if here:
        names = ", ".join(f"#{r.id} {r.target}" for r in here)
        return None, cards.refused(text("refused.which_release", releases=names))
    if command.verb is Verb.ROLLBACK and command.target:
        return await _last(services, command.target), cards.refused(text("refused.no_release"))
    return None, cards.refused(text("refused.no_release"), lines=cards.number_meant(command))


async def _last(services: Services, target: str) -> Release | None:
    def work(tx: Tx) -> Release | None:
        rows = tx.recent(target, 1)
        return load(tx, rows[0].id) if rows else None

    return await services.store.read(work)


def forbidden(
    services: Services, inbound: Inbound, command: Command, release: Release
) -> Reply | None:
    """Why this typed command is refused whatever the release's state; None when it may go on."""
    wrong = authority.wrong_room(services, inbound, release.target)
    if wrong is not None:
        return wrong
    planned = release.config.target
    who = authority.actor(services, inbound, release.target, planned)
    if access.may(who, command.verb, planned, command.component):
        return None
    role = access.needed(command.verb, planned)
    why = text("refused.role", verb=str(command.verb), role=str(role))
    asked = Asked(verb=command.verb, component=command.component, release=release.id)
    return authority.refuse(services, release.target, planned, why=why, asked=asked)


async def decide(engine: Engine, submission: Submission, decision: Decision) -> Reply:
    """Carry out one decision in one transaction with the end of its inbox row."""
    services, inbound = engine.services, submission.inbound

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        release = load(tx, decision.release)
        if release is None:
            unknown = text("refused.unknown_release", release=decision.release)
            return cards.refused(unknown), None
        wrong = authority.wrong_room(services, inbound, release.target)
        if wrong is not None:
            return wrong, None
        if decision.bare and len(release.open_questions) != 1:
            key = "refused.bare" if release.open_questions else "refused.no_question"
            return cards.refused(text(key, verb=str(decision.verb))), None
        order = _order(services, inbound, decision, release)
        applied = apply(tx, release.id, order, services=services)
        if applied is None:
            return cards.refused(text("refused.no_release")), None
        return _reply(services, release, order, applied.outcome), applied

    return await carry_out(engine, submission, work)


def foreseen(
    services: Services, inbound: Inbound, decision: Decision, release: Release
) -> Reply | None:
    """Why this decision would be refused as things are now; None when it would be accepted."""
    order = _order(services, inbound, decision, release)
    moved = advance(release, order, services.now())
    return None if moved.refusal is None else _reply(services, release, order, moved)


def _order(services: Services, inbound: Inbound, decision: Decision, release: Release) -> Order:
    return Order(
        verb=decision.verb,
        actor=authority.actor(services, inbound, release.target, release.config.target),
        room=inbound.room,
        step=decision.step,
        component=decision.component,
        nonce=decision.nonce,
        version=decision.version,
        reason=redact(decision.reason),
        mode=_other(release.confirm) if decision.toggle else decision.mode,
    )


def _other(mode: ConfirmMode) -> ConfirmMode:
    return ConfirmMode.EACH_STEP if mode is ConfirmMode.GATES else ConfirmMode.GATES


def _question(release: Release, order: Order) -> Question | None:
    """The question that an order is about: the one of its button, else the one that it answers."""
    return next(
        (q for q in release.questions if order.nonce and q.nonce == order.nonce),
        next((q for q in release.open_questions if order.verb in q.choices), None),
    )


def _dialog(release: Release, order: Order, question: Question | None) -> tuple[Action, ...]:
    """The question's own button, whose dialog asks for the reason that is missing."""
    offered = buttons.of_question(release, question) if question else ()
    return tuple(
        a for a in offered if a.verb == order.verb and a.confirm is not None and a.confirm.reason
    )


def _reply(services: Services, release: Release, order: Order, moved: Moved) -> Reply:
    """The answer; where the role was missing, the refusal names who may."""
    if moved.refusal is None:
        noted = text("note.kept", release=release.id)
        card = cards.notice(noted) if order.verb is Verb.NOTE else None
        return Reply(outcome=Outcome.ACCEPTED, release=release.id, card=card)
    why, outcome = moved.refusal, Outcome(moved.refused_as)
    question = _question(release, order)
    if why.key not in _NAMES_WHO_MAY:
        wanting = _dialog(release, order, question) if why.key in _WANTS_A_REASON else ()
        return cards.refused(why, outcome, release=release.id, actions=wanting)
    asked = Asked(
        verb=order.verb,
        component=question.component if question else order.component,
        barred=access.barred(release, question.kind, order.verb) if question else (),
        release=release.id,
    )
    return authority.refuse(
        services, release.target, release.config.target, why=why, asked=asked, outcome=outcome
    )
