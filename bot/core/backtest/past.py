"""Releases of the journal as cases: when each component was deployed, and whether it went back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.core.backtest.case import Case, Label
from bot.core.backtest.labels import Labels
from bot.core.release import Release, Step, StepKind
from bot.core.value import Moment

NO_LABELS = Labels()


def past_cases(
    releases: Sequence[Release], component: str, labels: Labels = NO_LABELS
) -> tuple[Case, ...]:
    """A case for each release that deployed and restarted the component, the oldest first.

    Bad is what was rolled back, in the release or by a later one of it, unless `labels` say
    otherwise. A rollback that is a release of its own is no case: it brings back what was good.
    """
    backs = {r.rollback_of: r for r in releases if r.rollback_of is not None}
    found = (
        _case(release, component, backs, labels)
        for release in releases
        if release.rollback_of is None
    )
    return tuple(sorted((c for c in found if c is not None), key=lambda c: c.began))


def _case(
    release: Release, component: str, backs: Mapping[int, Release], labels: Labels
) -> Case | None:
    forward = [s for s in release.of(component) if not s.undo]
    deploy = _first(forward, StepKind.DEPLOY)
    restart = _first(forward, StepKind.RESTART)
    if deploy is None or restart is None or restart.finished_at is None:
        return None
    began, restarted = deploy.started_at, restart.started_at
    if began is None or restarted is None:
        return None
    back = _rolled_back_at(release, component, backs.get(release.id))
    label = labels.releases.get(release.id) or (Label.GOOD if back is None else Label.BAD)
    return Case(
        name=f"#{release.id}",
        component=component,
        began=began,
        restarted=restarted,
        ended=restart.finished_at,
        label=label,
        rolled_back_at=back if label is Label.BAD else None,
        pseudo=False,
    )


def _first(steps: Iterable[Step], kind: StepKind) -> Step | None:
    """The first that was begun: a bad canary is seen after its own restart, not after all."""
    return next((s for s in steps if s.kind is kind and s.started_at is not None), None)


def _rolled_back_at(release: Release, component: str, later: Release | None) -> Moment | None:
    """When the component began to go back; None when it did not."""
    if component in release.rolled_back:
        began = [s.started_at for s in release.of(component) if s.undo and s.started_at]
        return min(began, default=release.ended_at)
    if later is not None and component in later.rolled_back:
        return later.begun_at
    return None
