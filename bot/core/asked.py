"""Which question an order answers, and whether this person may give the answer."""

from __future__ import annotations

from bot.core import access, undo
from bot.core.deeds import by
from bot.core.event import Order
from bot.core.question import Closed, Question
from bot.core.release import Release
from bot.core.turn import RefusalError, board_nonce
from bot.core.value import Params, text
from bot.core.verb import Verb

ANYTIME = frozenset({Verb.PAUSE, Verb.RESUME, Verb.ABORT, Verb.NOTE, Verb.CONFIRM, Verb.ROLLBACK})
"""Verbs that need no open question."""
ALL = "all"
"""The component of an order that is about everything."""


def find_question(release: Release, event: Order) -> Question | None:
    """The question that an order answers; None where the verb needs none.

    Raises RefusalError for buttons that are stale or foreign, for questions that somebody
    answered already, and where the order could mean several questions.
    """
    if event.nonce:
        return _by_nonce(release, event)
    fitting = [q for q in release.open_questions if _fits(release, q, event)]
    if len(fitting) == 1:
        return fitting[0]
    if event.verb in ANYTIME:
        return None
    if fitting:
        steps = ", ".join(q.step or q.component for q in fitting)
        raise RefusalError(text("refused.which", verb=str(event.verb), steps=steps))
    if event.verb is Verb.SKIP:
        return None
    _already(release, event)
    if event.step:
        raise _not_asked(release, event)
    raise RefusalError(text("refused.no_question", verb=str(event.verb), release=release.id))


def ended(release: Release, event: Order) -> RefusalError:
    """Why an order about a release that is over changes nothing; says who decided, where known."""
    over: Params = {"release": release.id, "phase": str(release.phase)}
    meant = (q for q in reversed(release.questions) if _meant(release, q, event))
    closed = next((q.closed for q in meant if q.closed and q.closed.name), None)
    if closed is None:
        return RefusalError(text("refused.ended", **over), "expired")
    decided: Params = {"verb": closed.verb, "at": closed.at.isoformat()}
    return RefusalError(
        text("refused.ended_decided", **over, **decided, **by(closed.name, closed.surface)),
        "expired",
    )


def _meant(release: Release, question: Question, event: Order) -> bool:
    if event.nonce:
        return question.nonce == event.nonce
    ended_it = {str(event.verb), str(Verb.ABORT), str(Verb.ROLLBACK)}
    told = question.closed is not None and question.closed.verb in ended_it
    return told and _fits(release, question, event)


def _fits(release: Release, question: Question, event: Order) -> bool:
    if event.verb not in question.choices:
        return False
    step = release.find_step(event.step) if event.step else None
    if event.step and (step is None or step.id != question.step):
        return False
    return event.component in {"", question.component} or not question.component


def _by_nonce(release: Release, event: Order) -> Question | None:
    if event.nonce == board_nonce(release):
        if event.verb in ANYTIME:
            return None
        raise RefusalError(text("refused.stale"), "expired")
    for question in release.questions:
        if question.nonce != event.nonce or question.version != event.version:
            continue
        step = release.find_step(event.step) if event.step else None
        named = step.id if step else event.step
        if event.verb not in question.choices or named not in {"", question.step}:
            continue
        if question.closed is not None:
            raise _decided(question, question.closed)
        return question
    raise RefusalError(text("refused.stale"), "expired")


def _already(release: Release, event: Order) -> None:
    """Say who decided when the last question of this kind, about this step, is closed."""
    for question in reversed(release.questions):
        if _fits(release, question, event) and question.closed and question.closed.name:
            raise _decided(question, question.closed)


def _not_asked(release: Release, event: Order) -> RefusalError:
    """The named step is not there, or it is not what people are asked about."""
    step = release.find_step(event.step)
    if step is None:
        return RefusalError(text("refused.no_step", step=event.step))
    asked = [q.step for q in release.open_questions if event.verb in q.choices and q.step]
    key = "refused.not_asked_but" if asked else "refused.not_asked"
    return RefusalError(text(key, step=step.id, verb=str(event.verb), steps=", ".join(asked)))


def _decided(question: Question, closed: Closed) -> RefusalError:
    at = closed.at.isoformat()
    if not closed.name:
        return RefusalError(text(f"refused.closed_{closed.verb}", at=at), "expired")
    who = by(closed.name, closed.surface)
    why = text("refused.decided", **who, verb=closed.verb, at=at, step=question.step)
    return RefusalError(why, "decided")


def rollback_scope(release: Release, event: Order, question: Question | None) -> tuple[str, bool]:
    """(component, whole) of a rollback: one component, or everything that was released so far.

    A button of a question is about its component, typed text about everything, unless they say
    otherwise. Raises RefusalError for a component that is not in this release.
    """
    wanted = event.component
    if not wanted and question is not None and event.nonce:
        wanted = question.component
    if wanted in {"", ALL}:
        return "", True
    if wanted not in {c.component for c in release.changes}:
        raise RefusalError(text("refused.no_component", component=wanted))
    return wanted, False


def authorise(release: Release, event: Order, question: Question | None) -> None:
    """Raise RefusalError unless the role suffices for what the order is about."""
    component = _concerns(release, event, question)
    target = release.config.target
    if not access.may(event.actor, event.verb, target, component):
        needed = access.needed(event.verb, target)
        raise RefusalError(text("refused.role", verb=str(event.verb), role=str(needed)))
    if question and event.actor.person in access.barred(release, question.kind, event.verb):
        raise RefusalError(text("refused.self_approval"))


def _concerns(release: Release, event: Order, question: Question | None) -> str:
    """The component that an order is about: its owners may do more there; empty: all of them."""
    if event.verb is Verb.ROLLBACK:
        return rollback_scope(release, event, question)[0]
    if question is not None:
        return question.component
    step = release.find_step(event.step) if event.step else None
    return step.component if step else ""


def rollback_of(release: Release, component: str, *, whole: bool) -> tuple[str, ...]:
    """The components that a rollback takes back. Raises RefusalError when there are none."""
    scope = undo.reversible(release) if whole else undo.changed(release)
    scope = tuple(c for c in scope if whole or c == component)
    undo.refuse(release, scope)
    return scope
