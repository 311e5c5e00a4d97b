"""Where a release stands when one of its checks compares logs."""

from __future__ import annotations

from datetime import datetime

from bot.core.flow import restart_of
from bot.core.operation import HostState
from bot.core.release import Release, Step, StepKind
from bot.core.verdict.situation import Situation


def situation(release: Release, step: Step, now: datetime) -> Situation:
    """What a comparison is told in a round or look of this check."""
    restart = restart_of(release, step)
    ended = restart.finished_at or now
    return Situation(
        policy=release.config.policies[step.component],
        component=step.component,
        deploy_started=deploy_started(release, step.component) or now,
        restart_started=restart.started_at or ended,
        restart_ended=ended,
        restarted=_restarted(release, step.component),
        hosts=release.change(step.component).groups.get("all", ()),
        now=now,
        time_scale=release.config.time_scale,
        reported=frozenset(f.error_type for r in step.rounds for f in r.verdict.findings),
    )


def restarted_hosts(release: Release, step: Step) -> tuple[str, ...]:
    """The hosts that the restart before this check was for."""
    restart = restart_of(release, step)
    hosts = tuple(result.host for result in restart.hosts)
    return hosts or release.change(step.component).groups.get(restart.group, ())


def deploy_started(release: Release, component: str) -> datetime | None:
    """T0: the start of the component's deploy, None before it."""
    starts = [
        s.started_at
        for s in release.of(component)
        if s.kind is StepKind.DEPLOY and not s.undo and s.started_at
    ]
    return starts[0] if starts else None


def _restarted(release: Release, component: str) -> dict[str, datetime]:
    """Every host that a restart of this release reached, with the last time that it did."""
    found: dict[str, datetime] = {}
    for step in release.of(component):
        if step.kind is not StepKind.RESTART or step.undo or step.finished_at is None:
            continue
        names = [h.host for h in step.hosts if h.state is HostState.SUCCEEDED]
        if not step.hosts:
            names = list(release.change(component).groups.get(step.group, ()))
        found |= {name: step.succeeded_at.get(name, step.finished_at) for name in names}
    return found
