"""How widely the counts of a type scatter around what is expected of them."""

from __future__ import annotations

import numpy as np

from bot.core.verdict.calibrated import level, scores
from bot.core.verdict.calibrated.panel import Floats

RARE = 0.01
"""The part of a type's pseudo-deploys whose deviances tell how far its scatter reaches."""
REGULAR = 0.25
"""Types scatter as the most regular quarter of them; the rest are widened until they do."""
EVENTS = 3.0
"""Types with so many expected events in 15 minutes tell what is regular."""


def overdispersion(
    seen: Floats, mean: Floats, regular: float | None = None
) -> tuple[Floats, float | None]:
    """(types, looks): 1 / kappa by moments of (types, moments, looks), then widened.

    A type whose forecasts miss by more at some hours than at others has a tail that no one kappa
    describes. Its 1 / kappa is widened until the largest deviance over the looks, as one in a
    hundred pseudo-deploys exceeds it, is that of the regular types: otherwise the lively types
    would set the limit for all. `regular` is how far the regular ones of busier types reach; what
    was used is given back, None where no type tells.
    """
    looks = range(seen.shape[2])
    over = [level.overdispersion(seen[:, :, look], mean[:, :, look]) for look in looks]
    return _widened(seen, mean, np.stack(over, axis=1), regular)


def _widened(
    seen: Floats, mean: Floats, over: Floats, regular: float | None
) -> tuple[Floats, float | None]:
    expected = mean.mean(axis=1)
    busy = expected[:, -1] >= EVENTS
    if regular is None and not busy.any():
        return over, None
    score = np.expm1(scores.rise(seen, mean, over).max(axis=2))
    reach = np.quantile(score, 1 - RARE, axis=1)
    if regular is None:
        regular = float(np.quantile(reach[busy], REGULAR))
    more = np.maximum(reach / max(regular, 1e-9), 1.0)[:, None]
    # A deviance falls as 1 / (1 + E / kappa) does, as long as it is moderate.
    wider = ((1 + over * expected) * more - 1) / np.maximum(expected, 1e-9)
    return np.asarray(np.clip(wider, over, np.maximum(over, level.WIDEST))), regular
