"""The baseline as a measuring instrument: fitted once, stored, and used for looks in no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated import common, level, scores, shape, spread, tails, weekdays
from bot.core.verdict.calibrated.level import Averages
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats, Panel, PanelError
from bot.core.verdict.calibrated.scores import LOOKS, WINDOW, Minutes, Score, Window
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
Span = tuple[int, int]
Moments = NDArray[np.intp]


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
    known = panel.known
    counts = np.where(known, panel.counts, 0.0)
    fitted = shape.fit(panel)
    expects = np.where(known, shape.expected(fitted, panel), 0.0)
    weekday, by_day = weekdays.factors(panel, expects)
    expects = expects * by_day
    past = level.averages(counts, expects)
    often = pseudo_deploys(panel, PSEUDO_EVERY, skip)
    minutes = Minutes(counts, expects)
    logs = level.at(past, counts, expects, often).logs()
    betas = np.stack([_beta(logs, minutes, often, span) for span in scores.HORIZONS])
    window = _window(minutes, often, _rho(logs, betas))
    over, follow = _scatter(window)
    made = Calibration(
        start=panel.start,
        end=panel.end,
        keys=panel.keys,
        digest=panel.digest() + (f"-{list(skip)}" if skip else ""),
        pseudo_deploys=len(often),
        total=counts.sum(axis=1),
        rates=fitted.rates,
        weekday=weekday,
        betas=betas,
        over=over,
        follow=follow,
        averages=_at_end(past, counts, expects),
    )
    if len(often) < FEWEST_BOUNDED or not panel.keys:
        return made
    return _with_tails(made, window, minutes, often, two_sided=two_sided)


def pseudo_deploys(panel: Panel, every: int, skip: Sequence[Span]) -> Moments:
    """Minutes from the panel's begin at which a release could have been, with whole windows."""
    moments = np.arange(WARM_UP, panel.minutes - WINDOW + 1, every)
    whole = np.concatenate([[0], np.cumsum(~panel.known)])
    fine = whole[moments + WINDOW] == whole[moments]
    for begin, end in skip:
        touches = (moments + WINDOW > begin - panel.start) & (moments < end - panel.start)
        fine &= ~touches
    return np.asarray(moments[fine])


def _beta(logs: Floats, minutes: Minutes, moments: Moments, span: int) -> Floats:
    seen, mean = (
        np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
        for x in (minutes.counts, minutes.shape)
    )
    if not len(moments):
        return np.zeros((len(seen), logs.shape[2]))
    return level.fit(
        logs, seen[:, moments + span] - seen[:, moments], mean[:, moments + span] - mean[:, moments]
    )


def _rho(logs: Floats, betas: Floats) -> Floats:
    return np.stack([level.forecast(logs, beta) for beta in betas], axis=2)


def _window(minutes: Minutes, moments: Moments, rho: Floats) -> Window:
    after = moments[:, None] + np.arange(WINDOW)
    return Window(minutes.counts[:, after], minutes.shape[:, after], rho)


def _scatter(window: Window) -> tuple[Floats, Floats]:
    """1 / kappa by type and look, and how far types follow what they share by look."""
    seen, mean = scores.observed(window), scores.expected(window)
    if not seen.shape[1]:
        return np.zeros((len(seen), len(LOOKS))), np.zeros(len(LOOKS))
    first = spread.overdispersion(seen, mean * common.named(seen, mean))
    follow = common.following(seen, mean, first)
    return spread.overdispersion(seen, mean * common.factor(seen, mean, first, follow)), follow


def _at_end(past: Averages, counts: Floats, expects: Floats) -> Averages:
    last = Averages(past.counts[:, -1], past.expected[:, -1])
    rest = counts.shape[1] % level.STEP
    if not rest:
        return last
    return level.continued(last, counts[:, -rest:], expects[:, -rest:])


def _with_tails(
    made: Calibration,
    window: Window,
    minutes: Minutes,
    moments: Moments,
    *,
    two_sided: bool,
) -> Calibration:
    seen, mean = scores.observed(window), scores.expected(window)
    mean = mean * common.factor(seen, mean, made.over, made.follow)
    found = {Score.RISE: scores.rise(seen, mean, made.over).max(axis=2)}
    if two_sided:
        found[Score.FALL] = scores.fall(seen, mean, made.over).max(axis=2)
    if made.days < FEWEST_DAYS or made.pseudo_deploys < FEWEST_PSEUDO:
        return _with_bounds(made, found)
    found[Score.PERSIST] = scores.persistence(minutes, moments, np.ones(len(moments)))
    tail = {score: tails.fit(values, tail=_TAIL[score]) for score, values in found.items()}
    most = {
        score: tails.largest(tail[score].beyond(values), tail=_TAIL[score], slope=_SLOPE[score])
        for score, values in found.items()
    }
    limits = {
        Score.RISE: _smallest_rise(mean[:, :, -1].mean(axis=1), made.over[:, -1], tail, most),
        Score.PERSIST: _smallest_stay(found[Score.PERSIST], tail, most),
    }
    typical = made.total * WINDOW >= _TYPICAL * (made.end - made.start)
    return replace(made, tails=tail, largest=most, alphas=_alphas(limits, typical, two_sided))


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
    mean: Floats, over: Floats, tail: Mapping[Score, Tail], most: Mapping[Score, Largest]
) -> Floats:
    """(types,): the factor from which on half of the rises of a type are alarms by `rise`."""
    cut = most[Score.RISE].cut(SHARP) + tail[Score.RISE].handicap
    low, high = np.full(len(mean), 1.0), np.full(len(mean), 1000.0)
    for _ in range(20):
        middle = np.sqrt(low * high)
        enough = scores.weight(mean * middle, mean, over) > cut
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(high)


def _smallest_stay(
    values: Floats, tail: Mapping[Score, Tail], most: Mapping[Score, Largest]
) -> Floats:
    """(types,): the same by `persist`."""
    needed = most[Score.PERSIST].cut(SHARP) + tail[Score.PERSIST].handicap
    return np.asarray(np.exp(np.minimum(needed - np.median(values, axis=1), 50.0)))


def _alphas(
    limits: Mapping[Score, Floats], typical: NDArray[np.bool_], two_sided: bool
) -> dict[Score, float]:
    """The larger part to the score that sees smaller rises here, decided by the baseline alone."""
    rows = typical if typical.any() else np.ones(len(typical), dtype=bool)
    rise, stay = (float(np.median(limits[s][rows])) for s in (Score.RISE, Score.PERSIST))
    first, second = (SHARP, BLUNT) if rise <= stay else (BLUNT, SHARP)
    made = {Score.RISE: first, Score.PERSIST: second}
    return {**made, Score.FALL: ALPHA_FALL} if two_sided else made
