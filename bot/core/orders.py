"""What people decide: each verb, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable

from bot.core import asked, checks, outcome, touched, undo
from bot.core.config.target import ConfirmMode
from bot.core.deeds import by
from bot.core.event import Order
from bot.core.question import STANDING, Closed, Question, QuestionKind, Vote
from bot.core.release import Override, Phase, Step, StepKind, StepState
from bot.core.turn import RefusalError, Turn
from bot.core.value import Params, text
from bot.core.verb import Verb

REASON_NEEDED = frozenset({Verb.REJECT, Verb.SKIP, Verb.OVERRIDE, Verb.NOTE})
BOARD_MODES = {"gates": ConfirmMode.GATES, "eachstep": ConfirmMode.EACH_STEP}
"""The question version of the board's confirm button -> what it asks for, however old it is."""


def order(turn: Turn, event: Order) -> None:
    """Carry out a decision, or raise RefusalError with the explanation."""
    release = turn.release
    if not release.live and event.verb is not Verb.NOTE:
        raise asked.ended(release, event)
    question = asked.find_question(release, event)
    asked.authorise(release, event, question)
    if event.verb in REASON_NEEDED and not event.reason.strip():
        raise RefusalError(text("refused.reason", verb=str(event.verb)))
    _HANDLERS[event.verb](turn, event, question)
    if event.verb is not Verb.NOTE:
        turn.set(decisions=turn.release.decisions + 1)
    turn.fact("fact.order", verb=str(event.verb), **_who(event), reason=event.reason)


def _who(event: Order) -> Params:
    return by(event.actor.name, event.actor.surface)


def _closed(turn: Turn, event: Order) -> Closed:
    return Closed(
        verb=str(event.verb),
        person=event.actor.person,
        name=event.actor.name,
        surface=event.actor.surface,
        reason=event.reason,
        at=turn.now,
    )


def _close(turn: Turn, event: Order, question: Question | None) -> None:
    if question is not None:
        turn.close(question, _closed(turn, event))


def _required(event: Order, question: Question | None) -> Question:
    if question is None:
        raise RefusalError(text("refused.no_question", verb=str(event.verb), release=0))
    return question


def _running(turn: Turn) -> None:
    if turn.release.phase is Phase.PAUSED:
        pause = turn.release.pause
        who = by(pause.name, pause.surface) if pause and pause.name else {}
        raise RefusalError(text("refused.paused_by" if who else "refused.paused", **who))
    if turn.release.phase is not Phase.RUNNING:
        raise _phase(turn)


def _phase(turn: Turn) -> RefusalError:
    return RefusalError(text("refused.phase", phase=str(turn.release.phase)))


def _vote(turn: Turn, event: Order, question: Question) -> bool:
    """Count one person's yes; True when there are enough."""
    if any(v.person == event.actor.person for v in question.votes):
        raise RefusalError(text("refused.voted"), "decided")
    who = event.actor
    vote = Vote(person=who.person, name=who.name, surface=who.surface, at=turn.now)
    question = question.model_copy(update={"votes": (*question.votes, vote)})
    turn.replace_question(question)
    votes, needed = len(question.votes), question.needed
    if votes < needed:
        turn.fact("fact.vote", **_who(event), votes=votes, needed=needed)
        return False
    _close(turn, event, question)
    return True


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
    _clear(turn, turn.release.step(question.step))


def _clear(turn: Turn, step: Step) -> None:
    """Let a step begin, without being asked for again, as soon as the release lets it."""
    earlier = touched.hosts(turn.release, step)
    turn.put(step, state=StepState.WAITING, cleared=True, earlier=earlier, detail=None)


