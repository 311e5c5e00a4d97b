"""From scores to odds: how often a score so large comes without a release, by the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated.panel import Floats

TAIL = 0.03
"""The share of pseudo-deploys above the point from which the tail is exponential."""
LARGEST_TAIL = 0.05
"""The same for the largest score of a pseudo-deploy."""
BELIEF = 30.0
"""The slope of a type's tail counts so many exceedances of all types together."""


@dataclass(frozen=True)
class Tail:
    """P(score >= s) = share e^(-(s - point) / slope) above the point, by type."""

    point: Floats
    slope: Floats
    share: Floats

    def rarity(self, scores: Floats) -> Floats:
        """-log10 of the odds of each score; `scores` is (types, moments)."""
        point, slope, share = (x[:, None] for x in (self.point, self.slope, self.share))
        above = (scores - point) / slope / np.log(10)
        below = np.clip(scores / np.maximum(point, 1e-12), 0.0, 1.0)
        return np.asarray(-np.log10(share) * below + np.maximum(above, 0.0))


def fit(scores: Floats, *, lowest: float, slope: float) -> Tail:
    """Fit the tail of each type over the pseudo-deploys (types, moments).

    The point is the 97 % quantile, at least `lowest`; the slope is the mean excess, drawn to that
    of all types, at least `slope` (for a rise 0.434 = 1 / ln 10: never lighter than Poisson). A
    type of rare bursts alone would have a slope from a handful of them.
    """
    moments = scores.shape[1]
    point = np.maximum(np.quantile(scores, 1 - TAIL, axis=1), lowest)
    excess = np.maximum(scores - point[:, None], 0.0)
    number, total = (excess > 0).sum(axis=1), excess.sum(axis=1)
    together = max((total.sum() + 3 * slope) / (number.sum() + 3), slope)
    slopes = np.maximum((total + BELIEF * together) / (number + BELIEF), slope)
    share = np.minimum((number + 0.5) / (moments + 1), TAIL)
    return Tail(point, np.asarray(slopes), np.asarray(share))


@dataclass(frozen=True)
class Largest:
    """The distribution of the largest rarity of a pseudo-deploy over all types and looks.

    Westfall and Young's maximum (1993): it knows how types move together and how many there are.
    """

    point: float
    slope: float
    share: float

    def cut(self, alpha: float) -> float:
        """The rarity that a release without a fault exceeds with probability alpha at most."""
        return self.point + self.slope * max(float(np.log(self.share / alpha)), 0.0)

    def odds(self, rarity: float) -> float:
        """The probability that a release without a fault shows so rare a score anywhere."""
        if rarity < self.point:
            return 1.0
        return self.share * float(np.exp(-(rarity - self.point) / self.slope))


def largest(rarities: Floats) -> Largest:
    """Fit the largest of each moment; `rarities` is (types, moments)."""
    most = rarities.max(axis=0)
    point = float(np.quantile(most, 1 - LARGEST_TAIL))
    excess = most[most > point] - point
    slope = float(excess.mean()) if len(excess) else 0.0
    return Largest(point, max(slope, 0.1), max(float(np.mean(most > point)), 1 / (len(most) + 1)))


def without_own_day(
    scores: Floats, days: NDArray[np.intp], *, lowest: float, slope: float
) -> Floats:
    """Rarities of the baseline where each day's tails come from the other days.

    A tail fitted to the same scores that it judges would find them too ordinary; measured, that
    doubled the false alarms.
    """
    rarities = np.zeros_like(scores)
    for day in np.unique(days):
        here = days == day
        rest = scores[:, ~here] if not here.all() else scores
        rarities[:, here] = fit(rest, lowest=lowest, slope=slope).rarity(scores[:, here])
    return rarities
