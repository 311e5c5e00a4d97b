"""Rounds of a check and what their verdicts lead to (docs/architecture.md, "After the verdict")."""

from __future__ import annotations

from datetime import datetime

from bot.core import flow, undo
from bot.core.config.policy import OnFail, Policy, RollbackScope
from bot.core.event import Checked
from bot.core.question import Closed, Question, QuestionKind
from bot.core.release import Round, Step, StepKind, StepState
from bot.core.turn import RefusalError, Turn
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.core.verdict.honesty import MISSED_ALL
from bot.core.verdict.summary import summary
from bot.core.verdict.verdict import Result


def checked(turn: Turn, event: Checked) -> None:
    """Keep the round; then the next round, the end, a question, or a rollback."""
    step = turn.release.find_step(event.step)
    if step is None or step.kind is not StepKind.CHECK or step.state is not StepState.RUNNING:
        return
    if (event.round, event.repeat) != (step.round, step.repeat):
        return
    kept = Round(
        number=event.round,
        repeat=event.repeat,
        due=step.next_at or turn.now,
        ran_at=turn.now,
        late=event.late,
        verdict=event.verdict,
    )
    step = turn.put(step, rounds=(*step.rounds, kept), next_at=None)
    turn.show(f"check:{step.id}")
    turn.fact("fact.round", step=step.id, round=event.round, result=str(event.verdict.result))
    policy = turn.release.config.policies[step.component]
    match event.verdict.result:
        case Result.INCONCLUSIVE:
            _inconclusive(turn, step, policy)
        case Result.FAIL if policy.on_fail is not OnFail.OBSERVE:
            _failed(turn, step, policy)
        case _:
            _next(turn, step, policy)


def _next(turn: Turn, step: Step, policy: Policy) -> None:
    if step.round >= policy.rounds:
        turn.supersede(step=step.id)
        turn.put(step, state=StepState.DONE, finished_at=turn.now)
        turn.fact("fact.monitoring_finished", step=step.id, result=str(step.result))
        return
    interval = policy.interval / turn.release.config.time_scale
    ended = flow.restart_of(turn.release, step).finished_at or turn.now
    number = step.round + 1
    planned = ended + interval * number
    # A late round must not be followed by its successor at once: never two in a burst.
    apart = min(policy.repeat_every / turn.release.config.time_scale, interval / 2)
    soonest = turn.now + apart
    flow.schedule_round(turn, step, due=max(planned, soonest), number=number, repeat=0)


def _inconclusive(turn: Turn, step: Step, policy: Policy) -> None:
    verdict = step.rounds[-1].verdict
    if verdict.open_until is not None:
        _await_window(turn, step, verdict.open_until)
        return
    reason = summary(verdict)
    if step.repeat < policy.repeats and reason.key != MISSED_ALL:
        due = turn.now + policy.repeat_every / turn.release.config.time_scale
        flow.schedule_round(turn, step, due=due, number=step.round, repeat=step.repeat + 1)
        return
    ask_inconclusive(turn, step, reason)


def _await_window(turn: Turn, step: Step, until: datetime) -> None:
    """Nothing was found, but the window is not over: the next round looks again.

    The last one is repeated when the window is over; that is no failed measurement.
    """
    scale = turn.release.config.time_scale
    policy = turn.release.config.policies[step.component]
    if step.round < policy.rounds:
        _next(turn, step, policy)
        return
    due = max(until, turn.now + flow.LOOK_EVERY / scale / 2)
    flow.schedule_round(turn, step, due=due, number=step.round, repeat=step.repeat + 1)


def ask_inconclusive(turn: Turn, step: Step, reason: Text) -> None:
    """The check could not measure: nothing proceeds by itself."""
    step = turn.put(step, state=StepState.UNSURE, next_at=None, detail=reason)
    turn.hold(text("pause.inconclusive", step=step.id))
    choices = (Verb.CHECK, Verb.OVERRIDE, Verb.ROLLBACK, Verb.ABORT)
    turn.ask(QuestionKind.INCONCLUSIVE, choices, step=step, context=reason)


def again(turn: Turn, step: Step) -> None:
    """Run the round that was inconclusive once more, now."""
    step = turn.put(step, state=StepState.RUNNING, detail=None)
    flow.schedule_round(turn, step, due=turn.now, number=step.round, repeat=step.repeat + 1)


def _failed(turn: Turn, step: Step, policy: Policy) -> None:
    detail = summary(step.rounds[-1].verdict)
    step = turn.put(step, state=StepState.FAILED, finished_at=turn.now, detail=detail)
    turn.hold(text("pause.verdict_fail", step=step.id))
    if policy.on_fail is OnFail.ROLL_BACK and turn.release.config.may_roll_back:
        _count_down(turn, step, policy)
    else:
        ask_about_fail(turn, step)


def ask_about_fail(turn: Turn, step: Step) -> None:
    """A regression: people choose between rollback, going on with a reason, and the end."""
    choices = (Verb.ROLLBACK, Verb.OVERRIDE, Verb.ABORT)
    turn.ask(QuestionKind.VERDICT_FAIL, choices, step=step, context=step.detail)


def _count_down(turn: Turn, step: Step, policy: Policy) -> None:
    turn.ask(
        QuestionKind.COUNTDOWN,
        (Verb.PAUSE, Verb.ROLLBACK),
        step=step,
        context=step.detail,
        act_at=turn.now + policy.rollback_countdown,
    )


def automatic_rollback(turn: Turn, question: Question) -> None:
    """The countdown ended and nobody stopped it. Where nothing can be taken back, people decide."""
    step = turn.release.step(question.step)
    policy = turn.release.config.policies[step.component]
    whole = policy.rollback_scope is RollbackScope.RELEASE
    scope = undo.reversible(turn.release) if whole else (step.component,)
    try:
        undo.refuse(turn.release, scope)
    except RefusalError as refusal:
        turn.supersede(step=step.id)
        turn.facts.append(refusal.why)
        ask_about_fail(turn, step)
        return
    turn.close(question, Closed(verb="rollback", at=turn.now))
    undo.request(turn, scope, by=None, reason="verdict fail", whole=whole)


def stop_countdown(turn: Turn, question: Question, closed: Closed) -> None:
    """Somebody stopped an automatic rollback: from here on people decide."""
    turn.close(question, closed)
    ask_about_fail(turn, turn.release.step(question.step))


def drifted(turn: Turn, component: str, expected: str, found: str) -> None:
    """Somebody deployed outside: the component's checks are suspended and people are asked."""
    if component not in {c.component for c in turn.release.changes}:
        return
    context = text("question.drift", component=component, expected=expected, found=found)
    running = [
        s
        for s in turn.release.of(component)
        if s.kind is StepKind.CHECK and s.state is StepState.RUNNING
    ]
    asked = [
        q
        for q in turn.release.open_questions
        if q.kind is QuestionKind.DRIFT and q.component == component
    ]
    if asked and not running:
        return
    for question in asked:
        turn.close(question, Closed(verb="superseded", at=turn.now))
    turn.hold(text("pause.drift", component=component))
    turn.fact("fact.drift", component=component, expected=expected, found=found)
    choices = (Verb.CHECK, Verb.OVERRIDE, Verb.ROLLBACK, Verb.ABORT)
    if running:
        step = turn.put(running[0], state=StepState.UNSURE, next_at=None, detail=context)
        turn.show(f"check:{step.id}")
        turn.ask(QuestionKind.DRIFT, choices, step=step, context=context)
        return
    turn.ask(QuestionKind.DRIFT, (Verb.RESUME, Verb.ABORT), component=component, context=context)
