"""The shape of a day is found, and bursts and the day itself do not make it."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import shape
from bot.core.verdict.calibrated.panel import Floats, Panel
from tests.support.counted_minutes import DAY, START

WAVE = 1 + 0.6 * np.sin(2 * np.pi * np.arange(DAY) / DAY)


def days(counts: Floats, start: int = START) -> Panel:
    """One type."""
    return Panel(start, ("ERROR/a",), counts[None, :].copy(), np.ones(len(counts)))


def test_the_time_of_day_is_found_wherever_the_baseline_begins() -> None:
    """The rates at each time of day are within a few per cent of the truth."""
    counts = np.random.default_rng(1).poisson(20 * np.tile(WAVE, 6)).astype(np.float64)
    whole = shape.fit(days(counts)).rates[0]
    shifted = shape.fit(days(counts[410:], START + 410)).rates[0]
    truth = 20 * WAVE.reshape(-1, 10).mean(axis=1)

    assert whole == pytest.approx(truth, rel=0.06)
    assert shifted == pytest.approx(truth, rel=0.06)


def test_a_burst_hardly_moves_the_expectation() -> None:
    """Fifty times as many for half an hour on one of six days: weighted down."""
    counts = np.full(6 * DAY, 10.0)
    counts[2000:2030] = 500.0
    rates = shape.fit(days(counts)).rates[0]

    assert rates.max() < 12


def test_a_day_is_expected_from_the_other_days() -> None:
    """What happened on a day does not change what is expected of it."""
    counts = np.random.default_rng(2).poisson(5.0, 5 * DAY).astype(np.float64)
    other = counts.copy()
    other[DAY : 2 * DAY] = 0
    one, two = (shape.fit(days(c)).without[1] for c in (counts, other))

    assert one == pytest.approx(two, rel=0.05)


def test_missing_minutes_are_left_out_and_not_zero() -> None:
    """Half of the minutes unknown: the rate stays."""
    counts = np.full(4 * DAY, 6.0)
    counts[::2] = np.nan

    assert shape.fit(days(counts)).rates[0] == pytest.approx(np.full(144, 6.0), rel=0.01)


def test_a_time_of_day_that_no_other_day_has_is_expected_at_the_level() -> None:
    """A day and a quarter: three quarters of a day are expected from nothing but the level."""
    made = shape.fit(days(np.full(DAY + DAY // 4, 6.0)))

    assert made.without[0][0] == pytest.approx(np.full(144, 6.0), rel=0.1)


def test_a_day_without_any_other_day_is_expected_as_it_is() -> None:
    """The rest of the baseline is unknown: no rate is made from nothing."""
    counts = np.full(2 * DAY, np.nan)
    counts[:DAY] = 6.0

    assert shape.fit(days(counts)).without[0][0] == pytest.approx(np.full(144, 6.0), rel=0.1)


def test_rates_are_per_exposure() -> None:
    """Twice the hosts write twice as much at the same rate."""
    made = days(np.full(4 * DAY, 6.0))
    double = Panel(START, made.keys, made.counts, np.full(4 * DAY, 2.0))

    assert shape.fit(double).rates[0] == pytest.approx(np.full(144, 3.0), rel=0.01)
    assert shape.expected(shape.fit(double), double)[0] == pytest.approx(made.counts[0], rel=0.01)
