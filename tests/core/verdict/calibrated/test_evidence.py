"""Numbers that people read: intervals, odds and what stayed unseen."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated.births import births, judge_new
from bot.core.verdict.calibrated.calibration import calibrate
from bot.core.verdict.calibrated.canary import Evidence
from bot.core.verdict.calibrated.evidence import (
    alarm_line,
    canary_line,
    detection_limits,
    interval,
    new_line,
    quiet_line,
    releases,
)
from bot.core.verdict.calibrated.look import look
from bot.core.verdict.calibrated.scores import Score
from tests.support.counted_minutes import BEGAN, DAY, after, baseline, quiet


def test_the_interval_of_a_poisson_count_is_the_known_one() -> None:
    """Ten events: the likelihood interval of the mean is 5.0 to 17.7, of a factor on five half."""
    low, high = interval(10, 5, 1e-6)

    assert low == pytest.approx(0.998, abs=0.02)
    assert high == pytest.approx(3.53, abs=0.03)


def test_overdispersion_widens_the_interval() -> None:
    """A lively type's factor is known less well; nothing seen begins at nothing."""
    assert interval(100, 50, 0.3)[1] > interval(100, 50, 1e-6)[1]
    assert interval(0, 5, 1e-6)[0] == 0
    assert interval(0, 5, 1e-6)[1] == pytest.approx(1.92 / 5, abs=0.01)


def test_the_detection_limit_is_where_the_alarm_begins() -> None:
    """A rise beyond it is an alarm; one well below is not."""
    quiet = look(baseline(), after({}), began=BEGAN)
    limits = detection_limits(baseline(), quiet)

    assert limits["ERROR/type-7"] < limits["ERROR/type-5"] < limits["ERROR/type-2"]
    above = round(float(quiet.mean[7]) * limits["ERROR/type-7"] * 1.1)
    spread = [float(above // 15)] * 14 + [float(above - above // 15 * 14)]
    assert look(baseline(), after({7: spread}), began=BEGAN).failed


def test_an_alarm_says_how_many_and_how_improbable() -> None:
    """Counts, expectation, factor with interval, odds, and since when."""
    found = look(baseline(), after({5: [12.0] * 15}), began=BEGAN)
    alarm = next(alarm for alarm in found.alarms if alarm.score is Score.RISE)
    line = alarm_line(alarm, found, baseline())

    assert line.key == "calibrated.up"
    assert (line.params["type"], line.params["seen"]) == ("ERROR/type-5", 180)
    assert line.params["mean"] == pytest.approx(30, rel=0.3)
    low, ratio, high = (line.params[name] for name in ("low", "ratio", "high"))
    assert isinstance(low, float)
    assert isinstance(ratio, float)
    assert isinstance(high, float)
    assert low < ratio < high


def test_a_bound_is_called_a_bound() -> None:
    """A young baseline says so, and claims no more than one in its moments."""
    young = calibrate(quiet().between(BEGAN - 30 - 2 * DAY, BEGAN - 30))
    found = look(young, after({5: [12.0] * 15}), began=BEGAN)
    line = alarm_line(found.alarms[0], found, young)

    assert line.key == "calibrated.up_bounded"
    assert line.params["odds"] == pytest.approx(young.pseudo_deploys * 7 / 15 + 1, abs=1)


def test_quiet_types_say_what_would_have_been_seen() -> None:
    """The count of types, the largest rise, and the limits."""
    line = quiet_line(baseline(), look(baseline(), after({}), began=BEGAN))

    assert line.params["count"] == 8
    assert line.params["type"] == "ERROR/type-7"


def test_odds_are_whole_releases() -> None:
    """One in so many, and never more than a billion."""
    assert releases(0.001) == 1000
    assert releases(0.0) == 10**9


def test_new_types_have_three_lines() -> None:
    """An alarm, a watch line, a variant."""
    known = births([], days=10)
    made = [
        judge_new("a", 3, 2, known=known),
        judge_new("b", 1, 1, known=known),
        judge_new("c", 3, 2, known=known, similar="d"),
    ]

    assert [new_line(new).key for new in made] == [
        "calibrated.new",
        "calibrated.new_watch",
        "calibrated.variant",
    ]


def test_a_line_of_the_canary_says_how_far_it_is_proven() -> None:
    """Since a minute by itself, with others together, or only worth a look."""
    keys = ("ERROR a", "ERROR b", "ERROR c")
    found = Evidence(
        keys=keys,
        canary=np.array([36.0, 9.0, 4.0]),
        control=np.array([12.0, 4.0, 2.0]),
        log_e=np.array([20.0, 6.0, 5.0]),
        alarmed=("ERROR a",),
        flagged=("ERROR a", "ERROR b"),
        at={"ERROR a": 4},
        missing=0,
    )
    alone, together, watched = (canary_line(key, found, 1 / 3) for key in keys)

    assert (alone.key, alone.params["after"]) == ("calibrated.canary", 4)
    assert (together.key, "after" in together.params) == ("calibrated.canary_together", False)
    assert (watched.key, watched.params["mean"]) == ("calibrated.canary_watch", 1.0)
