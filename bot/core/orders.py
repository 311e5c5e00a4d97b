"""What people decide: found the question, may they, and what follows."""

from __future__ import annotations

from collections.abc import Callable

from bot.core import access, checks, flow, outcome, undo
from bot.core.config.target import ConfirmMode
from bot.core.event import Order
from bot.core.release import (
    IN_FLIGHT,
    OPERATIONS,
    SATISFIED,
    Closed,
    Override,
    Phase,
    Question,
    QuestionKind,
    Release,
    Step,
    StepKind,
    StepState,
    Vote,
)
from bot.core.turn import RefusalError, Turn, board_nonce
from bot.core.value import text
from bot.core.verb import Verb

REASON_NEEDED = frozenset({Verb.REJECT, Verb.SKIP, Verb.OVERRIDE})
ANYTIME = frozenset({Verb.PAUSE, Verb.RESUME, Verb.ABORT, Verb.NOTE, Verb.CONFIRM, Verb.ROLLBACK})
"""Verbs that need no open question."""


def order(turn: Turn, event: Order) -> None:
    """Carry out a decision, or raise RefusalError with the explanation."""
    release = turn.release
    if not release.live and event.verb is not Verb.NOTE:
        raise RefusalError(
            text("refused.ended", release=release.id, phase=str(release.phase)), "expired"
        )
    question = find_question(release, event)
    _authorise(turn, event, question)
    if event.verb in REASON_NEEDED and not event.reason.strip():
        raise RefusalError(text("refused.reason", verb=str(event.verb)))
    _HANDLERS[event.verb](turn, event, question)
    if event.verb is not Verb.NOTE:
        turn.set(decisions=turn.release.decisions + 1)
    turn.fact("fact.order", verb=str(event.verb), who=event.actor.name, reason=event.reason)


def find_question(release: Release, event: Order) -> Question | None:
    """The question that an order answers; None where the verb needs none.

    Raises RefusalError for buttons that are stale or foreign, for questions that somebody
    answered already, and where the order could mean several questions.
    """
    if event.nonce:
        return _by_nonce(release, event)
    fitting = [
        q
        for q in release.open_questions
        if event.verb in q.choices
        and (not event.step or _names(release, q, event.step))
        and (not event.component or q.component in {"", event.component})
    ]
    if event.verb is Verb.ROLLBACK and not event.step:
        return fitting[0] if len(fitting) == 1 else None
    if len(fitting) > 1 and event.verb not in {Verb.PAUSE, Verb.ABORT, Verb.CONFIRM}:
        steps = ", ".join(q.step for q in fitting)
        raise RefusalError(text("refused.which", verb=str(event.verb), steps=steps))
    if fitting:
        return fitting[0]
    if event.verb in ANYTIME or event.verb is Verb.SKIP:
        return None
    _already(release, event)
    raise RefusalError(text("refused.no_question", verb=str(event.verb), release=release.id))


def _names(release: Release, question: Question, word: str) -> bool:
    step = release.find_step(word)
    return step is not None and step.id == question.step


def _by_nonce(release: Release, event: Order) -> Question | None:
    if event.nonce == board_nonce(release):
        if event.verb in ANYTIME:
            return None
        raise RefusalError(text("refused.stale"), "expired")
    for question in release.questions:
        if question.nonce != event.nonce or question.version != event.version:
            continue
        if question.closed is not None:
            raise _decided(question)
        if event.verb in question.choices:
            return question
    raise RefusalError(text("refused.stale"), "expired")


def _already(release: Release, event: Order) -> None:
    """Say who decided when the last question of this kind is closed."""
    for question in reversed(release.questions):
        if event.verb in question.choices and question.closed and question.closed.name:
            raise _decided(question)


def _decided(question: Question) -> RefusalError:
    closed = question.closed
    if closed is None or not closed.name:
        return RefusalError(text("refused.superseded", verb=closed.verb if closed else ""), "expired")
    why = text(
        "refused.decided", who=closed.name, verb=closed.verb, at=closed.at.isoformat(), step=question.step
    )
    return RefusalError(why, "decided")


def _authorise(turn: Turn, event: Order, question: Question | None) -> None:
    target = turn.release.config.target
    component = question.component if question else event.component
    if event.step and not component:
        step = turn.release.find_step(event.step)
        component = step.component if step else ""
    if not access.may(event.actor, event.verb, target, component):
        needed = access.needed(event.verb, target)
        raise RefusalError(text("refused.role", verb=str(event.verb), role=str(needed)))
    if question and access.starter_barred(turn.release, event.actor, question.kind, event.verb):
        raise RefusalError(text("refused.self_approval"))


