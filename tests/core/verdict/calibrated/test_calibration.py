"""A calibration is made once, stored, and says what it was made of."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import calibration
from bot.core.verdict.calibrated.calibration import BLUNT, SHARP, calibrate
from bot.core.verdict.calibrated.panel import Panel, PanelError
from bot.core.verdict.calibrated.scores import Score
from bot.core.verdict.calibrated.stored import to_json
from tests.support.counted_minutes import DAY, RATES, SHORT, START, baseline, quiet


def test_the_same_counts_give_the_same_calibration() -> None:
    """Nothing in it is left to chance."""
    again = calibrate(quiet().between(START, START + SHORT * DAY))

    assert to_json(again) == to_json(baseline())


def test_rates_are_those_of_the_baseline() -> None:
    """Events a minute of steady types, whatever the time of day."""
    found = baseline().rates.mean(axis=1)

    assert found[3:] == pytest.approx(np.array(RATES[3:]), rel=0.05)


def test_known_incidents_are_left_out() -> None:
    """No pseudo-deploy touches a span that is to be skipped."""
    panel = quiet().between(START, START + SHORT * DAY)
    skip = ((START + 2000, START + 3000),)
    moments = calibration.pseudo_deploys(panel, 10, skip)

    assert not ((moments > 1985) & (moments < 3000)).any()
    assert len(moments) < len(calibration.pseudo_deploys(panel, 10, ()))


def test_windows_with_missing_minutes_are_no_pseudo_deploys() -> None:
    """An unknown minute is no quiet one."""
    panel = quiet().between(START, START + 2 * DAY)
    counts = panel.counts.copy()
    counts[:, 1500:1510] = np.nan
    moments = calibration.pseudo_deploys(
        Panel(panel.start, panel.keys, counts, panel.exposure), 10, ()
    )

    assert not ((moments > 1485) & (moments < 1510)).any()


def test_a_young_baseline_judges_by_a_bound() -> None:
    """Two days by Bonferroni's, five by their own moments, less not at all."""
    young = calibrate(quiet().between(START, START + 2 * DAY), two_sided=True)

    assert young.usable
    assert young.bounded
    assert set(young.tails) == {Score.RISE, Score.FALL}
    assert baseline().usable
    assert not baseline().bounded
    busy = ((START, START + 2 * DAY - 300),)
    assert not calibrate(quiet().between(START, START + 2 * DAY), skip=busy).usable
    with pytest.raises(PanelError):
        calibrate(quiet().between(START, START + 700))


def test_what_nobody_measured_is_no_part_of_the_baseline() -> None:
    """Ten days were asked for and the service is two days old: the same as two days."""
    two = quiet().between(START, START + 2 * DAY)
    unknown = np.full((len(two.keys), 8 * DAY), np.nan)
    ten = Panel(
        START - 8 * DAY,
        two.keys,
        np.concatenate([unknown, two.counts], axis=1),
        np.ones(10 * DAY),
    )

    assert to_json(calibrate(ten)) == to_json(calibrate(two))


def test_vanished_types_are_looked_for_only_when_asked() -> None:
    """Each score has its own tail and its own share of the false alarms."""
    two_sided = baseline(two_sided=True)

    assert set(baseline().tails) == {Score.RISE, Score.PERSIST}
    assert set(two_sided.tails) == set(two_sided.alphas) == set(Score)
    assert sum(two_sided.alphas.values()) <= 0.01


def test_the_sharper_score_has_the_larger_part() -> None:
    """Steady types are judged by the rise, types of short bursts by what persists."""
    assert baseline().alphas == {Score.RISE: SHARP, Score.PERSIST: BLUNT}
    panel = quiet().between(START, START + SHORT * DAY)
    rng = np.random.default_rng(7)
    factors = np.ones_like(panel.counts)
    for begin in rng.integers(0, panel.minutes - 5, (10, len(factors))):
        for row, minute in enumerate(begin):
            factors[row, minute : minute + 5] = 30
    counts = rng.poisson(np.array(RATES)[:, None] * factors).astype(np.float64)
    lively = calibrate(Panel(panel.start, panel.keys, counts, panel.exposure))

    assert lively.alphas == {Score.RISE: BLUNT, Score.PERSIST: SHARP}
