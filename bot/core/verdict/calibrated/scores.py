"""What is measured after a deployment: rise, persistence and fall, as scores by error type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated import level
from bot.core.verdict.calibrated.panel import Floats

LOOKS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)
"""Minutes after the deployment at which the scores are taken."""
WINDOW = LOOKS[-1]
HORIZONS = (2, 4, 8, 15)
"""The forecasts of the local level, by how many minutes they are for."""
HORIZON_OF_LOOK = (0, 0, 1, 1, 2, 2, 2, 3, 3, 3)
BEFORE = 120
"""Minutes before the deployment that a persistent rise must tower above."""
BLOCK = 5
FINE_BLOCK = 3
FINE_NEEDS = 100.0
"""A type with so many events in 15 minutes is cut into finer blocks: they say more of its onset."""
MAX_WEIGHT = 0.75
FEWEST = 2
RISE = 1.3
FALL_NEEDS = 10.0
"""A type that is expected less often than this is never called vanished."""
COMMON_NEEDS = 5
"""So many types of five expected events must agree before a rise is called common."""


@unique
class Score(StrEnum):
    """Each has its own tails, its own cut and its own share of the false alarms."""

    RISE = "rise"
    PERSIST = "persist"
    FALL = "fall"


@dataclass(frozen=True)
class Window:
    """Counts and expectations after some moments T; missing minutes are 0 in both."""

    after: Floats
    """(types, moments, 15): counts from T on."""
    shape_after: Floats
    """The same of the shape's expectation."""
    rho: Floats
    """(types, moments, horizons): the local level at T."""


@dataclass(frozen=True)
class Minutes:
    """Counts and the shape's expectation (types, minutes); missing minutes are 0 in both."""

    counts: Floats
    shape: Floats

    def of(self, rows: NDArray[np.bool_]) -> Minutes:
        """Some types only."""
        return Minutes(self.counts[rows], self.shape[rows])


@dataclass(frozen=True)
class Blocks:
    """Blocks of some minutes around some moments T; missing minutes are 0 in both."""

    seen: Floats
    """(types, moments, blocks): counts in 120 minutes before T and 15 after, in order."""
    shape: Floats
    """The same of the shape's expectation."""
    size: int
    """Minutes in a block."""


def blocks(minutes: Minutes, moments: NDArray[np.intp], size: int = BLOCK) -> Blocks:
    """Take the blocks around some columns."""
    edges = moments[:, None] + np.arange(-BEFORE, WINDOW + 1, size)
    first = int(edges.min())
    cut = slice(first, int(edges.max()))
    sums = [np.cumsum(values[:, cut], axis=1) for values in (minutes.counts, minutes.shape)]
    padded = [np.concatenate([np.zeros((len(x), 1)), x], axis=1) for x in sums]
    seen, expects = (np.diff(x[:, edges - first], axis=2) for x in padded)
    return Blocks(seen, expects, size)


def expected(window: Window) -> Floats:
    """(types, moments, looks): events expected until each look, without a common rise."""
    until = window.shape_after.cumsum(axis=2)[:, :, np.array(LOOKS) - 1]
    return np.asarray(until * window.rho[:, :, list(HORIZON_OF_LOOK)])


def observed(window: Window) -> Floats:
    """(types, moments, looks): events until each look."""
    return np.asarray(window.after.cumsum(axis=2)[:, :, np.array(LOOKS) - 1])


def common(seen: Floats, mean: Floats) -> Floats:
    """(moments, looks): the factor by which at least half of the busy types rose; 1 below 1.3."""
    if len(seen) < COMMON_NEEDS:
        return np.ones(seen.shape[1:])
    busy = mean >= COMMON_NEEDS
    ratio = np.where(busy, seen / np.maximum(mean, 1e-9), np.inf)
    count = busy.sum(axis=0)
    place = np.maximum(count - 1, 0) // 2
    median = np.take_along_axis(np.sort(ratio, axis=0), place[None], axis=0)[0]
    return np.asarray(np.where((count >= COMMON_NEEDS) & (median > RISE), median, 1.0))


def deviance(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """Half the negative-binomial deviance in units of log10, whichever side it is on.

    X log(X / E) - (X + k) log((X + k) / (E + k)), k = 1 / over: the exponent of the tail
    P(NB(E, k) >= X) by Chernoff's bound; without a limit and without special functions.
    """
    mean, size = np.maximum(mean, 1e-9), 1 / np.maximum(over, 1e-6)
    some = np.maximum(seen, 1e-12)
    half = seen * np.log(some / mean) - (seen + size) * np.log((seen + size) / (mean + size))
    return np.asarray(np.maximum(half, 0.0) / np.log(10))


def overdispersion(window: Window) -> Floats:
    """(types, looks): 1 / kappa of the counts until each look, over all moments."""
    seen, mean = observed(window), expected(window)
    mean = mean * common(seen, mean)
    looks = range(len(LOOKS))
    return np.stack([level.overdispersion(seen[:, :, n], mean[:, :, n]) for n in looks], axis=1)


def rise(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """(types, moments, looks): how improbably many; 0 below two events or 1.3 x expected."""
    score = deviance(seen, mean, over[:, None, :])
    return np.asarray(np.where((seen >= FEWEST) & (seen > RISE * mean), score, 0.0))


def fall(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """(types, moments, looks): how improbably few; 0 where fewer than ten were expected."""
    score = deviance(seen, mean, over[:, None, :])
    return np.asarray(np.where((mean >= FALL_NEEDS) & (seen < mean / RISE), score, 0.0))


def persistence(around: Blocks, factor: Floats) -> Floats:
    """(types, moments): how far the smallest block after T towers above the two hours before.

    ln((X + 0.5) / (E + 0.5)), the smallest of the blocks after T; E is the shape times a
    reference level: 0.75 x the largest and 0.25 x the mean block of the 120 minutes before T. A
    burst that began before T raises the reference, one that ends early or begins late lowers the
    smallest block. A missing block is no rise. `factor` (moments,) is a
    rise common to all.
    """
    count = BEFORE // around.size
    seen, shape = around.seen[:, :, count:], around.shape[:, :, count:]
    reference = _reference(around.seen[:, :, :count], around.shape[:, :, :count])
    mean = shape * (reference * factor)[:, :, None]
    score = np.log((seen + 0.5) / (mean + 0.5))
    smallest = np.where(shape > 0, score, 0.0).min(axis=2)
    return np.asarray(smallest.clip(min=0.0))


def persistence_by_volume(
    minutes: Minutes, moments: NDArray[np.intp], factor: Floats, fine: NDArray[np.bool_]
) -> Floats:
    """(types, moments): `persistence` in blocks of three minutes where `fine`, otherwise five."""
    found = np.zeros((len(minutes.counts), len(moments)))
    for size, rows in ((BLOCK, ~fine), (FINE_BLOCK, fine)):
        if rows.any():
            found[rows] = persistence(blocks(minutes.of(rows), moments, size), factor)
    return found


def _reference(seen: Floats, shape: Floats) -> Floats:
    levels = np.where(shape > 0, seen / np.maximum(shape, 1e-12), 0.0)
    total = shape.sum(axis=2)
    average = np.where(total > 0, seen.sum(axis=2) / np.maximum(total, 1e-12), 1.0)
    return np.asarray(MAX_WEIGHT * levels.max(axis=2) + (1 - MAX_WEIGHT) * average)