def _close(turn: Turn, event: Order, question: Question | None) -> None:
    if question is not None:
        closed = Closed(
            verb=str(event.verb),
            person=event.actor.person,
            name=event.actor.name,
            reason=event.reason,
            at=turn.now,
        )
        turn.close(question, closed)


def _running(turn: Turn) -> None:
    if turn.release.phase is Phase.PAUSED:
        pause = turn.release.pause
        raise RefusalError(text("refused.paused", who=pause.name if pause else ""))
    if turn.release.phase is not Phase.RUNNING:
        raise RefusalError(text("refused.phase", phase=str(turn.release.phase)))


def _vote(turn: Turn, event: Order, question: Question) -> bool:
    """Count one person's yes; True when there are enough."""
    if any(v.person == event.actor.person for v in question.votes):
        raise RefusalError(text("refused.voted"), "decided")
    vote = Vote(person=event.actor.person, name=event.actor.name, at=turn.now)
    question = question.model_copy(update={"votes": (*question.votes, vote)})
    turn.replace_question(question)
    if len(question.votes) < question.needed:
        turn.fact("fact.vote", who=event.actor.name, votes=len(question.votes), needed=question.needed)
        return False
    _close(turn, event, question)
    return True


def _required(event: Order, question: Question | None) -> Question:
    if question is None:
        raise RefusalError(text("refused.no_question", verb=str(event.verb), release=0))
    return question


def _start(turn: Turn, event: Order, question: Question | None) -> None:
    unwatched = not turn.release.config.target.monitoring
    if unwatched and not event.reason.strip():
        raise RefusalError(text("refused.acknowledge"))
    if _vote(turn, event, _required(event, question)):
        turn.set(begun_at=turn.now, difference=None)
        turn.phase(Phase.RUNNING)


