"""Made-up minutes for the tests of the calibrated policy: Poisson counts with fixed seeds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from bot.core.verdict.calibrated.calibration import Calibration, calibrate
from bot.core.verdict.calibrated.panel import Floats, Panel

DAY = 1440
START = 29_453_760
"""Midnight, in minutes since the epoch."""
RATES = (0.01, 0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SHORT = 5


@lru_cache(maxsize=8)
def quiet(*, days: int = SHORT + 1, seed: int = 1, rates: tuple[float, ...] = RATES) -> Panel:
    """Steady types, a row a rate."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(np.array(rates)[:, None], (len(rates), days * DAY)).astype(np.float64)
    keys = tuple(f"ERROR/type-{n}" for n in range(len(rates)))
    return Panel(START, keys, counts, np.ones(days * DAY))


@lru_cache(maxsize=8)
def baseline(days: int = SHORT, *, two_sided: bool = False) -> Calibration:
    """Calibrated on the first days of `quiet`."""
    return calibrate(quiet().between(START, START + days * DAY), two_sided=two_sided)


BEGAN = START + SHORT * DAY + 30
"""A deployment half an hour after the baseline."""


def after(changed: dict[int, Sequence[float]], *, minutes: int = 15) -> Panel:
    """The minutes around the deployment, some rows of those after it put in place."""
    part = quiet().between(BEGAN - 200, BEGAN + minutes)
    counts: Floats = part.counts.copy()
    for row, values in changed.items():
        counts[row, -minutes:] = np.array(values, dtype=np.float64)[:minutes]
    return Panel(part.start, part.keys, counts, part.exposure)
