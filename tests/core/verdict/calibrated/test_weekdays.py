"""Days of the week differ where three weeks say so, and a day does not explain itself."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import weekdays
from bot.core.verdict.calibrated.calibration import calibrate
from bot.core.verdict.calibrated.look import look
from bot.core.verdict.calibrated.panel import Floats, Panel
from tests.support.counted_minutes import DAY, START

SATURDAY, SUNDAY = 6, 0


def days(number: int, rates: tuple[float, ...] = (20.0, 0.02)) -> Panel:
    """Types that are written half as often at week-ends."""
    day = START // DAY + np.arange(number * DAY) // DAY
    weekend = np.isin((day + 4) % 7, (SATURDAY, SUNDAY))
    mean = np.array(rates)[:, None] * np.where(weekend, 0.5, 1.0)
    counts = np.random.default_rng(6).poisson(mean).astype(np.float64)
    keys = tuple(f"ERROR/{n}" for n in range(len(rates)))
    return Panel(START, keys, counts, np.ones(number * DAY))


def flat(panel: Panel) -> Floats:
    """The same expectation at all times."""
    return np.asarray(panel.counts.mean(axis=1, keepdims=True) * np.ones(panel.minutes))


def test_the_week_is_found() -> None:
    """Half as much on Saturdays and Sundays, for the rare type too, from the others."""
    panel = days(28)
    found = weekdays.factors(panel, flat(panel)).later

    assert found[0, [SATURDAY, SUNDAY]] == pytest.approx(0.5 / (6 / 7), rel=0.02)
    assert found[0, 1:6] == pytest.approx(1 / (6 / 7), rel=0.02)
    assert found[1] == pytest.approx(found[0], rel=0.15)


def test_less_than_three_weeks_know_no_week() -> None:
    """Unknown days do not count."""
    panel = days(22)
    counts = panel.counts.copy()
    counts[:, : 2 * DAY] = np.nan
    gaps = Panel(panel.start, panel.keys, counts, panel.exposure)

    assert (weekdays.factors(gaps, flat(panel)).later == 1).all()
    assert (weekdays.factors(panel, flat(panel)).later != 1).all()


def test_a_day_is_expected_from_the_other_days_of_its_name() -> None:
    """Ten times as much on one Wednesday: it is expected of the next one, not of itself."""
    panel = days(28)
    day = next(d for d in range(7, 14) if (START // DAY + d + 4) % 7 == 3)
    counts = panel.counts.copy()
    counts[:, day * DAY : (day + 1) * DAY] *= 10
    odd = Panel(panel.start, panel.keys, counts, panel.exposure)
    found = weekdays.factors(odd, flat(panel)).within

    assert found[0, day * DAY] == pytest.approx(1 / (6 / 7), rel=0.02)
    assert found[0, (day + 7) * DAY] > 3


def test_a_monday_after_a_quiet_week_end_is_no_surprise() -> None:
    """A look expects of its own day what that day is used to."""
    whole = days(29 + 7)
    end = next(d for d in range(28, 36) if (START // DAY + d + 4) % 7 == 1)
    made = calibrate(whole.between(START, START + end * DAY))
    began = START + end * DAY + 5
    seen = look(made, whole.between(began - 200, began + 15), began=began)

    assert seen.mean[0] == pytest.approx(15 * 20, rel=0.1)
