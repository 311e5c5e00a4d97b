"""Whether a component runs what this release put there, or what somebody else did."""

from __future__ import annotations

from bot.core.operation import HostState, Running
from bot.core.release import OPERATIONS, SATISFIED, Release, Step, StepKind, StepState


def drift(release: Release, component: str, running: Running) -> tuple[str, str] | None:
    """(expected, found) of the first host that runs something else; None when all is as expected.

    While an operation on the component is in flight or unsure nothing can be said.
    """
    item = release.change(component)
    steps = [s for s in release.of(component) if s.kind in OPERATIONS]
    if item.mixed or any(_open(s) for s in steps):
        return None
    done = {h for s in steps if _restarted(s) and not s.undo for h in _hosts(release, s)}
    back = {h for s in steps if _restarted(s) and s.undo for h in _hosts(release, s)}
    for host, version in sorted(running.versions.items()):
        expected = item.candidate if host in done - back else item.running
        if version != expected:
            return f"{host}: {expected}", f"{host}: {version}"
    return None


def _open(step: Step) -> bool:
    settled = SATISFIED | {StepState.WAITING, StepState.ASKED}
    return step.state not in settled


def _restarted(step: Step) -> bool:
    return step.kind is StepKind.RESTART and step.state is StepState.DONE


def _hosts(release: Release, step: Step) -> tuple[str, ...]:
    if step.hosts:
        return tuple(h.host for h in step.hosts if h.state is HostState.SUCCEEDED)
    return step.only_hosts or release.change(step.component).groups.get(step.group, ())
