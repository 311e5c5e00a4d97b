"""From scores to odds: how often a score so large comes without a release, by the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.core.verdict.calibrated.panel import Floats

PART = 0.25
"""A type may have so large a part of the largest scores, if there are more than four types."""
_ROUNDS = 6
_HIGHEST = 5.5
"""A score beyond which odds are no numbers: a deviance of 244 powers of ten."""


@dataclass(frozen=True)
class Tail:
    """How much more a score must be of a type that is far livelier than the others."""

    handicap: Floats
    """(types,): 0 for nearly all."""

    def beyond(self, scores: Floats) -> Floats:
        """The scores, comparable between types; (types, moments)."""
        return np.asarray(scores - self.handicap[:, None])


def fit(scores: Floats, *, tail: float) -> Tail:
    """Find the types that alone would decide what is rare, over pseudo-deploys (types, moments).

    The scores are made to be alike for all types, so all are judged by one distribution, which
    knows its tail better than a type knows its own. A type that bursts each hour would raise the
    cut for all: its scores are lowered until it makes a quarter of the `tail` largest at most.
    """
    part = max(PART, 1 / len(scores))
    own = np.quantile(scores, 1 - tail * part, axis=1)
    handicap = np.zeros(len(scores))
    for _ in range(_ROUNDS):
        point = np.quantile((scores - handicap[:, None]).max(axis=0), 1 - tail)
        handicap = np.maximum(own - point, 0.0)
    return Tail(handicap)


@dataclass(frozen=True)
class Largest:
    """The distribution of the largest score of a pseudo-deploy over all types and looks.

    Westfall and Young's maximum (1993): it knows how types move together and how many there are.
    P(largest >= s) = share e^(-(s - point) / slope) above the point.
    """

    point: float
    slope: float
    share: float

    def cut(self, alpha: float) -> float:
        """The score that a release without a fault exceeds with probability alpha at most."""
        return self.point + self.slope * max(float(np.log(self.share / alpha)), 0.0)

    def odds(self, score: float) -> float:
        """The probability that a release without a fault shows so large a score anywhere."""
        if score < self.point:
            return 1.0
        return self.share * float(np.exp(-(score - self.point) / self.slope))

    def rarity(self, score: float) -> float:
        """-log10 of the odds: comparable between scores and between calibrations."""
        return -float(np.log10(max(self.odds(score), 1e-300)))


@dataclass(frozen=True)
class Bounded:
    """What stands for `Largest` where there are too few moments to know its tail.

    Bonferroni's inequality on the negative-binomial tail of each count, by Chernoff's bound, which
    the deviance is the exponent of. No law knows of bursts that a young baseline has not met: what
    it did show is no alarm either, and no odds are bolder than one in its moments.
    """

    tests: float
    """Types times looks."""
    floor: float
    """A score that the moments make credible without a release."""
    moments: float
    """How many of them do not overlap."""

    def cut(self, alpha: float) -> float:
        """The score that a release without a fault exceeds with probability alpha at most."""
        return max(float(np.log1p(np.log10(self.tests / alpha))), self.floor)

    def odds(self, score: float) -> float:
        """The bound on the probability of so large a score anywhere; 1 for what was there."""
        if score <= self.floor:
            return 1.0
        return max(self._bound(score), 1 / (self.moments + 1))

    def rarity(self, score: float) -> float:
        """-log10 of the bound: comparable between scores, whatever the moments say."""
        return 0.0 if score <= self.floor else -float(np.log10(self._bound(score)))

    def _bound(self, score: float) -> float:
        return min(1.0, self.tests * float(10.0 ** -np.expm1(min(score, _HIGHEST))))


def bounded(scores: Floats, *, tests: int, moments: float, alpha: float) -> Bounded:
    """Learn from (types, moments) what is credible: the largest score and some of its scatter.

    Where `moments` independent ones are too few for a probability of alpha, the floor lies above
    the largest by as much as an exponential tail with the mean excess of the upper tenth asks for.
    """
    most = scores.max(axis=0).astype(np.float64)
    point = float(np.quantile(most, 0.9))
    excess = most[most > point] - point
    slope = float(excess.mean()) if len(excess) else 0.0
    beyond = slope * max(float(np.log(1 / (alpha * moments))), 0.0)
    return Bounded(float(tests), float(most.max()) + beyond, moments)


def largest(scores: Floats, *, tail: float, slope: float) -> Largest:
    """Fit the largest of each moment; `scores` is (types, moments), comparable between types.

    Above the 1 - `tail` quantile the excess is exponential with its mean, one imagined excess of
    `slope` among them. Bursts make the tail heavier than an exponential from its middle would
    be: `tail` is to be near to the probabilities that are asked for.
    """
    most = scores.max(axis=0).astype(np.float64)
    point = float(np.quantile(most, 1 - tail))
    excess = most[most > point] - point
    mean = (float(excess.sum()) + slope) / (len(excess) + 1)
    return Largest(point, mean, (len(excess) + 0.5) / (len(most) + 1))
