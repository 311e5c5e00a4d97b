"""Whether a component runs what this release put there, or what somebody else did."""

from __future__ import annotations

from bot.core import touched
from bot.core.operation import HostState, Running
from bot.core.release import OPERATIONS, SATISFIED, Release, Step, StepKind, StepState

_STILL = SATISFIED | {StepState.WAITING, StepState.ASKED, StepState.CANCELLED}


def drift(release: Release, component: str, running: Running) -> tuple[str, str] | None:
    """(expected, found) of the first host that runs something else; None when all is as expected.

    Only a restart changes what runs. While an operation on the component is in flight, failed or
    unsure nothing can be said.
    """
    if any(s.state not in _STILL for s in release.of(component) if s.kind in OPERATIONS):
        return None
    for host, version in sorted(running.versions.items()):
        expected = _expected(release, component, host)
        if expected and version not in expected:
            return f"{host}: {' / '.join(expected)}", f"{host}: {version}"
    return None


def _expected(release: Release, component: str, host: str) -> tuple[str, ...]:
    """The versions that a host may run; empty: any."""
    item = release.change(component)
    before = () if item.mixed else (item.running,)
    restarts = [s for s in release.of(component) if s.kind is StepKind.RESTART]
    if any(s.undo and host in _sure(release, s) for s in restarts):
        return (item.running,)
    if any(not s.undo and host in _sure(release, s) for s in restarts):
        return (item.candidate,)
    if any(host in (touched.hosts(release, s) or ()) for s in restarts):
        return (*before, item.candidate) if before else ()
    return before


def _sure(release: Release, step: Step) -> tuple[str, ...]:
    """The hosts of which it is certain that this restart restarted them."""
    if step.state is not StepState.DONE:
        return ()
    if step.hosts:
        return tuple(h.host for h in step.hosts if h.state is HostState.SUCCEEDED)
    return touched.group(release, step)
