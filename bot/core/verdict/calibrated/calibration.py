"""The baseline as a measuring instrument: fitted once, stored, and used for looks in no time."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated import fitting, scores, shape, tails
from bot.core.verdict.calibrated.fitting import Fitted, Moments
from bot.core.verdict.calibrated.level import Averages
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats, Panel, PanelError
from bot.core.verdict.calibrated.scores import LOOKS, WINDOW, Score
from bot.core.verdict.calibrated.tails import Bounded, Largest, Tail

PSEUDO_EVERY = 7
"""Minutes between pseudo-deploys: a prime, so that they meet each minute of the hour, as what
recurs on the clock (jobs, counts of five minutes) would otherwise always or never be met."""
WARM_UP = 720
"""Pseudo-deploys begin after half a day of levels."""
FEWEST_PSEUDO = 600
"""With fewer pseudo-deploys the tails are guesses: Bonferroni's bound takes their place."""
FEWEST_DAYS = 3
"""The same with fewer days between the first known minute and the end."""
FEWEST_BOUNDED = 280
"""With fewer pseudo-deploys (two days) nobody knows what is rare: there are no alarms at all."""
SHARP, BLUNT = 0.005, 0.001
"""The probability of a false alarm in a release by the score that sees smaller rises, and by the
other one of rise and persistence."""
ALPHA_FALL = 0.0015
"""The same by `fall`; two-sided only."""
WARN_FACTOR = 8.0
"""A watch line at so many times the odds of an alarm: 5 % in all."""
_TAIL = {Score.RISE: 0.02, Score.PERSIST: 0.05, Score.FALL: 0.02}
_SLOPE = dict.fromkeys(Score, 0.03)
_TYPICAL = 10.0
"""Types with so many events in 15 minutes tell which score is the sharper one."""
TOGETHER = 250
"""Types that are fitted at one time: each takes 2.5 MB while it is."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Calibration:
    """Everything that one look needs; arrays are by type in the order of `keys`."""

    start: int
    end: int
    """Minutes since the epoch: the baseline was [start, end)."""
    keys: tuple[str, ...]
    digest: str
    """Of the baseline and of what was left out of it."""
    pseudo_deploys: int
    total: Floats
    """(types,): events in the baseline."""
    rates: Floats
    """(types, 144): events a minute and unit of exposure by time of day."""
    weekday: Floats
    """(types, 7): the factor on them by day of the week; 1 with less than three weeks."""
    betas: Floats
    """(horizons, types, half-lives)."""
    over: Floats
    """(types, looks): 1 / kappa."""
    follow: Floats
    """(looks,): how far types follow what they share."""
    averages: Averages
    """At `end`."""
    tails: Mapping[Score, Tail] = field(default_factory=dict)
    largest: Mapping[Score, Largest | Bounded] = field(default_factory=dict)
    alphas: Mapping[Score, float] = field(default_factory=dict)
    """The probability of a false alarm in a release, by score."""

    @property
    def days(self) -> float:
        """How long the baseline is."""
        return (self.end - self.start) / MINUTES_A_DAY

    def cut(self, score: Score) -> float:
        """The score, beyond a type's handicap, from which on it is an alarm."""
        return self.largest[score].cut(self.alphas[score])

    @property
    def usable(self) -> bool:
        """Whether it may judge, by whichever rule."""
        return bool(self.tails)

    @property
    def bounded(self) -> bool:
        """Whether it judges by Bonferroni's bound: three days and 600 pseudo-deploys are wanted."""
        return any(isinstance(most, Bounded) for most in self.largest.values())


def calibrate(panel: Panel, *, skip: Sequence[Span] = (), two_sided: bool = False) -> Calibration:
    """Fit expectation, scores' tails and cuts on the minutes before a deployment.

    `skip` are spans of minutes since the epoch (known incidents, real releases) in which no
    pseudo-deploy is made. Raises PanelError when there is no whole day.
    """
    first = panel.start + int(np.argmax(panel.known)) if panel.known.any() else panel.end
    panel = panel.between(first + -first % shape.BIN, panel.end)
    if panel.minutes < MINUTES_A_DAY:
        raise PanelError(f"{panel.minutes} minutes, at least a day")
    often = pseudo_deploys(panel, PSEUDO_EVERY, skip)
    groups = _groups(panel)
    fitted: list[Fitted] = []
    for rows in groups:
        pooled = fitted[0].pooled if fitted else None
        fitted.append(fitting.fit(panel.of(rows), often, pooled, two_sided=two_sided))
    back = np.argsort(np.concatenate(groups))
    made = Calibration(
        start=panel.start,
        end=panel.end,
        keys=panel.keys,
        digest=panel.digest() + (f"-{list(skip)}" if skip else ""),
        pseudo_deploys=len(often),
        total=_together([one.total for one in fitted], back),
        rates=_together([one.rates for one in fitted], back),
        weekday=_together([one.weekday for one in fitted], back),
        betas=np.concatenate([one.betas for one in fitted], axis=1)[:, back],
        over=_together([one.over for one in fitted], back),
        follow=fitted[0].pooled.follow,
        averages=Averages(
            _together([one.averages.counts for one in fitted], back),
            _together([one.averages.expected for one in fitted], back),
        ),
    )
    if len(often) < FEWEST_BOUNDED or not panel.keys:
        return made
    found = {
        score: _together([one.largest[score] for one in fitted], back)
        for score in fitted[0].largest
    }
    return _with_tails(made, found, _together([one.expected for one in fitted], back))


