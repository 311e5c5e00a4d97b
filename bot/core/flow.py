"""What comes next by itself: which steps may begin, and when a release has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core import undo
from bot.core.config.target import ConfirmMode
from bot.core.effect import EffectKind
from bot.core.question import QuestionKind
from bot.core.release import (
    IN_FLIGHT,
    OPERATIONS,
    SATISFIED,
    Phase,
    Release,
    Step,
    StepKind,
    StepState,
)
from bot.core.turn import Turn
from bot.core.verb import Verb

SILENT = "silent"
"""The name of a look between the rounds of a check: it says something only when it fails."""
LOOK_EVERY = timedelta(minutes=1)


def settle(turn: Turn) -> None:
    """Begin everything that may begin and end what has ended, until nothing moves."""
    while True:
        before = turn.release
        match turn.release.phase:
            case Phase.RUNNING:
                _begin_ready(turn)
                _finish(turn)
            case Phase.PAUSED:
                _begin_ready(turn, _WATCHING)
            case Phase.ABORTING:
                _finish_abort(turn)
            case Phase.ROLLING_BACK:
                _begin_ready(turn, _WATCHING)
                _roll_back(turn)
            case _:
                return
        if turn.release is before:
            return


_EVERYTHING = frozenset(StepKind)
_WATCHING = frozenset({StepKind.CHECK})
"""What begins at its time even while the release stands still: hosts that run something new."""


def _begin_ready(turn: Turn, kinds: frozenset[StepKind] = _EVERYTHING) -> None:
    for step_id in [s.id for s in turn.release.steps if s.state is StepState.WAITING]:
        step = turn.release.step(step_id)
        if step.kind in kinds and may_begin(turn.release, step):
            begin(turn, step)


def may_begin(release: Release, step: Step) -> bool:
    """Whether all that the step needs is done, and a place is free if it takes one."""
    if step.state is not StepState.WAITING:
        return False
    states = {s.id: s.state for s in release.steps}
    if any(states[need] not in SATISFIED for need in step.needs):
        return False
    opens = step.kind is StepKind.ANNOUNCE and step.group == "start" and not step.undo
    return not opens or len(places(release)) < release.config.target.parallel


def places(release: Release) -> tuple[str, ...]:
    """The components between their deploy and the end of their last restart.

    Their last check takes no place: components that do not depend on it go on.
    """
    return tuple(
        item.component
        for item in release.changes
        if _entered(release.of(item.component)) and not _left(release, item.component)
    )


def _entered(steps: tuple[Step, ...]) -> bool:
    return any(s.state is not StepState.WAITING for s in steps)


def _left(release: Release, component: str) -> bool:
    forward = [s for s in release.of(component) if s.kind in OPERATIONS and not s.undo]
    return not forward or release.settled(forward[-1])


def begin(turn: Turn, step: Step) -> None:
    """Begin a step, or ask for the Go that it wants."""
    match step.kind:
        case StepKind.ANNOUNCE:
            turn.put(step, state=StepState.DONE, started_at=turn.now, finished_at=turn.now)
            turn.emit(EffectKind.SHARE, f"share:{step.id}", step=step.id, name=step.group)
        case StepKind.CHECK:
            begin_check(turn, step)
        case StepKind.GATE:
            needed = turn.release.config.target.approvals
            step = turn.put(step, state=StepState.ASKED, started_at=turn.now)
            turn.ask(QuestionKind.GATE, (Verb.APPROVE, Verb.REJECT), step=step, needed=needed)
        case StepKind.VERIFY:
            step = turn.put(
                step, state=StepState.RUNNING, attempt=step.attempt + 1, started_at=turn.now
            )
            turn.emit(
                EffectKind.VERIFY,
                f"verify:{step.id}:{step.attempt}",
                step=step.id,
                attempt=step.attempt,
            )
        case _:
            if needs_go(turn.release, step):
                step = turn.put(step, state=StepState.ASKED)
                turn.ask(QuestionKind.GO, (Verb.GO, Verb.CONFIRM), step=step)
            else:
                run(turn, step)


def needs_go(release: Release, step: Step) -> bool:
    """Whether this operation is asked for: not in `gates`, not behind an approved promotion."""
    if release.confirm is ConfirmMode.GATES or step.undo or step.cleared:
        return False
    return not any(release.step(n).kind is StepKind.GATE for n in step.needs)


def run(turn: Turn, step: Step) -> None:
    """Have the executor start an operation, under a key that was never used before."""
    step = turn.put(
        step,
        state=StepState.RUNNING,
        attempt=step.attempt + 1,
        cleared=False,
        started_at=turn.now,
        finished_at=None,
        handle="",
        hosts=(),
        succeeded_at={},
        unknown_looks=0,
        detail=None,
    )
    key = f"{step.id}:{step.attempt}"
    turn.emit(EffectKind.START, f"start:{key}", step=step.id, attempt=step.attempt)
    watch_deadline(turn, step, number=0)
    turn.fact("fact.step_running", step=step.id, attempt=step.attempt)


def watch_deadline(turn: Turn, step: Step, *, number: int) -> None:
    """Ring when an operation has run for too long (again)."""
    turn.emit(
        EffectKind.TIMER,
        f"timer:deadline:{step.id}:{step.attempt}:{number}",
        turn.now + turn.release.config.target.step_deadline,
        name="deadline",
        step=step.id,
        attempt=step.attempt,
        number=number,
    )


def restart_of(release: Release, check: Step) -> Step:
    """The restart that a check follows."""
    return next(
        release.step(need) for need in check.needs if release.step(need).kind is StepKind.RESTART
    )


def begin_check(turn: Turn, step: Step) -> None:
    """Plan round 1 of a check: one interval after the end of the restart it follows."""
    ended = restart_of(turn.release, step).finished_at or turn.now
    policy = turn.release.config.policies[step.component]
    due = ended + policy.interval / turn.release.config.time_scale
    step = turn.put(step, state=StepState.RUNNING, attempt=step.attempt + 1, started_at=turn.now)
    schedule_round(turn, step, due=due, number=1, repeat=0)


def schedule_round(turn: Turn, step: Step, *, due: datetime, number: int, repeat: int) -> None:
    """Plan one round of a check; there is never more than one ahead."""
    step = turn.put(step, next_at=due, round=number, repeat=repeat)
    turn.emit(
        EffectKind.CHECK,
        f"check:{step.id}:{step.attempt}:{number}:{repeat}",
        due,
        step=step.id,
        attempt=step.attempt,
        number=number,
    )
    turn.show(f"check:{step.id}")
    if not repeat:
        _look_silently(turn, step, until=due)


def _look_silently(turn: Turn, step: Step, *, until: datetime) -> None:
    """Plan a look for each minute until the round, where the policy may fail early."""
    if not turn.release.config.policies[step.component].looks_between_rounds:
        return
    minute = LOOK_EVERY / turn.release.config.time_scale
    ended = restart_of(turn.release, step).finished_at or turn.now
    number = (turn.now - ended) // minute + 1
    while (due := ended + number * minute) < until:
        turn.emit(
            EffectKind.CHECK,
            f"look:{step.id}:{step.attempt}:{number}",
            due,
            step=step.id,
            attempt=step.attempt,
            number=step.round,
            name=SILENT,
        )
        number += 1


def _finish(turn: Turn) -> None:
    release = turn.release
    if release.phase is not Phase.RUNNING or not all(map(release.settled, release.steps)):
        return
    nothing_left = bool(release.rolled_back) and not undo.changed(release)
    _end(turn, Phase.ROLLED_BACK if nothing_left else Phase.DONE)


def _finish_abort(turn: Turn) -> None:
    """The end of an abort; a rollback that was stopped half way leaves hosts to be looked at."""
    release = turn.release
    if any(s.kind in OPERATIONS and s.state in IN_FLIGHT for s in release.steps):
        return
    stopped = release.rollback
    if stopped is None:
        _end(turn, Phase.ABORTED)
        return
    begun = any(s.undo and s.attempt for c in stopped.components for s in release.of(c))
    turn.show("rollback")
    _end(turn, Phase.FAILED if begun else Phase.ABORTED)


def _end(turn: Turn, phase: Phase) -> None:
    turn.supersede()
    turn.phase(phase)
    turn.show("result")


def _roll_back(turn: Turn) -> None:
    if undo.waiting_for(turn.release):
        return
    undo.plan(turn)
    for step_id in [s.id for s in turn.release.steps if s.undo]:
        step = turn.release.step(step_id)
        if may_begin(turn.release, step):
            begin(turn, step)
    undo.finish(turn)
