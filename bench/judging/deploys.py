"""Full deploys on a background: healthy ones and injected rises, for the policy and its rivals."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.judging.figures import RISES, Recall, Share, share, size_of
from bench.judging.rivals import ROUNDS, RULES, Sight, cuts
from bench.judging.worlds import DAY, Floats, World
from bot.core.verdict.calibrated.calibration import Calibration, calibrate
from bot.core.verdict.calibrated.look import Look, look
from bot.core.verdict.calibrated.panel import Panel

BASELINE = 10 * DAY
RENEWED = 360
"""Minutes for which a stored calibration serves."""
WINDOW = 15
KEPT = 180
HINDSIGHT = 0.01
RAMP = 5
"""Minutes over which a ramped rise grows."""
ODDS = (0.02, 0.01, 0.005, 0.002, 0.001)


@dataclass(frozen=True)
class Size:
    """How many releases are made."""

    nulls: int
    injections: int


@dataclass
class Method:
    """What one method did on a background."""

    false: Share
    recall: Recall = field(default_factory=Recall)
    types_flagged: float = 0.0
    slower: Recall = field(default_factory=Recall)
    """The same rises, not at once: over five minutes, or on one of the canary's two hosts."""


@dataclass
class Outcome:
    """A background's figures: each method as shipped, and each rival cut with hindsight."""

    name: str
    methods: dict[str, Method]
    calibrating_seconds: float
    look_milliseconds: float
    odds: dict[float, Share] = field(default_factory=dict)
    """Printed odds -> the share of healthy releases that printed such odds or smaller ones."""


def panel_of(world: World, begin: int, end: int) -> Panel:
    """The columns [begin, end) as the policy reads them."""
    counts = world.counts[:, begin:end]
    return Panel(world.start + begin, world.keys, counts, np.ones(counts.shape[1]))


def level_before(world: World, moment: int) -> Floats:
    """Expected events of 15 minutes by type: the last two hours drawn to the last ten days."""
    past = world.counts[:, moment - BASELINE : moment]
    known, recently = (
        world.known[moment - BASELINE : moment].sum(),
        world.known[moment - 120 : moment],
    )
    rate = (np.nansum(past, axis=1) + 0.5) / max(known, 1)
    recent = np.nansum(past[:, -120:], axis=1)
    return np.asarray(WINDOW * (recent + 5.0) / (recently.sum() + 5.0 / rate))


