"""What policy `calibrated` knows before it looks at a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bot.core.counts import WindowCounts
from bot.core.minutes import MinuteCounts
from bot.core.value import Text
from bot.core.verdict.calibrated.births import WINDOW, Births, births
from bot.core.verdict.calibrated.calibration import Calibration
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats
from bot.core.verdict.calibrated.scores import BEFORE

_MEMORY_BEGINS = 0.1
"""Types that are there in the first tenth of a baseline were not born in it."""


@dataclass(frozen=True)
class Prior:
    """Everything from before the restart."""

    missing: Text | None = None
    """Why baseline or calibration are not there (yet): then there is no pass."""
    calibration: Calibration | None = None
    """Fitted on minutes before the deployment."""
    recent: MinuteCounts | None = None
    """The minutes from the calibration's end, and from two hours before the restart, up to it."""
    births: Births | None = None
    """How often an error type is born without a release; None without a baseline."""
    known: frozenset[str] = frozenset()
    """Types that were seen before the deployment, in the baseline or in the last 90 days."""
    history: WindowCounts | None = None
    """The last 24 hours before the restart by hour and host; None: there is no control."""
    rituals: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Type -> how rare its score was in each of the last healthy releases, 0 where it was not."""


def learnt(baseline: MinuteCounts, *, deployed: int, calibration: Calibration | None) -> Prior:
    """Keep what looks need of a baseline up to the restart.

    `deployed` is the minute in which the deployment began: what was born since then is new.
    """
    begin = baseline.end - BEFORE
    if calibration is not None:
        begin = min(begin, calibration.end)
    return Prior(
        calibration=calibration,
        recent=baseline.between(begin, baseline.end),
        births=born(baseline),
        known=frozenset(baseline.between(baseline.start, deployed).keys),
    )


def born(baseline: MinuteCounts) -> Births:
    """The births of error types in the baseline, and how large they became in 15 minutes."""
    begin = int(baseline.minutes * _MEMORY_BEGINS)
    counts: Floats = np.nan_to_num(baseline.counts)
    first = (counts > 0).argmax(axis=1) if counts.size else np.zeros(0, dtype=np.intp)
    found = [
        (int(at), int(counts[row, at : at + WINDOW].sum()))
        for row, at in enumerate(first)
        if at >= begin and counts[row, at] > 0
    ]
    return births(found, days=(baseline.minutes - begin) / MINUTES_A_DAY)
