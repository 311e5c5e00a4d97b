"""The cost of a verdict is measured on a calibration that looks like a real one."""

from __future__ import annotations

import numpy as np

from bench.judging import speed
from bot.core.verdict.calibrated.look import look
from bot.core.verdict.calibrated.panel import Panel
from tests.support.counted_minutes import after, baseline, quiet


def test_repeated_types_are_judged_like_the_first() -> None:
    """Three times eight types: a calibration that a look accepts, with the same expectations."""
    made = speed.repeated(baseline(), 3)
    recent = after({})
    counts = np.tile(recent.counts, (3, 1))
    panel = Panel(recent.start, made.keys, counts, recent.exposure)
    found = look(made, panel, began=recent.end - 15)

    assert len(found.keys) == 3 * len(quiet().keys)
    assert np.allclose(found.mean[:8], found.mean[16:])


def test_seconds_are_of_the_three_sizes() -> None:
    """Calibrating, a look, and a look at four times as many."""
    found = speed.measure(5, 4)

    assert set(found) == {"calibrate_5", "look_5", "look_20"}
    assert all(value >= 0 for value in found.values())
    assert found["calibrate_5"] > 0
