"""A look sees a rise at once, and says nothing of what is not there."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated.calibration import calibrate
from bot.core.verdict.calibrated.look import Look, look
from bot.core.verdict.calibrated.panel import Panel, PanelError
from bot.core.verdict.calibrated.scores import Score
from tests.support.counted_minutes import BEGAN, DAY, START, after, baseline, quiet


def test_a_quiet_quarter_of_an_hour_is_quiet() -> None:
    """Nothing is proven, and the window is whole."""
    found = look(baseline(), after({}), began=BEGAN)

    assert found.alarms == ()
    assert found.whole
    assert found.common == 1


def test_six_times_as_many_are_proven_within_minutes() -> None:
    """A type of two a minute writes twelve: by the third minute, and by persistence too."""
    found = look(baseline(), after({5: [12.0] * 15}), began=BEGAN)
    proven = {alarm.score: alarm for alarm in found.alarms if alarm.proven}

    assert {alarm.key for alarm in found.alarms} == {"ERROR/type-5"}
    assert proven[Score.RISE].at <= 3
    assert proven[Score.RISE].odds < 0.001
    assert proven[Score.PERSIST].at == 15


def test_more_events_never_calm_an_alarm() -> None:
    """The rarity of a rise is monotone in the counts."""
    rarities = []
    for count in (8.0, 10.0, 12.0, 20.0, 50.0):
        found = look(baseline(), after({5: [count] * 15}), began=BEGAN)
        rarities.append(max(a.rarity for a in found.alarms if a.score is Score.RISE))

    assert rarities == sorted(rarities)


def test_a_type_that_vanished_is_gone() -> None:
    """Nothing where 75 were expected, in the two-sided mode."""
    calibration = baseline(two_sided=True)
    found = look(calibration, after({6: [0.0] * 15}), began=BEGAN)

    assert [(a.key, a.score) for a in found.alarms if a.proven] == [("ERROR/type-6", Score.FALL)]
    assert look(baseline(), after({6: [0.0] * 15}), began=BEGAN).alarms == ()


def test_missing_minutes_are_counted_and_prove_no_fall() -> None:
    """Unknown is not zero: no type is gone because its lines are under way."""
    values = [np.nan] * 5 + [0.0] * 10
    found = look(baseline(two_sided=True), after({6: values}), began=BEGAN)

    assert found.missing == 5
    assert not found.whole
    assert found.alarms == ()


def test_a_rise_stands_although_minutes_are_missing() -> None:
    """What is seen suffices."""
    found = look(baseline(), after({5: [20.0] * 6 + [np.nan] * 9}), began=BEGAN)

    assert found.failed
    assert not found.whole


def test_an_early_look_sees_only_what_is_over() -> None:
    """Three minutes: no persistence yet, and no whole window."""
    found = look(baseline(), after({5: [20.0] * 3}, minutes=3), began=BEGAN)

    assert found.elapsed == 3
    assert {a.score for a in found.alarms} == {Score.RISE}
    assert not found.whole


def test_what_does_not_fit_the_calibration_is_refused() -> None:
    """Other types, a gap behind the calibration, or no minute at all."""
    recent = after({})
    renamed = Panel(recent.start, tuple(map(str, range(8))), recent.counts, recent.exposure)
    for part in (renamed, recent.between(BEGAN - 60, BEGAN + 15), recent.between(0, BEGAN)):
        with pytest.raises(PanelError):
            look(baseline(), part, began=BEGAN)


def test_traffic_that_doubles_everything_is_common() -> None:
    """Most busy types twice as frequent: one factor, no alarm of a type."""
    minutes = quiet(rates=(10.0,) * 8)
    calibration = calibrate(minutes.between(START, BEGAN - 30))
    recent = minutes.between(BEGAN - 200, BEGAN + 15)
    counts = recent.counts.copy()
    counts[:, -15:] *= 2
    found = look(
        calibration, Panel(recent.start, recent.keys, counts, recent.exposure), began=BEGAN
    )

    assert found.common == pytest.approx(2, rel=0.1)
    assert not found.failed


def test_a_baseline_like_a_clock_makes_nobody_nervous() -> None:
    """Twice as many of what always came at the same pace may be chance; ten times as many not."""
    minutes = np.arange(6 * DAY)
    paces = (5, 7, 11, 15, 20)
    counts = np.array([(minutes % pace == 0).astype(np.float64) for pace in paces])
    keys = tuple(f"ERROR/clock-{pace:02}" for pace in paces)
    clock = Panel(START, keys, counts, np.ones(len(minutes)))
    fitted = calibrate(clock.between(START, START + 5 * DAY))

    def more(times: int) -> Look:
        changed = clock.between(BEGAN - 200, BEGAN + 15)
        changed.counts[1, -15::7] = times
        return look(fitted, changed, began=BEGAN)

    assert not more(1).failed
    assert not more(2).failed
    assert {alarm.key for alarm in more(2).alarms} == {keys[1]}
    assert more(10).failed
    # Six where two came on the clock: Poisson's tail, by Chernoff, is e^-(6 ln 3 - 4), 1 in 13.
    assert min(alarm.odds for alarm in more(2).alarms) > 1e-3
