"""Other ways to compare before and after, as shipped elsewhere, each a score and its own cut.

Every rival sees one type: the counts of the ten days before T, and of the 15 minutes from T on.
A score above the cut is an alarm; a larger score is a worse type, so that hindsight can cut anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

from bench.judging.worlds import Floats

ROUNDS = (5, 10, 15)
WINDOW = 15


@dataclass(frozen=True)
class Sight:
    """What a rival sees at some moments T."""

    totals: Floats
    """(types, moments): events of the ten days before T."""
    before: Floats
    """(types, moments, 60): the last hour, minute by minute."""
    fives: tuple[Floats, Floats]
    """Mean and standard deviation of five-minute counts over the ten days (types, moments)."""
    hours: tuple[Floats, Floats, Floats]
    """Mean, standard deviation and maximum of hourly counts over seven days (types, moments)."""
    after: Floats
    """(types, moments, 15)."""
    types: int
    """How many types are tested: for Bonferroni."""
    baseline: int = 14400


Rule = Callable[[Sight], Floats]


def _until(sight: Sight) -> Floats:
    return np.asarray(sight.after.cumsum(axis=2)[:, :, np.array(ROUNDS) - 1])


def seed(sight: Sight) -> Floats:
    """(a) seed-2020, rule B: more events since T than in the ten days, and some before."""
    ratio = _until(sight) / np.maximum(sight.totals, 0.5)[:, :, None]
    return np.where((sight.totals > 0)[:, :, None], ratio, 0.0)


def seed_rates(sight: Sight) -> Floats:
    """(a2) the same on rates: any rise."""
    mean = sight.totals[:, :, None] * np.array(ROUNDS) / sight.baseline
    return np.where(mean > 0, _until(sight) / np.maximum(mean, 1e-9), 0.0)


def _rank(sight: Sight, span: int) -> Floats:
    before, after = sight.before[:, :, -span:], sight.after
    wins = np.zeros(after.shape[:2])
    for minute in range(WINDOW):
        now = after[:, :, minute, None]
        wins += (now > before).sum(axis=2) + 0.5 * (now == before).sum(axis=2)
    n, m = WINDOW, span
    pooled = np.sort(np.concatenate([before, after], axis=2), axis=2)
    ties = _tie_sum(pooled)
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    score = (wins - n * m / 2 - 0.5) / np.sqrt(np.maximum(variance, 1e-9))
    mean = before.mean(axis=2)
    shift = np.median(after, axis=2) - np.median(before, axis=2)
    # Tolerance: the shift must exceed a quarter of itself with confidence; means must have risen.
    risen = (after.mean(axis=2) > mean) & (mean > 0) & (shift > 0)
    return np.asarray(np.where(risen & (variance > 1e-9), score, 0.0)[:, :, None])


def _tie_sum(pooled: Floats) -> Floats:
    same = np.diff(pooled, axis=2) == 0
    total = np.zeros(pooled.shape[:2])
    run = np.zeros(pooled.shape[:2])
    for step in range(same.shape[2]):
        run = np.where(same[:, :, step], run + 1, 0.0)
        # A run of t equal values adds t^3 - t, which grows by 3 t (t - 1) with its t-th member.
        total += np.where(run > 0, 3 * (run + 1) * run, 0.0)
    return total


def rank15(sight: Sight) -> Floats:
    """(b) Kayenta-style Mann-Whitney, 15 minutes after against 15 before, 98 %."""
    return _rank(sight, 15)


def rank60(sight: Sight) -> Floats:
    """(b) the same against the hour before."""
    return _rank(sight, 60)


def poisson(sight: Sight) -> Floats:
    """(c) conditional Poisson test at each round: -log10 of P(Bin(all, share) >= after)."""
    return np.stack(
        [
            log_tail(sight.after[:, :, :minute].sum(axis=2), sight.totals, minute / sight.baseline)
            for minute in ROUNDS
        ],
        axis=2,
    )


def log_tail(after: Floats, before: Floats, odds: float) -> Floats:
    """-log10 P(X >= after), X Poisson with the mean before x odds widened by its own error.

    Of the binomial tail's terms the first 200 are summed; the rest do not matter beyond the mean.
    """
    total = (after + before).astype(np.int64)
    share = odds / (1 + odds)
    steps = np.arange(200)
    count = after.astype(np.int64)[..., None] + steps
    inside = count <= total[..., None]
    count = np.minimum(count, total[..., None])
    logs = _log_factorial(total[..., None]) - _log_factorial(count)
    logs = logs - _log_factorial(total[..., None] - count)
    logs = logs + count * np.log(share) + (total[..., None] - count) * np.log1p(-share)
    logs = np.where(inside, logs, -np.inf)
    largest = logs.max(axis=-1)
    tail = largest + np.log(np.exp(logs - largest[..., None]).sum(axis=-1))
    above = after > total * share
    return np.asarray(np.where(above, np.maximum(-tail / np.log(10), 0.0), 0.0))


def _log_factorial(number: NDArray[np.int64]) -> Floats:
    n = np.maximum(number, 1).astype(np.float64)
    stirling = n * np.log(n) - n + 0.5 * np.log(2 * np.pi * n) + 1 / (12 * n) - 1 / (360 * n**3)
    return np.asarray(np.where(number > 1, stirling, 0.0))


def three_sigma(sight: Sight) -> Floats:
    """(d) the last five minutes against mean + 3 sd of five-minute counts."""
    mean, sd = sight.fives
    last = np.diff(_until(sight), axis=2, prepend=0.0)
    return np.asarray((last - mean[:, :, None]) / np.maximum(sd, 1e-9)[:, :, None])


def sentry(sight: Sight) -> Floats:
    """(e) Sentry's ceiling of the hour: events since T over the ceiling."""
    mean, sd, largest = sight.hours
    spread = sd / np.maximum(mean, 1e-9)
    spike = largest * np.clip(5 * np.exp(-0.65 * spread), 2, 5)
    busy = mean * np.clip((mean + 5 * sd) / np.maximum(mean, 1e-9), 5, 8) + mean
    ceiling = np.where(largest < 30, 200.0, np.maximum(spike, busy))
    return np.asarray(_until(sight) / ceiling[:, :, None])


def cuts(types: int) -> dict[str, float]:
    """Where each rival alarms as shipped."""
    return {
        "seed-2020": 1.0,
        "seed on rates": 1.0,
        "Mann-Whitney 15": normal_quantile(0.99),
        "Mann-Whitney 60": normal_quantile(0.99),
        "Poisson": -float(np.log10(0.01 / (3 * types))),
        "mean + 3 sd": 3.0,
        "Sentry": 1.0,
    }


def normal_quantile(level: float) -> float:
    """The point below which a normal variable lies with probability `level`."""
    low, high = -10.0, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 + erf(middle / 2**0.5)) / 2 < level else (low, middle)
    return low


RULES: dict[str, Rule] = {
    "seed-2020": seed,
    "seed on rates": seed_rates,
    "Mann-Whitney 15": rank15,
    "Mann-Whitney 60": rank60,
    "Poisson": poisson,
    "mean + 3 sd": three_sigma,
    "Sentry": sentry,
}
