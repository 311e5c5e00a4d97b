"""What executors and checks answered, and what follows from it."""

from __future__ import annotations

from bot.core import checks, flow, undo
from bot.core.effect import EffectKind
from bot.core.event import (
    StepNotStarted,
    StepProgressed,
    StepStarted,
    StepUnsure,
    StopAnswered,
    VersionRead,
)
from bot.core.operation import HostState, Progress, ProgressState
from bot.core.question import QuestionKind
from bot.core.release import IN_FLIGHT, OPERATIONS, Phase, Step, StepKind, StepState
from bot.core.turn import Turn
from bot.core.value import Text, text
from bot.core.verb import Verb

UNKNOWN_LOOKS = 3
"""After this many looks in a row without an answer, people are asked."""


def current(turn: Turn, step_id: str, attempt: int) -> Step | None:
    """The operation that an answer is about; None when it is no longer of interest."""
    step = turn.release.find_step(step_id)
    if step is None or step.kind not in OPERATIONS or step.attempt != attempt:
        return None
    return step if step.state in IN_FLIGHT else None


def started(turn: Turn, event: StepStarted) -> None:
    """Keep the handle and look from now on; stop at once what was halted meanwhile."""
    step = current(turn, event.step, event.attempt)
    if step is None or step.handle:
        return
    step = turn.put(step, handle=event.handle)
    _look(turn, step)
    if step.state is StepState.STOPPING:
        undo.stop(turn, step)


def _look(turn: Turn, step: Step) -> None:
    turn.emit(
        EffectKind.LOOK,
        f"look:{step.id}:{step.attempt}",
        turn.now + turn.release.config.target.poll_every,
        step=step.id,
        attempt=step.attempt,
    )


def not_started(turn: Turn, event: StepNotStarted) -> None:
    """Nothing was changed: a failure, or just the end when it was being stopped."""
    step = current(turn, event.step, event.attempt)
    if step is None:
        return
    detail = text("step.not_started", step=step.id, detail=event.detail)
    if step.state is StepState.STOPPING:
        turn.put(step, state=StepState.CANCELLED, finished_at=turn.now, detail=detail)
        return
    _fail(turn, turn.put(step, detail=detail))


def unsure(turn: Turn, event: StepUnsure) -> None:
    """Nobody can tell whether it ran: never a blind repeat, people are asked."""
    step = current(turn, event.step, event.attempt)
    if step is not None:
        _ask_unsure(turn, step, text("step.unsure", step=step.id, detail=event.detail))


def _ask_unsure(turn: Turn, step: Step, detail: Text) -> None:
    turn.supersede(step=step.id)
    halted = step.state is StepState.STOPPING
    step = turn.put(step, state=StepState.UNSURE, finished_at=turn.now, detail=detail)
    turn.fact("fact.step_unsure", step=step.id)
    if halted:
        return
    if step.undo:
        undo.failed(turn, step)
        return
    turn.hold(text("pause.unsure", step=step.id))
    choices = (Verb.CHECK, Verb.ROLLBACK, Verb.OVERRIDE, Verb.ABORT)
    turn.ask(QuestionKind.STEP_UNSURE, choices, step=step, context=detail)


def progressed(turn: Turn, event: StepProgressed) -> None:
    """Host by host, how far it is; unknown is never success."""
    step = current(turn, event.step, event.attempt)
    if step is None:
        return
    progress = event.progress
    if progress.hosts:
        done = [h.host for h in progress.hosts if h.state is HostState.SUCCEEDED]
        seen = {host: step.succeeded_at.get(host, turn.now) for host in done}
        step = turn.put(step, hosts=progress.hosts, succeeded_at=seen)
    match progress.state:
        case ProgressState.RUNNING:
            turn.put(step, unknown_looks=0)
            _look(turn, step)
        case ProgressState.SUCCEEDED:
            _succeed(turn, step, progress)
        case ProgressState.FAILED:
            _failed_hosts(turn, step, progress)
        case ProgressState.STOPPED:
            _stopped(turn, step, progress)
        case ProgressState.LOST:
            _ask_unsure(turn, step, text("step.lost", step=step.id, detail=progress.detail))
        case ProgressState.UNKNOWN:
            _unknown(turn, step, progress)


def _unknown(turn: Turn, step: Step, progress: Progress) -> None:
    step = turn.put(step, unknown_looks=step.unknown_looks + 1)
    if step.unknown_looks >= UNKNOWN_LOOKS:
        _ask_unsure(turn, step, text("step.unknown", step=step.id, detail=progress.detail))
    else:
        _look(turn, step)