def moments_of(world: World, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Times of releases, evenly spread with a jitter, in order; their windows are whole."""
    room = world.minutes - BASELINE - WINDOW
    step = room / number
    at = BASELINE + (np.arange(number) + rng.uniform(0, 1, number)) * step
    moments = np.clip(at.astype(np.int64), BASELINE, world.minutes - WINDOW)
    missing = np.concatenate([[0], np.cumsum(~world.known)])
    return np.asarray(moments[missing[moments + WINDOW] == missing[moments]])


class Deploys:
    """Runs releases on one world, calibrating anew every six hours."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.filled = world.filled
        self.rng = np.random.default_rng(seed)
        self.calibrating: list[float] = []
        self.looking: list[float] = []
        self._calibration: Calibration | None = None
        self._until = -1

    def policy(self, moment: int, after: Floats) -> Look:
        """The policy's look 15 minutes after a release with these counts since."""
        if self._calibration is None or moment >= self._until:
            begin = moment - moment % RENEWED if moment - moment % RENEWED >= BASELINE else moment
            started = time.process_time()
            self._calibration = calibrate(panel_of(self.world, begin - BASELINE, begin))
            self.calibrating.append(time.process_time() - started)
            self._until = begin + RENEWED
        calibrated = self._calibration.end - self.world.start
        first = min(moment - KEPT, calibrated)
        counts = np.concatenate([self.world.counts[:, first:moment], after], axis=1)
        recent = Panel(self.world.start + first, self.world.keys, counts, np.ones(counts.shape[1]))
        started = time.process_time()
        seen = look(self._calibration, recent, began=self.world.start + moment)
        self.looking.append(time.process_time() - started)
        return seen

    def found(self, moment: int, after: Floats, row: int) -> float:
        """The minute at which the policy alarms on a type, infinity where it does not."""
        key = self.world.keys[row]
        seen = self.policy(moment, after)
        at = [float(a.at) for a in seen.alarms if a.proven and a.key == key]
        return min(at, default=float("inf"))

    def sight(self, moment: int, after: Floats, rows: slice | list[int]) -> Sight:
        """What rivals see at that moment of some types."""
        counts = self.filled[rows]
        past = counts[:, moment - BASELINE : moment]
        fives = past.reshape(len(past), -1, 5).sum(axis=2)
        hours = past[:, -7 * DAY :].reshape(len(past), -1, 60).sum(axis=2)
        return Sight(
            totals=past.sum(axis=1)[:, None],
            before=past[:, None, -60:],
            fives=(fives.mean(axis=1)[:, None], fives.std(axis=1)[:, None]),
            hours=tuple(x[:, None] for x in (hours.mean(1), hours.std(1), hours.max(1))),
            after=after[rows][:, None],
            types=len(self.world.keys),
        )


def run(world: World, size: Size, seed: int) -> Outcome:
    """Healthy releases and injections; rivals as shipped and cut to 1 % on the same nulls."""
    deploys = Deploys(world, seed)
    moments = moments_of(world, size.nulls, deploys.rng)
    injected = set(moments[:: max(1, size.nulls // size.injections)].tolist())
    ours, flagged, odds = [], [], []
    recall, slower = Recall(), Recall()
    rival_nulls: dict[str, list[float]] = {name: [] for name in RULES}
    rival_hits: list[tuple[float, str, dict[str, Floats]]] = []
    for moment in moments.tolist():
        after = world.counts[:, moment : moment + WINDOW]
        seen = deploys.policy(moment, after)
        ours.append(seen.failed)
        flagged.append(len({a.key for a in seen.alarms if a.proven}))
        odds.append(printed_odds(seen))
        sight = deploys.sight(moment, after, slice(None))
        for name, rule in RULES.items():
            rival_nulls[name].append(float(rule(sight).max()))
        if moment in injected:
            rival_hits += _inject(deploys, moment, recall, slower)
    days = (moments // DAY).astype(np.int64)
    false = share(np.array(ours), days)
    methods = {"calibrated": Method(false, recall, float(np.mean(flagged)), slower)}
    shipped = cuts(len(world.keys))
    for name, most in rival_nulls.items():
        scores = np.array(most)
        tuned = max(float(np.quantile(scores, 1 - HINDSIGHT)), 1e-9)
        for label, cut in ((name, shipped[name]), (f"{name}, hindsight", tuned)):
            found = _rival_recall(rival_hits, name, cut)
            methods[label] = Method(share(scores > cut, days), found)
    return Outcome(
        world.name,
        methods,
        float(np.mean(deploys.calibrating)),
        1000 * float(np.mean(deploys.looking)),
        {odd: share(np.array(odds) <= odd, days) for odd in ODDS},
    )


def printed_odds(seen: Look) -> float:
    """The smallest odds that this look would print: 1 where it says nothing."""
    # Rise and persistence are two tests of a release, whichever of them spoke.
    return min((2 * alarm.odds for alarm in seen.alarms), default=1.0)


def _inject(
    deploys: Deploys, moment: int, recall: Recall, slower: Recall
) -> list[tuple[float, str, dict[str, Floats]]]:
    """One random type of each volume class rises by each factor in turn."""
    world, rng = deploys.world, deploys.rng
    expected = level_before(world, moment)
    sizes = [size_of(float(x)) for x in expected]
    found = []
    for size in sorted(set(sizes)):
        row = int(rng.choice([n for n, s in enumerate(sizes) if s == size]))
        for rise in RISES:
            after = world.counts[:, moment : moment + WINDOW].copy()
            added = np.full(WINDOW, (rise - 1) * expected[row] / WINDOW)
            ramped = after.copy()
            ramped[row] += rng.poisson(added * np.minimum(1, np.arange(1, WINDOW + 1) / RAMP))
            slower.add(rise, size, deploys.found(moment, ramped, row))
            after[row] += rng.poisson(added)
            recall.add(rise, size, deploys.found(moment, after, row))
            sight = deploys.sight(moment, after, [row])
            found.append((rise, size, {n: rule(sight)[0, 0] for n, rule in RULES.items()}))
    return found


def _rival_recall(
    hits: list[tuple[float, str, dict[str, Floats]]], name: str, cut: float
) -> Recall:
    made = Recall()
    for rise, size, scores in hits:
        above = np.flatnonzero(scores[name] > cut)
        rounds = ROUNDS if len(scores[name]) == len(ROUNDS) else (WINDOW,)
        made.add(rise, size, float(rounds[above[0]]) if len(above) else float("inf"))
    return made
