"""Rollback: in reverse order, exactly what changed, confirmed by reading the version back."""

from __future__ import annotations

from bot.core.effect import EffectKind
from bot.core.release import (
    IN_FLIGHT,
    OPERATIONS,
    SATISFIED,
    Phase,
    QuestionKind,
    Release,
    Rollback,
    Step,
    StepKind,
    StepState,
)
from bot.core.turn import RefusalError, Turn
from bot.core.value import text
from bot.core.verb import Verb


def changed(release: Release) -> tuple[str, ...]:
    """The components that this release changed and has not taken back, oldest change first."""
    return tuple(
        item.component
        for item in release.changes
        if item.component not in release.rolled_back
        and any(_touched(s) for s in release.of(item.component))
    )


def _touched(step: Step) -> bool:
    if step.kind not in OPERATIONS or step.undo or not step.attempt:
        return False
    if step.state in {StepState.DONE, StepState.OVERRIDDEN}:
        return True
    ran = step.state in IN_FLIGHT | {StepState.UNSURE, StepState.FAILED, StepState.CANCELLED}
    if step.hosts:
        return ran and bool(step.changed_hosts)
    return ran and (bool(step.handle) or step.state in IN_FLIGHT | {StepState.UNSURE})


def refuse(release: Release, scope: tuple[str, ...]) -> None:
    """Raise RefusalError when there is nothing to take back, or nothing to go back to."""
    if not scope:
        raise RefusalError(text("refused.nothing_changed"))
    for component in scope:
        item = release.change(component)
        if not item.running:
            raise RefusalError(text("refused.no_previous", component=component))
        if item.running == item.candidate and not item.mixed:
            raise RefusalError(
                text("refused.same_version", component=component, version=item.running)
            )


def request(turn: Turn, scope: tuple[str, ...], *, name: str, reason: str, whole: bool) -> None:
    """Enter the rollback of some components; operations in flight are stopped first."""
    refuse(turn.release, scope)
    rollback = Rollback(components=scope, whole=whole, name=name, reason=reason, at=turn.now)
    for component in scope:
        turn.supersede(component=component)
    if whole:
        turn.supersede()
    turn.set(rollback=rollback)
    for step in turn.release.steps:
        if step.component in scope or whole:
            halt(turn, step)
    turn.phase(Phase.ROLLING_BACK)
    turn.show("rollback")


def halt(turn: Turn, step: Step) -> None:
    """Take a forward step out of the way: cancel what waits, stop what runs."""
    if step.undo or step.state in SATISFIED | {StepState.CANCELLED, StepState.STOPPING}:
        return
    if step.kind in OPERATIONS and step.state is StepState.RUNNING:
        turn.put(step, state=StepState.STOPPING)
        if step.handle:
            stop(turn, step)
        return
    if step.kind in OPERATIONS and step.state in {StepState.FAILED, StepState.UNSURE}:
        return
    if step.kind is StepKind.CHECK and step.state is StepState.RUNNING:
        turn.fact("fact.checks_cancelled", step=step.id)
        turn.show(f"check:{step.id}")
    if step.state in {StepState.FAILED, StepState.UNSURE}:
        return
    turn.put(step, state=StepState.CANCELLED, next_at=None, finished_at=turn.now)


def stop(turn: Turn, step: Step) -> None:
    """Ask the executor to stop an operation that has a handle."""
    turn.emit(
        EffectKind.STOP, f"stop:{step.id}:{step.attempt}", step=step.id, attempt=step.attempt
    )


def waiting_for(release: Release) -> tuple[Step, ...]:
    """Forward operations in flight that must settle before the undo can begin."""
    rollback = release.rollback
    if rollback is None or rollback.planned:
        return ()
    return tuple(
        s
        for s in release.steps
        if s.kind in OPERATIONS
        and not s.undo
        and s.state in IN_FLIGHT
        and (rollback.whole or s.component in rollback.components)
    )


def plan(turn: Turn) -> None:
    """Append the undo steps, once: components in reverse order, only the hosts that changed."""
    rollback = turn.release.rollback
    if rollback is None or rollback.planned:
        return
    scope = [c for c in changed(turn.release) if c in rollback.components]
    steps = undo_steps(turn.release, tuple(scope))
    turn.set(
        steps=(*turn.release.steps, *steps),
        rollback=rollback.model_copy(update={"planned": True, "components": tuple(scope)}),
    )