def _go(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _running(turn)
    _close(turn, event, question)
    flow.run(turn, turn.release.step(question.step))


def _approve(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _running(turn)
    if _vote(turn, event, question):
        step = turn.release.step(question.step)
        turn.put(step, state=StepState.DONE, finished_at=turn.now)
        turn.fact("fact.approved", step=step.id, who=event.actor.name)


def _reject(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    step = turn.put(turn.release.step(question.step), state=StepState.FAILED)
    turn.hold(text("pause.rejected", step=step.id))
    choices = (Verb.ROLLBACK, Verb.RETRY, Verb.ABORT)
    context = text("question.rejected", who=event.actor.name, reason=event.reason)
    turn.ask(QuestionKind.REJECTED, choices, step=step, context=context)


def _confirm(turn: Turn, event: Order, question: Question | None) -> None:
    mode = event.mode or ConfirmMode.GATES
    if mode is turn.release.confirm:
        raise RefusalError(text("refused.confirm_same", mode=str(mode)))
    turn.set(confirm=mode)
    if mode is not ConfirmMode.GATES or turn.release.phase is not Phase.RUNNING:
        return
    for waiting in turn.release.open_questions:
        if waiting.kind is QuestionKind.GO:
            _close(turn, event, waiting)
            flow.run(turn, turn.release.step(waiting.step))


def _pause(turn: Turn, event: Order, question: Question | None) -> None:
    if question is not None and question.kind is QuestionKind.COUNTDOWN:
        _close(turn, event, question)
        checks.ask_about_fail(turn, turn.release.step(question.step))
        return
    _running(turn)
    turn.hold(text("pause.person", reason=event.reason), event.actor.name)


def _resume(turn: Turn, event: Order, question: Question | None) -> None:
    if turn.release.phase is not Phase.PAUSED:
        raise RefusalError(text("refused.not_paused", phase=str(turn.release.phase)))
    for other in turn.release.open_questions:
        if other.kind in BLOCKING and other is not question:
            raise RefusalError(text("refused.answer_first", step=other.step, question=str(other.kind)))
    _close(turn, event, question)
    turn.phase(Phase.RUNNING)


BLOCKING = frozenset(
    {
        QuestionKind.STEP_FAILED,
        QuestionKind.STEP_UNSURE,
        QuestionKind.VERDICT_FAIL,
        QuestionKind.INCONCLUSIVE,
        QuestionKind.COUNTDOWN,
        QuestionKind.REJECTED,
        QuestionKind.DRIFT,
    }
)
"""While one of these is open, `resume` alone does not go on: the question must be answered."""


def _abort(turn: Turn, event: Order, question: Question | None) -> None:
    if turn.release.phase is Phase.ROLLING_BACK:
        raise RefusalError(text("refused.phase", phase=str(turn.release.phase)))
    if turn.release.phase is Phase.ABORTING:
        raise RefusalError(text("refused.aborting"), "decided")
    _close(turn, event, question)
    turn.supersede()
    for step in turn.release.steps:
        undo.halt(turn, step)
    turn.phase(Phase.ABORTING)


def _retry(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    step = turn.release.step(question.step)
    if step.kind in OPERATIONS:
        flow.run(turn, step)
    else:
        turn.put(step, state=StepState.WAITING, detail=None)
    if not step.undo:
        _go_on(turn)


def _skip(turn: Turn, event: Order, question: Question | None) -> None:
    step = turn.release.find_step(event.step) if event.step else None
    if step is None and question is not None:
        step = turn.release.step(question.step)
    if step is None:
        raise RefusalError(text("refused.no_step", step=event.step))
    if step.kind is StepKind.GATE or step.undo or step.state in SATISFIED | IN_FLIGHT:
        raise RefusalError(text("refused.skip", step=step.id, state=str(step.state)))
    _close(turn, event, question)
    turn.supersede(step=step.id)
    _wave_through(turn, event, step, StepState.SKIPPED)
    _go_on(turn)


def _override(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    step = turn.release.step(question.step)
    _wave_through(turn, event, step, StepState.OVERRIDDEN)
    if not step.undo:
        _go_on(turn)


def _wave_through(turn: Turn, event: Order, step: Step, state: StepState) -> None:
    override = Override(
        person=event.actor.person, name=event.actor.name, reason=event.reason, at=turn.now
    )
    turn.put(step, state=state, override=override, finished_at=turn.now, next_at=None)
    turn.fact("fact.overridden", step=step.id, who=event.actor.name, reason=event.reason)
    turn.show(f"override:{step.id}")
    if step.kind is StepKind.CHECK:
        turn.show(f"check:{step.id}")


def _go_on(turn: Turn) -> None:
    """Leave the pause that a rule caused, when no other question and no person holds it."""
    blocked = any(q.kind in BLOCKING for q in turn.release.open_questions)
    by_person = turn.release.pause is not None and turn.release.pause.name
    if turn.release.phase is Phase.PAUSED and not blocked and not by_person:
        turn.phase(Phase.RUNNING)


def _check(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    step = turn.release.step(question.step)
    if question.kind is QuestionKind.OVERDUE:
        return
    outcome.look_again(turn, step)
    _go_on(turn)


def _rollback(turn: Turn, event: Order, question: Question | None) -> None:
    release = turn.release
    if release.phase in {Phase.PLANNED, Phase.ROLLING_BACK}:
        raise RefusalError(text("refused.phase", phase=str(release.phase)))
    changed = undo.changed(release)
    wanted = event.component
    if not wanted and question is not None and question.component and event.nonce:
        wanted = question.component
    whole = wanted in {"", "all"}
    if not whole and wanted not in {c.component for c in release.changes}:
        raise RefusalError(text("refused.no_component", component=wanted))
    scope = changed if whole else tuple(c for c in changed if c == wanted)
    undo.refuse(release, scope)
    _close(turn, event, question)
    undo.request(turn, scope, name=event.actor.name, reason=event.reason, whole=whole)


def _note(turn: Turn, event: Order, question: Question | None) -> None:
    del question
    turn.fact("fact.note", who=event.actor.name, text=event.reason)


_HANDLERS: dict[Verb, Callable[[Turn, Order, Question | None], None]] = {
    Verb.START: _start,
    Verb.GO: _go,
    Verb.APPROVE: _approve,
    Verb.REJECT: _reject,
    Verb.CONFIRM: _confirm,
    Verb.PAUSE: _pause,
    Verb.RESUME: _resume,
    Verb.ABORT: _abort,
    Verb.RETRY: _retry,
    Verb.SKIP: _skip,
    Verb.OVERRIDE: _override,
    Verb.CHECK: _check,
    Verb.ROLLBACK: _rollback,
    Verb.NOTE: _note,
}