def _groups(panel: Panel) -> list[Moments]:
    """Rows of types, each group in their order, the busiest types first; at least one group."""
    total = np.nansum(panel.counts, axis=1)
    order = np.argsort(-total, kind="stable")
    begins = range(0, max(len(order), 1), TOGETHER)
    return [np.sort(order[begin : begin + TOGETHER]) for begin in begins]


def _together(parts: Sequence[Floats], back: Moments) -> Floats:
    return np.asarray(np.concatenate(parts)[back])


def pseudo_deploys(panel: Panel, every: int, skip: Sequence[Span]) -> Moments:
    """Minutes from the panel's begin at which a release could have been, with whole windows."""
    moments = np.arange(WARM_UP, panel.minutes - WINDOW + 1, every)
    whole = np.concatenate([[0], np.cumsum(~panel.known)])
    fine = whole[moments + WINDOW] == whole[moments]
    for begin, end in skip:
        touches = (moments + WINDOW > begin - panel.start) & (moments < end - panel.start)
        fine &= ~touches
    return np.asarray(moments[fine])


def _with_tails(
    made: Calibration, largest: Mapping[Score, Floats], expected: Floats
) -> Calibration:
    if made.days < FEWEST_DAYS or made.pseudo_deploys < FEWEST_PSEUDO:
        return _with_bounds(made, {s: v for s, v in largest.items() if s is not Score.PERSIST})
    tail = {score: tails.fit(values, tail=_TAIL[score]) for score, values in largest.items()}
    most = {
        score: tails.largest(tail[score].beyond(values), tail=_TAIL[score], slope=_SLOPE[score])
        for score, values in largest.items()
    }
    limits = {
        Score.RISE: _smallest_rise(expected, made.over[:, -1], tail, most),
        Score.PERSIST: _smallest_stay(largest[Score.PERSIST], expected, tail, most),
    }
    typical = made.total * WINDOW >= _TYPICAL * (made.end - made.start)
    return replace(made, tails=tail, largest=most, alphas=_alphas(limits, typical, largest))


def _with_bounds(made: Calibration, found: Mapping[Score, Floats]) -> Calibration:
    """Without persistence, of which no law is known that could stand for the missing moments."""
    tests = len(made.keys) * len(LOOKS)
    moments = max(made.pseudo_deploys * PSEUDO_EVERY / WINDOW, 1.0)
    alphas = {Score.RISE: SHARP, Score.FALL: ALPHA_FALL}
    return replace(
        made,
        tails=dict.fromkeys(found, Tail(np.zeros(len(made.keys)))),
        largest={
            score: tails.bounded(values, tests=tests, moments=moments, alpha=alphas[score])
            for score, values in found.items()
        },
        alphas={score: alphas[score] for score in found},
    )


def _smallest_rise(
    expected: Floats, over: Floats, tail: Mapping[Score, Tail], most: Mapping[Score, Largest]
) -> Floats:
    """(types,): the factor from which on half of the rises of a type are alarms by `rise`."""
    cut = most[Score.RISE].cut(SHARP) + tail[Score.RISE].handicap
    return _smallest(lambda by: scores.weight(expected * by, expected, over) - cut)


def _smallest_stay(
    values: Floats, expected: Floats, tail: Mapping[Score, Tail], most: Mapping[Score, Largest]
) -> Floats:
    """(types,): the same by `persist`, whose values without a rise are (types, moments)."""
    cut = most[Score.PERSIST].cut(SHARP) + tail[Score.PERSIST].handicap
    cut = cut - np.median(values, axis=1)
    return _smallest(lambda by: scores.gained(expected, by) - cut)


def _smallest(beyond: Callable[[Floats | float], Floats]) -> Floats:
    """(types,): the factor, 1 to 1,000, from which on what `beyond` says of it is above 0."""
    low = np.ones(len(beyond(1.0)))
    high = 1000.0 * low
    for _ in range(20):
        middle = np.sqrt(low * high)
        enough = beyond(middle) > 0
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(high)


def _alphas(
    limits: Mapping[Score, Floats], typical: NDArray[np.bool_], found: Container[Score]
) -> dict[Score, float]:
    """The larger part to the score that sees smaller rises here, decided by the baseline alone."""
    rows = typical if typical.any() else np.ones(len(typical), dtype=bool)
    rise, stay = (float(np.median(limits[s][rows])) for s in (Score.RISE, Score.PERSIST))
    first, second = (SHARP, BLUNT) if rise <= stay else (BLUNT, SHARP)
    made = {Score.RISE: first, Score.PERSIST: second}
    return {**made, Score.FALL: ALPHA_FALL} if Score.FALL in found else made
