"""What a verdict costs: CPU seconds of one look and of calibrating, by the number of types."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from bench.judging.deploys import BASELINE, KEPT, WINDOW
from bot.core.verdict.calibrated.calibration import Calibration, calibrate
from bot.core.verdict.calibrated.level import Averages
from bot.core.verdict.calibrated.look import look
from bot.core.verdict.calibrated.panel import Panel
from bot.core.verdict.calibrated.tails import Tail

LIMITS = {"look_500": 1.0, "look_10000": 5.0, "calibrate_500": 30.0}
"""CPU seconds that are wanted at most."""


def _panel(types: int, minutes: int, start: int, seed: int) -> Panel:
    rng = np.random.default_rng(seed)
    rates = 10 ** rng.uniform(-3.0, 1.0, types)
    counts = rng.poisson(rates[:, None], (types, minutes)).astype(np.float64)
    keys = tuple(f"ERROR/type-{n:05}" for n in range(types))
    return Panel(start, keys, counts, np.ones(minutes))


def repeated(made: Calibration, times: int) -> Calibration:
    """The same types so many times over: looks cost what they cost for so many."""
    return replace(
        made,
        keys=tuple(f"{key}-{n}" for n in range(times) for key in made.keys),
        total=np.tile(made.total, times),
        rates=np.tile(made.rates, (times, 1)),
        weekday=np.tile(made.weekday, (times, 1)),
        betas=np.tile(made.betas, (1, times, 1)),
        over=np.tile(made.over, (times, 1)),
        averages=Averages(
            np.tile(made.averages.counts, (times, 1)), np.tile(made.averages.expected, (times, 1))
        ),
        tails={score: Tail(np.tile(t.handicap, times)) for score, t in made.tails.items()},
    )


def _look_seconds(made: Calibration) -> float:
    rng = np.random.default_rng(3)
    counts = rng.poisson(0.1, (len(made.keys), KEPT + WINDOW)).astype(np.float64)
    recent = Panel(made.end - KEPT, made.keys, counts, np.ones(counts.shape[1]))
    began = time.process_time()
    look(made, recent, began=made.end)
    return time.process_time() - began


def measure(types: int, times: int) -> dict[str, float]:
    """CPU seconds: calibrating `types`, a look at them, and a look at `times` as many."""
    baseline = _panel(types, BASELINE, 29_453_760, 1)
    began = time.process_time()
    made = calibrate(baseline)
    spent = time.process_time() - began
    return {
        f"calibrate_{types}": round(spent, 2),
        f"look_{types}": round(_look_seconds(made), 4),
        f"look_{types * times}": round(_look_seconds(repeated(made, times)), 4),
    }
