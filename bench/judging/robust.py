"""S6: late, partial and missing data, traffic steps, host churn and rituals of releases.

Each disturbance is made on healthy releases of a synthetic world and again with a tenfold rise of
a type of 30 to 100 expected events. What must never happen is a pass on data that is not whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bench.judging.deploys import BASELINE, KEPT, RENEWED, WINDOW, level_before, moments_of
from bench.judging.figures import Share, share
from bench.judging.worlds import Floats, World
from bot.core.value import text
from bot.core.verdict.calibrated.calibration import Calibration, calibrate
from bot.core.verdict.calibrated.judgement import Judgement, Seen, judge
from bot.core.verdict.calibrated.look import Look, look
from bot.core.verdict.calibrated.panel import Panel
from bot.core.verdict.verdict import Result

RISE = 10.0
HOSTS = 20.0
RITUALS = 2
OFTEN = 0.8
LEARNT = 10
"""Releases after which a ritual is known."""


@dataclass
class Release:
    """What the log store answers about one release; the last 15 minutes are those after it."""

    counts: Floats
    exposure: Floats
    seen: Seen = field(default_factory=Seen)


Disturb = Callable[[Release, np.random.Generator], Release]


def _lag(minutes: int) -> Disturb:
    def disturb(release: Release, _: np.random.Generator) -> Release:
        # The watermark has not passed: the minutes are not asked for yet.
        return Release(release.counts[:, :-minutes], release.exposure[:-minutes])

    return disturb


def _stall(release: Release, rng: np.random.Generator) -> Release:
    counts = release.counts.copy()
    begin = counts.shape[1] - WINDOW + int(rng.integers(0, WINDOW - 3))
    counts[:, begin : begin + 3] = np.nan
    return Release(counts, release.exposure)


def _silence(release: Release, _: np.random.Generator) -> Release:
    exposure = release.exposure.copy()
    exposure[-WINDOW:] = 0.0
    counts = release.counts.copy()
    counts[:, -WINDOW:] = 0.0
    return Release(counts, exposure)


def _failed_shard(release: Release, rng: np.random.Generator) -> Release:
    counts = release.counts.copy()
    counts[:, -WINDOW:] = rng.binomial(counts[:, -WINDOW:].astype(np.int64), 0.8)
    return Release(counts, release.exposure, Seen(gaps=(text("bench.failed_shard"),)))


def _traffic(release: Release, _: np.random.Generator) -> Release:
    # As much again as in the 15 minutes before, by events of their own.
    counts = release.counts.copy()
    counts[:, -WINDOW:] += counts[:, -2 * WINDOW : -WINDOW]
    return Release(counts, release.exposure)


def _churn(release: Release, rng: np.random.Generator) -> Release:
    counts, exposure = release.counts.copy(), release.exposure.copy()
    late = slice(counts.shape[1] - 2 * WINDOW, None)
    counts[:, late] = rng.binomial(counts[:, late].astype(np.int64), 0.5)
    exposure[late] /= 2
    return Release(counts, exposure)


NOTHING_VISIBLE = "no live host"
UNUSABLE: dict[str, Disturb] = {
    "ingest lag of 1 minute": _lag(1),
    "ingest lag of 2 minutes": _lag(2),
    "late burst: 3 minutes unknown": _stall,
    NOTHING_VISIBLE: _silence,
    "1 failed shard of 5": _failed_shard,
}
USABLE: dict[str, Disturb] = {"traffic x2 at T": _traffic, "half of the hosts leave": _churn}
RITUAL = "rituals in 80 % of releases"


@dataclass
class Found:
    """What one disturbance does."""

    usable: bool
    passed: Share
    """Healthy releases that were passed: none may be where the data is not usable."""
    false: Share
    failed: Share
    """Of the releases with a tenfold rise."""


class Releases:
    """Makes releases of a world and judges them, calibrating anew every six hours."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = np.random.default_rng(seed)
        self._calibration: Calibration | None = None
        self._begin = -1

    def calibration(self, moment: int) -> Calibration:
        """The one that is stored at that moment."""
        if self._calibration is None or not self._begin <= moment < self._begin + RENEWED:
            begin = max(moment - moment % RENEWED, BASELINE)
            counts = self.world.counts[:, begin - BASELINE : begin]
            exposure = np.full(counts.shape[1], HOSTS)
            start = self.world.start + begin - BASELINE
            self._calibration = calibrate(Panel(start, self.world.keys, counts, exposure))
            self._begin = begin
        return self._calibration

    def release(self, moment: int, *, rise: bool) -> Release:
        """The undisturbed release, healthy or with a tenfold rise."""
        first = self._first(moment)
        counts = self.world.counts[:, first : moment + WINDOW].copy()
        if rise:
            expected = level_before(self.world, moment)
            # The nearest to 55 expected events stands for the class of 30 to 100.
            row = int(np.argmin(np.abs(np.log(expected / 55))))
            counts[row, -WINDOW:] += self.rng.poisson((RISE - 1) * expected[row] / WINDOW, WINDOW)
        return Release(counts, np.full(counts.shape[1], HOSTS))

    def _first(self, moment: int) -> int:
        return min(moment - KEPT, self.calibration(moment).end - self.world.start)

    def look(self, moment: int, release: Release) -> Look:
        """What the counts say."""
        made = self.calibration(moment)
        start = self.world.start + self._first(moment)
        panel = Panel(start, self.world.keys, release.counts, release.exposure)
        return look(made, panel, began=self.world.start + moment)

    def judge(self, moment: int, release: Release) -> Judgement:
        """The policy's word on it."""
        return judge(self.calibration(moment), self.look(moment, release), release.seen)


