"""Canary releases on a background: two of twenty hosts run the new version, the rest do not."""

from __future__ import annotations

from math import log

import numpy as np

from bench.judging.deploys import BASELINE, WINDOW, Method, Outcome, Size, level_before, moments_of
from bench.judging.figures import RISES, Recall, share, size_of
from bench.judging.rivals import ROUNDS, log_tail
from bench.judging.worlds import DAY, Floats, World, canary_split
from bot.core.verdict.calibrated.canary import evidence, split
from bot.core.verdict.calibrated.panel import Panel

CANARY_SHARE = 0.1
ALPHA = 0.01
METHODS = ("calibrated", "binomial", "Lindon-Malek")


def _panel(world: World, begin: int, counts: Floats, hosts: float) -> Panel:
    return Panel(world.start + begin, world.keys, counts, np.full(counts.shape[1], hosts))


class Canaries:
    """Runs canary releases on one world."""

    def __init__(self, world: World, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.canary, self.control = canary_split(world)

    def minutes(self, method: str, moment: int, mine: Floats) -> Floats:
        """(types,): the minute at which the method alarms, infinity where it does not."""
        others = self.control.counts[:, moment : moment + WINDOW]
        if method == "calibrated":
            return self._policy(moment, mine, others)
        if method == "binomial":
            return _binomial(mine, others)
        return _lindon_malek(mine, others)

    def _policy(self, moment: int, mine: Floats, others: Floats) -> Floats:
        past = slice(moment - DAY, moment)
        learnt = split(
            _panel(self.canary, past.start, self.canary.counts[:, past], 2),
            _panel(self.control, past.start, self.control.counts[:, past], 18),
        )
        found = evidence(
            learnt,
            _panel(self.canary, moment, mine, 2),
            _panel(self.control, moment, others, 18),
        )
        return np.array([float(found.at.get(key, np.inf)) for key in found.keys])


def _binomial(mine: Floats, others: Floats) -> Floats:
    first = np.full(len(mine), np.inf)
    needed = -np.log10(ALPHA / (len(ROUNDS) * len(mine)))
    for minute in reversed(ROUNDS):
        own, rest = mine[:, :minute].sum(axis=1), others[:, :minute].sum(axis=1)
        score = log_tail(own, rest, CANARY_SHARE / (1 - CANARY_SHARE))
        first = np.where(score > needed, float(minute), first)
    return first


def _lindon_malek(mine: Floats, others: Floats) -> Floats:
    """Log Bayes factor with a Beta(1, 1) prior of the canary's share, and a share that is up."""
    own, rest = mine.cumsum(axis=1), others.cumsum(axis=1)
    factor = _log_beta(1 + own, 1 + rest)
    factor = factor - own * log(CANARY_SHARE) - rest * log(1 - CANARY_SHARE)
    above = (factor >= log(len(mine) / ALPHA)) & (own > CANARY_SHARE * (own + rest))
    return np.where(above.any(axis=1), above.argmax(axis=1) + 1.0, np.inf)


def _log_beta(a: Floats, b: Floats) -> Floats:
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _log_gamma(x: Floats) -> Floats:
    y = x + 6
    shift = sum(np.log(x + n) for n in range(6))
    stirling = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + 1 / (12 * y)
    return np.asarray(stirling - shift)


def run(world: World, size: Size, seed: int) -> Outcome:
    """Healthy canaries and rises on the canary alone; classes are its expected events."""
    made = Canaries(world, seed)
    moments = moments_of(world, size.nulls, made.rng)
    injected = set(moments[:: max(1, size.nulls // size.injections)].tolist())
    false: dict[str, list[bool]] = {name: [] for name in METHODS}
    recall = {name: Recall() for name in METHODS}
    slower = Recall()
    for moment in moments.tolist():
        mine = made.canary.counts[:, moment : moment + WINDOW]
        for name in METHODS:
            false[name].append(bool(np.isfinite(made.minutes(name, moment, mine)).any()))
        if moment in injected:
            _inject(made, moment, recall, slower)
    days = ((moments - BASELINE) // DAY).astype(np.int64)
    methods = {n: Method(share(np.array(false[n]), days), recall[n]) for n in METHODS}
    methods["calibrated"].slower = slower
    return Outcome(f"{world.name}, canary", methods, 0.0, 0.0)


def _inject(made: Canaries, moment: int, recall: dict[str, Recall], slower: Recall) -> None:
    expected = level_before(made.canary, moment)
    sizes = [size_of(float(x)) for x in expected]
    for size in sorted(set(sizes)):
        row = int(made.rng.choice([n for n, s in enumerate(sizes) if s == size]))
        for rise in RISES:
            mine = made.canary.counts[:, moment : moment + WINDOW].copy()
            one = mine.copy()
            one[row] += made.rng.poisson((rise - 1) * expected[row] / WINDOW / 2, WINDOW)
            slower.add(rise, size, float(made.minutes("calibrated", moment, one)[row]))
            mine[row] += made.rng.poisson((rise - 1) * expected[row] / WINDOW, WINDOW)
            for name in METHODS:
                recall[name].add(rise, size, float(made.minutes(name, moment, mine)[row]))
