"""The counts of a verdict by error type, against what was expected of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np

from bot.core.calibrated.concurrent import Contrast, detection_limits
from bot.core.calibrated.observed import Observed
from bot.core.calibrated.prior import Prior
from bot.core.counts import Counts
from bot.core.verdict.calibrated import evidence
from bot.core.verdict.calibrated.look import Look
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import TypeLine

TYPES_SHOWN = 20
LEAST_EXPECTED = 0.05
"""Documents expected of a type; a factor on less is no number for people."""


@dataclass(frozen=True)
class Shown:
    """Everything that a verdict is made of."""

    situation: Situation
    counts: Counts
    prior: Prior
    seen: Observed
    look: Look | None
    contrast: Contrast | None


def type_lines(shown: Shown, new: Collection[str] = ()) -> dict[str, TypeLine]:
    """Key -> its line: of the canary where there is a control, else of all hosts.

    `new` are the types that are said to be new: the table has the counts that are said of them.
    """
    return _on_canary(shown, new) if shown.contrast else _since_restart(shown)


def largest(lines: Mapping[str, TypeLine], alarmed: Iterable[str]) -> tuple[TypeLine, ...]:
    """The lines that are shown: alarms first, then the largest counts."""
    first = {key: n for n, key in enumerate(alarmed)}
    order = sorted(
        lines.values(),
        key=lambda t: (first.get(t.error_type, len(first)), -t.after, -t.before, t.error_type),
    )
    return tuple(order[:TYPES_SHOWN])


def _since_restart(shown: Shown) -> dict[str, TypeLine]:
    """All hosts together, since the end of the restart, against the baseline."""
    look, calibration = shown.look, shown.prior.calibration
    lines = _unexpected(shown)
    if look is None or calibration is None:
        return lines
    limits = evidence.detection_limits(calibration, look)
    rows = np.flatnonzero((look.seen > 0) | (look.mean >= LEAST_EXPECTED))
    shortest = np.argsort(-np.maximum(look.seen, look.mean)[rows], kind="stable")
    alarmed = {look.keys.index(alarm.key) for alarm in look.alarms}
    for row in {*rows[shortest[:TYPES_SHOWN]].tolist(), *alarmed}:
        key, seen, mean = look.keys[row], float(look.seen[row]), float(look.mean[row])
        low, high = _range(seen, mean, float(look.over[row]))
        limit = limits[key]
        lines[key] = TypeLine(
            error_type=key,
            before=int(calibration.total[row]),
            after=int(seen),
            multiple=seen / max(mean, 1e-9) if mean > 0 else None,
            expected=round(mean, 2),
            low=low,
            high=high,
            limit=round(limit, 2) if isfinite(limit) else None,
        )
    return lines


def _on_canary(shown: Shown, new: Collection[str]) -> dict[str, TypeLine]:
    """The canary since its restart, against the same minutes of the control."""
    contrast, found = shown.contrast, _unexpected(shown)
    if contrast is None:
        return found
    seen, share = contrast.evidence, contrast.split.share
    mean = seen.control * share / (1 - share)
    rows = np.argsort(-np.maximum(seen.canary, mean), kind="stable")[:TYPES_SHOWN]
    before, limits = _totals(shown), detection_limits(contrast)
    for row in {*rows.tolist(), *(seen.keys.index(key) for key in seen.flagged)}:
        key, mine, others = seen.keys[row], float(seen.canary[row]), float(seen.control[row])
        if key in new:
            continue
        # The mean is estimated from the control's own Poisson count.
        over = float(contrast.split.dispersion[row]) / max(others, 0.5)
        low, high = _range(mine, float(mean[row]), over)
        found[key] = TypeLine(
            error_type=key,
            before=before.get(key, 0),
            after=int(mine),
            multiple=mine / float(mean[row]) if mean[row] > 0 else None,
            expected=round(float(mean[row]), 2),
            low=low,
            high=high,
            limit=round(limits[key], 2) if isfinite(limits[key]) else None,
            control=int(others),
        )
    return found


def _range(seen: float, mean: float, over: float) -> tuple[float | None, float | None]:
    """The factors that fit a count; none where next to nothing was expected: any factor fits."""
    if mean < LEAST_EXPECTED:
        return None, None
    low, high = evidence.interval(seen, mean, over)
    return round(low, 2), round(high, 2)


def _totals(shown: Shown) -> dict[str, int]:
    calibration = shown.prior.calibration
    if calibration is None:
        return {}
    return {key: int(n) for key, n in zip(calibration.keys, calibration.total, strict=True)}


def _unexpected(shown: Shown) -> dict[str, TypeLine]:
    """Types that the baseline does not know, in every minute since the restart began."""
    control = set(shown.situation.control)
    others = shown.seen.totals(shown.situation.control) if control else {}
    known = set(shown.prior.calibration.keys) if shown.prior.calibration else set()
    hosts = [host for host in shown.seen.hosts if host not in control]
    return {
        key: TypeLine(
            error_type=key,
            before=0,
            after=count,
            multiple=None,
            expected=0.0,
            control=others.get(key, (0, 0))[0] if control else None,
        )
        for key, (count, _) in shown.seen.totals(hosts).items()
        if key not in known
    }