def run(world: World, *, releases: int, seed: int) -> dict[str, Found]:
    """Every disturbance on the same releases."""
    made = Releases(world, seed)
    words: dict[str, tuple[list[Result], list[Result]]] = {}
    moments = moments_of(world, releases, made.rng).tolist()
    for moment in moments:
        for name, disturb in {**UNUSABLE, **USABLE}.items():
            healthy, faulty = words.setdefault(name, ([], []))
            for rise, into in ((False, healthy), (True, faulty)):
                release = disturb(made.release(moment, rise=rise), made.rng)
                into.append(made.judge(moment, release).result)
    found = {name: _found(name in USABLE, *pair) for name, pair in words.items()}
    return {**found, RITUAL: _found(True, *_rituals(made, moments))}


def _found(usable: bool, healthy: list[Result], faulty: list[Result]) -> Found:
    def part(words: list[Result], wanted: Result) -> Share:
        return share(np.array([word is wanted for word in words]))

    return Found(
        usable, part(healthy, Result.PASS), part(healthy, Result.FAIL), part(faulty, Result.FAIL)
    )


def _rituals(made: Releases, moments: list[int]) -> tuple[list[Result], list[Result]]:
    """Two rare types write 20 to 60 lines in the first two minutes of most healthy releases."""
    rows = np.argsort(made.world.filled.sum(axis=1))[:RITUALS]
    past: dict[str, list[float]] = {made.world.keys[row]: [] for row in rows}
    words: tuple[list[Result], list[Result]] = ([], [])
    for number, moment in enumerate(moments):
        for rise in (False, True):
            release = made.release(moment, rise=rise)
            if made.rng.random() < OFTEN:
                release.counts[rows, -WINDOW] += made.rng.integers(20, 60, RITUALS)
            release.seen = Seen(rituals={key: tuple(seen) for key, seen in past.items()})
            if number >= LEARNT:
                words[rise].append(made.judge(moment, release).result)
            if not rise:
                _remember(made, moment, release, past)
    return words


def _remember(made: Releases, moment: int, release: Release, past: dict[str, list[float]]) -> None:
    seen = made.look(moment, release)
    for key, values in past.items():
        values.append(max((a.rarity for a in seen.alarms if a.key == key), default=0.0))