def _approve(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _running(turn)
    if _vote(turn, event, question):
        step = turn.release.step(question.step)
        turn.put(step, state=StepState.DONE, finished_at=turn.now)
        turn.fact("fact.approved", step=step.id, **_who(event))


def _reject(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    step = turn.put(turn.release.step(question.step), state=StepState.FAILED)
    turn.hold(text("pause.rejected", step=step.id))
    choices = (Verb.ROLLBACK, Verb.RETRY, Verb.ABORT)
    context = text("question.rejected", **_who(event), reason=event.reason)
    turn.ask(QuestionKind.REJECTED, choices, step=step, context=context)


def _confirm(turn: Turn, event: Order, question: Question | None) -> None:
    if turn.release.phase is Phase.ABORTING:
        raise _phase(turn)
    mode = ConfirmMode.GATES
    if question is None:
        mode = BOARD_MODES.get(event.version) or event.mode or mode
    if mode is turn.release.confirm:
        raise RefusalError(text("refused.confirm_same", mode=str(mode)))
    turn.set(confirm=mode)
    for waiting in turn.release.open_questions:
        if mode is ConfirmMode.GATES and waiting.kind is QuestionKind.GO:
            _close(turn, event, waiting)
            _clear(turn, turn.release.step(waiting.step))


def _pause(turn: Turn, event: Order, question: Question | None) -> None:
    """Pause; while countdowns to a rollback run, a pause stops them instead."""
    counting = [q for q in turn.release.open_questions if q.kind is QuestionKind.COUNTDOWN]
    stopped = [question] if question is not None else counting
    for countdown in stopped:
        checks.stop_countdown(turn, countdown, _closed(turn, event))
    if not stopped:
        _running(turn)
        why = text("pause.person", reason=event.reason)
        turn.hold(why, event.actor.name, surface=event.actor.surface)


def _resume(turn: Turn, event: Order, question: Question | None) -> None:
    """Go on. A button answers its own question; typed, it answers all that offer it."""
    if turn.release.phase is not Phase.PAUSED:
        raise RefusalError(text("refused.not_paused", phase=str(turn.release.phase)))
    if question is None:
        for other in turn.release.open_questions:
            if other.kind in STANDING and Verb.RESUME not in other.choices:
                kind = f"question.kind.{other.kind}"
                raise RefusalError(text("refused.answer_first", step=other.step, question=kind))
    for other in turn.release.open_questions:
        if other is question or (question is None and Verb.RESUME in other.choices):
            _close(turn, event, other)
    if not _blocked(turn):
        turn.phase(Phase.RUNNING)


def _blocked(turn: Turn) -> bool:
    return any(q.kind in STANDING for q in turn.release.open_questions)


def _abort(turn: Turn, event: Order, question: Question | None) -> None:
    if turn.release.phase is Phase.ABORTING:
        raise RefusalError(text("refused.aborting"), "decided")
    del question  # every one of them ends with this decision
    for one in turn.release.open_questions:
        turn.close(one, _closed(turn, event))
    for step in turn.release.steps:
        undo.halt(turn, step)
    turn.phase(Phase.ABORTING)


def _retry(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    _clear(turn, turn.release.step(question.step))
    _go_on(turn)


def _skip(turn: Turn, event: Order, question: Question | None) -> None:
    step = turn.release.step(question.step) if question else turn.release.find_step(event.step)
    if step is None:
        raise RefusalError(text("refused.no_step", step=event.step))
    fell = step.state in {StepState.FAILED, StepState.UNSURE} and not turn.release.settled(step)
    if turn.release.phase is Phase.ABORTING or step.kind is StepKind.GATE or step.undo or not fell:
        raise RefusalError(text("refused.skip", step=step.id, state=str(step.state)))
    _close(turn, event, question)
    _wave_through(turn, event, step, StepState.SKIPPED)


def _override(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    _wave_through(turn, event, turn.release.step(question.step), StepState.OVERRIDDEN)


def _wave_through(turn: Turn, event: Order, step: Step, state: StepState) -> None:
    turn.supersede(step=step.id)
    override = Override(
        person=event.actor.person,
        name=event.actor.name,
        surface=event.actor.surface,
        reason=event.reason,
        at=turn.now,
    )
    turn.put(
        step,
        state=state,
        override=override,
        earlier=touched.hosts(turn.release, step),
        finished_at=turn.now,
        next_at=None,
    )
    turn.fact("fact.overridden", step=step.id, **_who(event), reason=event.reason)
    turn.show(f"override:{step.id}")
    if step.kind is StepKind.CHECK:
        turn.show(f"check:{step.id}")
    _go_on(turn)


def _go_on(turn: Turn) -> None:
    """Leave the pause that a rule caused, when no other question and no person holds it."""
    by_person = turn.release.pause is not None and turn.release.pause.name
    if turn.release.phase is Phase.PAUSED and not _blocked(turn) and not by_person:
        turn.phase(Phase.RUNNING)


def _check(turn: Turn, event: Order, question: Question | None) -> None:
    question = _required(event, question)
    _close(turn, event, question)
    if question.kind is QuestionKind.OVERDUE:
        return
    outcome.look_again(turn, turn.release.step(question.step))
    _go_on(turn)


def _rollback(turn: Turn, event: Order, question: Question | None) -> None:
    if turn.release.phase not in {Phase.RUNNING, Phase.PAUSED}:
        raise _phase(turn)
    component, whole = asked.rollback_scope(turn.release, event, question)
    scope = asked.rollback_of(turn.release, component, whole=whole)
    _close(turn, event, question)
    undo.request(turn, scope, by=event.actor, reason=event.reason, whole=whole)


def _note(turn: Turn, event: Order, question: Question | None) -> None:
    del question
    turn.fact("fact.note", **_who(event), text=event.reason)


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