def _succeed(turn: Turn, step: Step, progress: Progress) -> None:
    bad = [h for h in progress.hosts if h.state in {HostState.FAILED, HostState.UNKNOWN}]
    if bad:
        _failed_hosts(turn, step, progress)
        return
    turn.supersede(step=step.id)
    hosts = tuple(
        h.model_copy(update={"state": HostState.SUCCEEDED}) if h.state is HostState.RUNNING else h
        for h in step.hosts
    )
    turn.put(step, state=StepState.DONE, finished_at=turn.now, hosts=hosts)
    turn.fact("fact.step_done", step=step.id)


def _stopped(turn: Turn, step: Step, progress: Progress) -> None:
    if step.state is StepState.STOPPING:
        turn.supersede(step=step.id)
        turn.put(step, state=StepState.CANCELLED, finished_at=turn.now)
        turn.fact("fact.step_stopped", step=step.id)
    else:
        _failed_hosts(turn, step, progress)


def _failed_hosts(turn: Turn, step: Step, progress: Progress) -> None:
    failed = [h.host for h in progress.hosts if h.state is not HostState.SUCCEEDED]
    detail = text(
        "step.failed",
        step=step.id,
        detail=progress.detail,
        failed=len(failed),
        hosts=len(progress.hosts),
        names=", ".join(failed[:5]),
    )
    _fail(turn, turn.put(step, detail=detail))


def _fail(turn: Turn, step: Step) -> None:
    turn.supersede(step=step.id)
    halted = step.state is StepState.STOPPING
    step = turn.put(step, state=StepState.FAILED, finished_at=turn.now)
    turn.fact("fact.step_failed", step=step.id)
    if halted:
        return
    if step.undo:
        undo.failed(turn, step)
        return
    turn.hold(text("pause.step_failed", step=step.id))
    choices = (Verb.RETRY, Verb.ROLLBACK, Verb.SKIP, Verb.ABORT)
    turn.ask(QuestionKind.STEP_FAILED, choices, step=step, context=step.detail)


def stop_answered(turn: Turn, event: StopAnswered) -> None:
    """What cannot be stopped is said, not hidden; looking at it goes on."""
    step = current(turn, event.step, event.attempt)
    if step is None:
        return
    if event.accepted:
        turn.fact("fact.stop_accepted", step=step.id)
        return
    detail = text("step.cannot_stop", step=step.id, detail=event.detail)
    turn.put(step, detail=detail)
    turn.fact("fact.cannot_stop", step=step.id)


def overdue(turn: Turn, step_id: str, attempt: int, number: int) -> None:
    """An operation has run past its deadline: people are told, and it goes on."""
    step = current(turn, step_id, attempt)
    if step is None:
        return
    flow.watch_deadline(turn, step, number=number + 1)
    asked = (q for q in turn.release.open_questions if q.kind is QuestionKind.OVERDUE)
    if any(q.step == step.id for q in asked):
        return
    choices: tuple[Verb, ...] = (Verb.CHECK, Verb.ABORT, Verb.ROLLBACK)
    if turn.release.phase is Phase.ROLLING_BACK:
        choices = (Verb.CHECK, Verb.ABORT)
    elif turn.release.phase is Phase.ABORTING:
        choices = (Verb.CHECK,)
    turn.ask(QuestionKind.OVERDUE, choices, step=step)


def version_read(turn: Turn, event: VersionRead) -> None:
    """A rollback is done when the hosts say that they run the old version again."""
    step = turn.release.find_step(event.step)
    if step is None or step.kind is not StepKind.VERIFY:
        return
    if step.state is not StepState.RUNNING or step.attempt != event.attempt:
        return
    hosts = step.only_hosts or tuple(sorted(event.versions))
    found = {host: event.versions.get(host, "?") for host in hosts}
    wrong = [f"{host}: {v}" for host, v in found.items() if v != step.version]
    if event.detail or wrong or not found:
        seen = event.detail or ", ".join(wrong[:5]) or "?"
        detail = text("step.not_confirmed", step=step.id, expected=step.version, found=seen)
        _fail(turn, turn.put(step, detail=detail))
        return
    turn.put(step, state=StepState.DONE, finished_at=turn.now)
    turn.fact("fact.rollback_confirmed", component=step.component, version=step.version)


def look_again(turn: Turn, step: Step) -> None:
    """A person wants another look at an operation, or another round of a check."""
    turn.supersede(step=step.id)
    if step.kind is StepKind.CHECK:
        checks.again(turn, step)
        return
    step = turn.put(step, state=StepState.RUNNING, unknown_looks=0, finished_at=None)
    flow.watch_deadline(turn, step, number=0)
    if step.handle:
        _look(turn, step)
    else:
        turn.emit(
            EffectKind.START,
            f"start:{step.id}:{step.attempt}",
            step=step.id,
            attempt=step.attempt,
            name="find",
        )