def undo_steps(release: Release, scope: tuple[str, ...]) -> tuple[Step, ...]:
    """The undo steps of some components, one after the other, the last changed first."""
    made: list[Step] = []
    number = len(release.steps)
    taken = {s.id for s in release.steps}
    for component in reversed(scope):
        for step in _component(release, component):
            number += 1
            needs = (made[-1].id,) if made else ()
            own = _fresh(step.id, taken)
            made.append(step.model_copy(update={"id": own, "number": number, "needs": needs}))
    return tuple(made)


def _fresh(wanted: str, taken: set[str]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    taken.add(name)
    return name


def _component(release: Release, component: str) -> list[Step]:
    item = release.change(component)
    forward = [s for s in release.of(component) if not s.undo]
    deploys = [s for s in forward if s.kind is StepKind.DEPLOY]
    restarts = [s for s in forward if s.kind is StepKind.RESTART]
    base = {"number": 0, "component": component, "undo": True, "group": "all"}
    made = [
        Step(
            id=f"{component}/undo-deploy",
            kind=StepKind.DEPLOY,
            version=item.running,
            only_hosts=_hosts(release, deploys),
            **base,
        )
    ]
    if any(_touched(s) for s in restarts):
        made.append(
            Step(
                id=f"{component}/undo-restart",
                kind=StepKind.RESTART,
                version=item.running,
                only_hosts=_hosts(release, restarts),
                **base,
            )
        )
    made.append(Step(id=f"{component}/undo-verify", kind=StepKind.VERIFY, version=item.running, **base))
    return made


def _hosts(release: Release, operations: list[Step]) -> tuple[str, ...]:
    """The hosts that these operations touched; a touched one without details means its group."""
    hosts: set[str] = set()
    for step in operations:
        if not _touched(step):
            continue
        group = release.change(step.component).groups.get(step.group, ())
        named = step.changed_hosts
        hosts.update(named if step.hosts else step.only_hosts or group)
    return tuple(sorted(hosts))


def finish(turn: Turn) -> None:
    """End the rollback when every undo step is settled."""
    rollback = turn.release.rollback
    if rollback is None or not rollback.planned:
        return
    steps = [s for s in turn.release.steps if s.undo]
    if any(s.state not in SATISFIED for s in steps):
        return
    unconfirmed = any(s.state is not StepState.DONE for s in steps)
    turn.set(
        rolled_back=(*turn.release.rolled_back, *rollback.components),
        rollback=None,
    )
    turn.show("rollback")
    if rollback.whole or not _goes_on(turn.release):
        turn.supersede()
        turn.phase(Phase.FAILED if unconfirmed else Phase.ROLLED_BACK)
        turn.show("result")
        return
    _ask_what_next(turn, rollback)


def _goes_on(release: Release) -> bool:
    return any(item.component not in release.rolled_back for item in release.changes)


def _ask_what_next(turn: Turn, rollback: Rollback) -> None:
    names = ", ".join(rollback.components)
    _leave_out(turn, rollback.components)
    turn.phase(Phase.PAUSED)
    turn.hold(text("pause.rolled_back", components=names))
    choices = [Verb.RESUME, Verb.ABORT]
    if changed(turn.release):
        choices.insert(1, Verb.ROLLBACK)
    turn.ask(
        QuestionKind.ROLLED_BACK,
        tuple(choices),
        context=text("question.rolled_back", components=names),
    )


def _leave_out(turn: Turn, gone: tuple[str, ...]) -> None:
    """Cancel what is left of the components taken back, and of all that depend on them."""
    out = set(gone)
    components = turn.release.config.target.components
    for item in turn.release.changes:
        if out & set(components[item.component].depends_on):
            out.add(item.component)
    for component in sorted(out):
        turn.supersede(component=component)
    stale = {StepState.WAITING, StepState.ASKED}
    for step in turn.release.steps:
        gone_step = step.component in gone and not step.undo and step.state not in SATISFIED
        if gone_step or (step.component in out and step.state in stale):
            turn.put(step, state=StepState.CANCELLED, next_at=None)


def failed(turn: Turn, step: Step) -> None:
    """An undo step did not work: loud, the locks stay, nothing is tried again by itself."""
    turn.ask(
        QuestionKind.ROLLBACK_FAILED,
        (Verb.RETRY, Verb.OVERRIDE),
        step=step,
        context=text(
            "question.rollback_failed",
            step=step.id,
            version=step.version,
            hosts=", ".join(step.only_hosts) or "all",
        ),
    )
