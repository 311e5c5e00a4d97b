"""Rollback: in reverse order, exactly what changed, confirmed by reading the version back."""

from __future__ import annotations

from bot.core import touched
from bot.core.effect import EffectKind
from bot.core.question import Closed, QuestionKind
from bot.core.release import (
    IN_FLIGHT,
    OPERATIONS,
    SATISFIED,
    Actor,
    Change,
    Phase,
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
        and touched.merged(touched.hosts(release, s) for s in release.of(item.component))
        is not None
    )


def reversible(release: Release) -> tuple[str, ...]:
    """What a rollback of everything covers: a component that got the version it had stays."""
    same = {c.component for c in release.changes if c.running == c.candidate}
    found = changed(release)
    return tuple(c for c in found if c not in same) or found


def refuse(release: Release, scope: tuple[str, ...]) -> None:
    """Raise RefusalError when there is nothing to take back, or nothing to go back to."""
    if not scope:
        raise RefusalError(text("refused.nothing_changed"))
    for component in scope:
        item = release.change(component)
        if not item.running:
            raise RefusalError(text("refused.no_previous", component=component))
        if item.running == item.candidate:
            raise RefusalError(
                text("refused.same_version", component=component, version=item.running)
            )


def possible(release: Release, scope: tuple[str, ...]) -> bool:
    """Whether a rollback of these components would be accepted."""
    try:
        refuse(release, scope)
    except RefusalError:
        return False
    return True


def request(
    turn: Turn, scope: tuple[str, ...], *, by: Actor | None, reason: str, whole: bool
) -> None:
    """Enter the rollback of some components; operations in flight are stopped first.

    `by`: who asked; None when the policy did.
    """
    refuse(turn.release, scope)
    name, surface = (by.name, by.surface) if by else ("", "")
    rollback = Rollback(
        components=scope, whole=whole, name=name, surface=surface, reason=reason, at=turn.now
    )
    # Whoever presses one of these late is told who decided, where a person did.
    verb = str(Verb.ROLLBACK) if name else "superseded"
    said = reason if name else ""
    closed = Closed(verb=verb, name=name, surface=surface, reason=said, at=turn.now)
    for question in turn.release.open_questions:
        passed = question.kind is QuestionKind.ROLLED_BACK or question.component in scope
        if whole or passed:
            turn.close(question, closed)
    turn.set(rollback=rollback)
    for step in turn.release.steps:
        if not step.undo and (step.component in scope or whole):
            halt(turn, step)
    turn.phase(Phase.ROLLING_BACK)
    turn.show("rollback")


def halt(turn: Turn, step: Step) -> None:
    """Take a step out of the way: cancel what waits, stop what runs, leave what has ended."""
    if step.kind in OPERATIONS and step.state is StepState.RUNNING:
        turn.put(step, state=StepState.STOPPING)
        if step.handle:
            stop(turn, step)
        return
    if step.state not in {StepState.WAITING, StepState.ASKED, StepState.RUNNING}:
        return
    if step.kind is StepKind.CHECK and step.state is StepState.RUNNING:
        turn.fact("fact.checks_cancelled", step=step.id)
        turn.show(f"check:{step.id}")
    turn.put(step, state=StepState.CANCELLED, next_at=None, finished_at=turn.now)


def stop(turn: Turn, step: Step) -> None:
    """Ask the executor to stop an operation that has a handle."""
    turn.emit(EffectKind.STOP, f"stop:{step.id}:{step.attempt}", step=step.id, attempt=step.attempt)


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
    release, rollback = turn.release, turn.release.rollback
    if rollback is None or rollback.planned:
        return
    scope = tuple(c for c in changed(release) if c in rollback.components)
    turn.set(
        steps=(*release.steps, *undo_steps(release, scope)),
        rollback=rollback.model_copy(update={"planned": True}),
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
    made: list[Step] = []
    covered: list[touched.Hosts | None] = []
    for name, kind in (("undo-deploy", StepKind.DEPLOY), ("undo-restart", StepKind.RESTART)):
        steps = (s for s in release.of(component) if s.kind is kind)
        hosts = touched.merged(touched.hosts(release, s) for s in steps)
        if hosts is not None:
            covered.append(hosts)
            made.append(_step(item, name, kind, hosts))
    made.append(_step(item, "undo-verify", StepKind.VERIFY, touched.merged(covered) or ()))
    return made


def _step(item: Change, name: str, kind: StepKind, hosts: touched.Hosts) -> Step:
    return Step(
        id=f"{item.component}/{name}",
        number=0,
        kind=kind,
        component=item.component,
        group="all",
        version=item.running,
        only_hosts=hosts,
        undo=True,
    )


def finish(turn: Turn) -> None:
    """End the rollback when every undo step is settled."""
    rollback = turn.release.rollback
    if rollback is None or not rollback.planned:
        return
    steps = [s for s in turn.release.steps if s.undo]
    if any(s.state not in SATISFIED for s in steps):
        return
    turn.set(
        rolled_back=tuple(dict.fromkeys((*turn.release.rolled_back, *rollback.components))),
        rollback=None,
    )
    turn.show("rollback")
    _leave_out(turn, rollback.components)
    if not rollback.whole and _more(turn.release):
        _ask_what_next(turn, rollback)
        return
    turn.supersede()
    unconfirmed = any(s.state is not StepState.DONE for s in steps)
    turn.phase(Phase.FAILED if unconfirmed else Phase.ROLLED_BACK)
    turn.show("result")


def _more(release: Release) -> bool:
    """Whether something is released still, or could be."""
    return bool(changed(release)) or not all(map(release.settled, release.steps))


def _ask_what_next(turn: Turn, rollback: Rollback) -> None:
    names = ", ".join(rollback.components)
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
    """Cancel what is left of the components taken back, and what waits in all that need them."""
    release = turn.release
    out = set(gone)
    for step in release.steps:
        if not step.undo and any(release.step(need).component in out for need in step.needs):
            out.add(step.component)
    for component in gone:
        turn.supersede(component=component)
    for step in release.steps:
        if step.undo or step.component not in out:
            continue
        if step.state in {StepState.WAITING, StepState.ASKED}:
            turn.supersede(step=step.id)
            turn.put(step, state=StepState.CANCELLED, next_at=None)


def failed(turn: Turn, step: Step) -> None:
    """An undo step did not work: loud, the locks stay, nothing is tried again by itself."""
    again = Verb.CHECK if step.state is StepState.UNSURE else Verb.RETRY
    turn.ask(
        QuestionKind.ROLLBACK_FAILED,
        (again, Verb.OVERRIDE, Verb.ABORT),
        step=step,
        context=text(
            "question.rollback_failed",
            step=step.id,
            version=step.version,
            hosts=", ".join(step.only_hosts) or "all",
        ),
    )
