"""The canary's count at the end of the window, expected from the control's of the same minutes."""

from __future__ import annotations

from math import lgamma

import numpy as np

from bot.core.verdict.calibrated.panel import Floats

_TERMS = 400
"""Terms of the tail that are added one by one; the rest is bounded by a geometric series."""
_LEAST = 1e-6


def surprise(canary: Floats, control: Floats, share: Floats, factor: Floats) -> Floats:
    """(types,): -ln P(so many on the canary or more | the events of both groups).

    Beta-binomial with the canary's `share` for its mean and `factor` times the variance of a
    binomial count, 1 and more: the control of the same minutes is the expectation. 0 where the
    canary has no more than its share.
    """
    total = canary + control
    rows = np.flatnonzero((canary > share * total) & (total >= 2))
    found = np.zeros(len(canary))
    if len(rows):
        found[rows] = _tail(canary[rows], total[rows], share[rows], factor[rows])
    return found


def _tail(seen: Floats, total: Floats, share: Floats, factor: Floats) -> Floats:
    # A factor of 1 is the binomial law: that of an endless memory.
    excess = np.clip(factor - 1, _LEAST, (total - 1) * 0.999)
    memory = (total - 1) / excess - 1
    mine, others = share * memory, (1 - share) * memory
    first = np.array([_log_chance(*cells) for cells in zip(seen, total, mine, others, strict=True)])
    at = seen[:, None] + np.arange(_TERMS)
    left = np.maximum(total[:, None] - at, 0.0)
    ratio = left / (at + 1) * (mine[:, None] + at) / (others[:, None] + np.maximum(left - 1, 0))
    terms = np.cumprod(ratio, axis=1)
    last = np.minimum(ratio[:, -1], 1 - _LEAST)
    whole = 1 + terms[:, :-1].sum(axis=1) + terms[:, -1] / (1 - last)
    return np.asarray(np.maximum(-(first + np.log(whole)), 0.0))


def _log_chance(seen: float, total: float, mine: float, others: float) -> float:
    choose = lgamma(total + 1) - lgamma(seen + 1) - lgamma(total - seen + 1)
    return choose + _log_beta(seen + mine, total - seen + others) - _log_beta(mine, others)


def _log_beta(one: float, two: float) -> float:
    return lgamma(one) + lgamma(two) - lgamma(one + two)
