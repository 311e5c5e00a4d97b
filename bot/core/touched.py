"""Which hosts the operations of a release touched, or may have touched, over all attempts."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.operation import HostState
from bot.core.release import IN_FLIGHT, OPERATIONS, Release, Step, StepState

Hosts = tuple[str, ...]
"""Names of hosts; empty: the whole group, whose hosts have no names."""

_CERTAIN = frozenset({StepState.DONE, StepState.FAILED, StepState.CANCELLED})
"""States in which the last look at the hosts was the last word about them."""


def hosts(release: Release, step: Step) -> Hosts | None:
    """The hosts that a forward operation touched or may have touched; None: none."""
    if step.kind not in OPERATIONS or step.undo or not step.attempt:
        return None
    return merged((step.earlier, _last(release, step)))


def _last(release: Release, step: Step) -> Hosts | None:
    """What the last attempt touched. Nobody knows where a running or unsure one stands."""
    if step.state in IN_FLIGHT | {StepState.UNSURE}:
        return group(release, step)
    if step.state not in _CERTAIN:
        return None
    if step.hosts:
        return tuple(h.host for h in step.hosts if h.state is not HostState.UNCHANGED) or None
    began = step.state is StepState.DONE or step.handle
    return group(release, step) if began else None


def group(release: Release, step: Step) -> Hosts:
    """All hosts that an operation is for."""
    return step.only_hosts or release.change(step.component).groups.get(step.group, ())


def merged(found: Iterable[Hosts | None]) -> Hosts | None:
    """All of these hosts in name order; None when there are none at all."""
    some = [names for names in found if names is not None]
    if not some:
        return None
    return tuple(sorted({host for names in some for host in names})) if all(some) else ()
