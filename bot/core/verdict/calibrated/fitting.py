"""What the types of a baseline teach; many are fitted a group at a time, the busiest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated import common, level, scores, shape, spread, weekdays
from bot.core.verdict.calibrated.level import Averages
from bot.core.verdict.calibrated.panel import Floats, Panel
from bot.core.verdict.calibrated.scores import LOOKS, WINDOW, Minutes, Score, Window

Moments = NDArray[np.intp]


@dataclass(frozen=True)
class Pooled:
    """What the busiest types say together: the others are drawn to it, and expected to follow."""

    shape: Floats
    """(144,): by time of day."""
    weekday: Floats
    """(7,)."""
    betas: tuple[Floats, ...]
    """(half-lives,) by horizon."""
    regular: float | None
    """How far regular types reach; see `spread`."""
    follow: Floats
    """(looks,): how far types follow what they share."""
    factor: Floats
    """(moments, looks): what moved all of them."""


@dataclass(frozen=True)
class Fitted:
    """A group of types, in the order of its panel; see `Calibration` for what is not said here."""

    rates: Floats
    weekday: Floats
    betas: Floats
    over: Floats
    averages: Averages
    total: Floats
    expected: Floats
    """(types,): in 15 minutes, over the moments."""
    largest: Mapping[Score, Floats]
    """(types, moments): the largest score over all looks."""
    pooled: Pooled


def fit(panel: Panel, moments: Moments, pooled: Pooled | None, *, two_sided: bool) -> Fitted:
    """Fit expectation and scatter, and score each of the moments (minutes from the begin).

    `pooled` is what the busiest group said, None for that one itself.
    """
    counts = np.where(panel.known, panel.counts, 0.0)
    day = shape.fit(panel, pooled.shape if pooled else None)
    expects = np.where(panel.known, shape.expected(day, panel), 0.0)
    week = weekdays.factors(panel, expects, pooled.weekday if pooled else None)
    minutes = Minutes(counts, expects * week.within)
    past = level.averages(minutes.counts, minutes.shape)
    logs = level.at(past, minutes.counts, minutes.shape, moments).logs()
    both = [
        _beta(logs, minutes, moments, (span, pooled.betas[n] if pooled else None))
        for n, span in enumerate(scores.HORIZONS)
    ]
    betas = np.stack([own for own, _ in both])
    window = _window(minutes, moments, _rho(logs, betas))
    scatter = _Scatter.of(window, pooled)
    mean = scores.expected(window) * scatter.factor
    return Fitted(
        rates=day.rates,
        weekday=week.later,
        betas=betas,
        over=scatter.over,
        averages=_at_end(past, minutes),
        total=counts.sum(axis=1),
        expected=mean[:, :, -1].mean(axis=1) if len(moments) else np.zeros(len(counts)),
        largest=_largest(window, minutes, moments, (scatter, two_sided)),
        pooled=pooled
        or Pooled(
            shape=day.pooled,
            weekday=week.pooled,
            betas=tuple(together for _, together in both),
            regular=scatter.regular,
            follow=scatter.follow,
            factor=scatter.factor,
        ),
    )


def _beta(
    logs: Floats, minutes: Minutes, moments: Moments, horizon: tuple[int, Floats | None]
) -> tuple[Floats, Floats]:
    span, pooled = horizon
    if not len(moments):
        return np.zeros((len(logs), logs.shape[2])), np.zeros(logs.shape[2])
    seen, mean = (
        np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
        for x in (minutes.counts, minutes.shape)
    )
    then, now = moments + span, moments
    return level.fit(logs, seen[:, then] - seen[:, now], mean[:, then] - mean[:, now], pooled)


def _rho(logs: Floats, betas: Floats) -> Floats:
    return np.stack([level.forecast(logs, beta) for beta in betas], axis=2)


def _window(minutes: Minutes, moments: Moments, rho: Floats) -> Window:
    after = moments[:, None] + np.arange(WINDOW)
    return Window(minutes.counts[:, after], minutes.shape[:, after], rho)


@dataclass(frozen=True)
class _Scatter:
    """How types scatter, each by itself and all together."""

    over: Floats
    regular: float | None
    follow: Floats
    factor: Floats

    @classmethod
    def of(cls, window: Window, pooled: Pooled | None) -> _Scatter:
        seen, mean = scores.observed(window), scores.expected(window)
        if not seen.shape[1]:
            over = np.zeros((len(seen), len(LOOKS)))
            return cls(over, None, np.zeros(len(LOOKS)), np.ones((0, len(LOOKS))))
        if pooled is not None:
            over, regular = spread.overdispersion(seen, mean * pooled.factor, pooled.regular)
            return cls(over, regular, pooled.follow, pooled.factor)
        first, _ = spread.overdispersion(seen, mean * common.named(seen, mean))
        follow = common.following(seen, mean, first)
        factor = common.factor(seen, mean, first, follow)
        over, regular = spread.overdispersion(seen, mean * factor)
        return cls(over, regular, follow, common.factor(seen, mean, over, follow))


def _largest(
    window: Window, minutes: Minutes, moments: Moments, how: tuple[_Scatter, bool]
) -> dict[Score, Floats]:
    scatter, two_sided = how
    seen, mean = scores.observed(window), scores.expected(window) * scatter.factor
    found = {Score.RISE: scores.rise(seen, mean, scatter.over).max(axis=2)}
    if two_sided:
        found[Score.FALL] = scores.fall(seen, mean, scatter.over).max(axis=2)
    found[Score.PERSIST] = scores.persistence(minutes, moments, scatter.factor[:, -1])
    return found


def _at_end(past: Averages, minutes: Minutes) -> Averages:
    last = Averages(past.counts[:, -1], past.expected[:, -1])
    rest = minutes.counts.shape[1] % level.STEP
    if not rest:
        return last
    return level.continued(last, minutes.counts[:, -rest:], minutes.shape[:, -rest:])
