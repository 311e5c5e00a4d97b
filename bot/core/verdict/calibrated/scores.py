"""What is measured after a deployment: rise, persistence and fall, as scores by error type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated.panel import Floats

LOOKS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)
"""Minutes after the deployment at which the scores are taken."""
WINDOW = LOOKS[-1]
HORIZONS = (2, 4, 8, 15)
"""The forecasts of the local level, by how many minutes they are for."""
HORIZON_OF_LOOK = (0, 0, 1, 1, 2, 2, 2, 3, 3, 3)
BEFORE = 120
"""Minutes before the deployment that a persistent rise must tower above."""
BLOCK = 2
"""Minutes: a rise that the deployment caused begins with it, and fine blocks say when it began."""
AFTER = WINDOW // BLOCK
"""Whole blocks after the deployment."""
LOW, HIGH = -4, 8
"""The exponents of the power means that stand for a smallest and for a largest block."""
HOUR = 60
"""Minutes before the deployment with which each minute after it is compared."""
RANK, NEARLY = 0.1, 0.0005
"""How much the order of minutes adds to their levels, and what keeps a complete order finite."""
NEVER = -30.0
"""The persistence where nothing is known of a block after T, or of all blocks before it."""
FEWEST = 2
RISE = 1.3
FALL_NEEDS = 10.0
"""A type that is expected less often than this is never called vanished."""
_TINY = 1e-9


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


def expected(window: Window) -> Floats:
    """(types, moments, looks): events expected until each look, without a common rise."""
    until = window.shape_after.cumsum(axis=2)[:, :, np.array(LOOKS) - 1]
    return np.asarray(until * window.rho[:, :, list(HORIZON_OF_LOOK)])


def observed(window: Window) -> Floats:
    """(types, moments, looks): events until each look."""
    return np.asarray(window.after.cumsum(axis=2)[:, :, np.array(LOOKS) - 1])


def deviance(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """Half the negative-binomial deviance in units of log10, whichever side it is on.

    X log(X / E) - (X + k) log((X + k) / (E + k)), k = 1 / over: the exponent of the tail
    P(NB(E, k) >= X) by Chernoff's bound; without a limit and without special functions.
    """
    mean, size = np.maximum(mean, 1e-9), 1 / np.maximum(over, 1e-6)
    some = np.maximum(seen, 1e-12)
    half = seen * np.log(some / mean) - (seen + size) * np.log((seen + size) / (mean + size))
    return np.asarray(np.maximum(half, 0.0) / np.log(10))


def weight(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """ln(1 + deviance): bursts grow in ratios, so their deviance has no exponential tail."""
    return np.asarray(np.log1p(deviance(seen, mean, over)))


def rise(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """(types, moments, looks): how improbably many; 0 below two events or 1.3 x expected."""
    score = weight(seen, mean, over[:, None, :])
    return np.asarray(np.where((seen >= FEWEST) & (seen > RISE * mean), score, 0.0))


def fall(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """(types, moments, looks): how improbably few; 0 where fewer than ten were expected."""
    score = weight(seen, mean, over[:, None, :])
    return np.asarray(np.where((mean >= FALL_NEEDS) & (seen < mean / RISE), score, 0.0))


def persistence(minutes: Minutes, moments: NDArray[np.intp], factor: Floats) -> Floats:
    """(types, moments): how far the lowest block after T towers above the highest before it.

    ln(M_-4(after) / M_8(before)) - 0.1 ln(1 - U + 0.0005). M are power means of the levels
    (X + 0.5) / shape, of the 7 blocks of two minutes after T and of the 60 before it; soft forms of
    minimum and maximum, which a single block cannot decide. U is Mann and Whitney's (1947): in what
    part of all pairs a minute after T is above one of the hour before; alone it could not tell what
    is higher from what is far higher. A burst that began before T raises the one, one that ends
    early or begins late lowers the other, so that only what begins with T and stays stands out: how
    lively a type is matters little, and one distribution serves all types. Near 0 or below for most
    moments. `factor` (moments,) is a rise common to all; `NEVER` where a block after T is missing.
    """
    seen, shape = (x[:, :-1] + x[:, 1:] for x in (minutes.counts, minutes.shape))
    level = (seen + 0.5) / np.maximum(shape, _TINY)
    low = _power_mean(level, shape > 0, moments[:, None] + BLOCK * np.arange(AFTER), LOW)
    reach = BLOCK * np.arange(1, BEFORE // BLOCK + 1)
    high = _power_mean(level, shape > 0, moments[:, None] - reach, HIGH)
    known = np.isfinite(low) & (low > 0) & np.isfinite(high) & (high > 0)
    ratio = np.where(known, low, 1.0) / np.where(known, high, 1.0) / factor
    order = np.log(1 - _above(minutes, moments, factor) + NEARLY)
    return np.asarray(np.where(known, np.log(ratio) - RANK * order, NEVER))


def gained(expected: Floats, by: Floats | float) -> Floats:
    """(types,): by how much a rise lifts the persistence; `expected` events in 15 minutes.

    U as for Poisson counts around the deployment, normal, and that by the logistic function with
    1.702 (Haley 1952, within 0.01).
    """
    minute = expected / WINDOW
    apart = np.minimum((by - 1) * np.sqrt(minute / (1 + by)), 100.0)
    order = np.log((1 / (1 + np.exp(1.702 * apart)) + NEARLY) / (0.5 + NEARLY))
    return np.asarray(np.log(by) - RANK * order)


def _above(minutes: Minutes, moments: NDArray[np.intp], factor: Floats) -> Floats:
    """(types, moments): in what part of the known pairs a minute after T is above one before."""
    known = minutes.shape > 0
    level = np.where(known, minutes.counts / np.maximum(minutes.shape, _TINY), np.nan)
    level = level.astype(np.float32)
    before = [level[:, moments - lag] for lag in range(1, HOUR + 1)]
    won = np.zeros((len(level), len(moments)), dtype=np.float32)
    lost = np.zeros_like(won)
    for minute in range(WINDOW):
        after = level[:, moments + minute] / factor.astype(np.float32)
        for earlier in before:
            won += after > earlier
            lost += after < earlier
    whole = np.concatenate([np.zeros((len(known), 1)), np.cumsum(known, axis=1)], axis=1)
    earlier, later = whole[:, moments - HOUR], whole[:, moments + WINDOW]
    pairs = (whole[:, moments] - earlier) * (later - whole[:, moments])
    return np.asarray(0.5 + (won - lost) / np.maximum(2 * pairs, 1))


def _power_mean(
    level: Floats, known: NDArray[np.bool_], places: NDArray[np.intp], power: int
) -> Floats:
    """Of the known blocks at (moments, blocks); a low mean is 0 where a block is unknown."""
    powers = np.where(known, level**power, np.inf if power < 0 else 0.0)
    total = np.zeros((len(level), len(places)))
    number = np.zeros_like(total)
    for place in places.T:
        total += powers[:, place]
        number += known[:, place]
    mean = total / np.maximum(number, 1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(mean > 0, mean ** (1 / power), 0.0))
