"""Fail may be said on incomplete data; pass never."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.value import text
from bot.core.verdict.calibrated.births import births, judge_new
from bot.core.verdict.calibrated.calibration import calibrate
from bot.core.verdict.calibrated.judgement import Judgement, Seen, judge
from bot.core.verdict.calibrated.look import look
from bot.core.verdict.calibrated.panel import Panel
from bot.core.verdict.verdict import Result
from tests.support.counted_minutes import BEGAN, DAY, RATES, after, baseline, quiet

LOUD = [12.0] * 15
LAG = text("honesty.lag", lag="9m", limit="5m")


def judged(changed: dict[int, Sequence[float]], seen: Seen | None = None) -> Judgement:
    """Fifteen minutes after the deployment, with some types changed."""
    return judge(baseline(), look(baseline(), after(changed), began=BEGAN), seen or Seen())


def test_complete_and_quiet_passes() -> None:
    """And says what it would have seen."""
    found = judged({})

    assert found.result is Result.PASS
    assert found.alarms == ()
    assert found.quiet is not None


def test_a_proven_rise_fails() -> None:
    """With one line a type, although two scores saw it."""
    found = judged({5: LOUD})

    assert found.result is Result.FAIL
    assert [line.params["type"] for line in found.alarms] == ["ERROR/type-5"]


@pytest.mark.scenario(59)
def test_gaps_keep_from_passing_and_not_from_failing() -> None:
    """Missing lines could only add events."""
    assert judged({}, Seen(gaps=(LAG,))).result is Result.INCONCLUSIVE
    assert judged({}, Seen(gaps=(LAG,))).reasons == (LAG,)
    assert judged({5: LOUD}, Seen(gaps=(LAG,))).result is Result.FAIL


def test_an_open_window_is_inconclusive() -> None:
    """Nine quiet minutes are no pass yet."""
    found = judge(baseline(), look(baseline(), after({}, minutes=9), began=BEGAN))

    assert found.result is Result.INCONCLUSIVE
    assert [reason.key for reason in found.reasons] == ["calibrated.window_open"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    unknown=st.sets(st.integers(0, 14), max_size=15),
    minutes=st.integers(1, 15),
    gap=st.booleans(),
)
def test_pass_is_never_said_on_incomplete_data(
    unknown: set[int], minutes: int, *, gap: bool
) -> None:
    """Whatever is missing: a minute, the end of the window, documents of the log store."""
    recent = after({}, minutes=minutes)
    for minute in unknown & set(range(minutes)):
        recent.counts[:, minute - minutes] = np.nan
    found = judge(
        baseline(),
        look(baseline(), recent, began=BEGAN),
        Seen(gaps=(LAG,) if gap else ()),
    )
    complete = minutes == 15 and not unknown and not gap

    assert (found.result is Result.PASS) is complete
    assert found.result is not Result.FAIL


def test_less_than_two_days_judge_nothing() -> None:
    """Nobody knows yet what is rare: the verdict is inconclusive and says what lacks."""
    short = calibrate(quiet().between(BEGAN - 30 - DAY, BEGAN - 30))
    found = judge(short, look(short, after({5: LOUD}), began=BEGAN))

    assert found.result is Result.INCONCLUSIVE
    assert found.reasons[0].key == "calibrated.short_baseline"


def test_a_young_baseline_fails_by_a_bound_and_says_so() -> None:
    """Two days: six times as many are an alarm, and its odds are called a bound."""
    young = calibrate(quiet().between(BEGAN - 30 - 2 * DAY, BEGAN - 30))
    found = judge(young, look(young, after({5: LOUD}), began=BEGAN))
    calm = judge(young, look(young, after({}), began=BEGAN))

    assert found.result is Result.FAIL
    assert [line.key for line in found.alarms] == ["calibrated.up_bounded"]
    assert calm.result is Result.PASS
    assert [line.key for line in calm.watch] == ["calibrated.bounded"]
    assert calm.watch[0].params == {"moments": young.pseudo_deploys, "wanted": 600}


def test_a_ritual_is_shown_and_does_not_fail() -> None:
    """A type that rises so in most healthy releases."""
    rituals = {"ERROR/type-5": [1e6] * 8}
    found = judged({5: LOUD}, Seen(rituals=rituals))

    assert found.result is Result.PASS
    assert found.watch[0].params["type"] == "ERROR/type-5"


def test_a_new_type_on_two_hosts_fails_and_a_single_event_does_not() -> None:
    """One event is a watch line."""
    known = births([], days=10)
    loud, single = (judge_new("x", n, n, known=known) for n in (2, 1))

    assert judged({}, Seen(new=(loud,))).result is Result.FAIL
    assert judged({}, Seen(new=(single,))).result is Result.PASS
    assert judged({}, Seen(new=(single,))).watch[0].key == "calibrated.new_watch"


@pytest.mark.scenario(64)
def test_one_event_of_a_type_without_a_past_is_watched() -> None:
    """Nothing before and one after is not infinitely more: it is shown, and no fail."""
    known = births([(DAY, 1)], days=10)
    one = judge_new("ERROR Boom", 1, 1, known=known)
    two = judge_new("ERROR Boom", 2, 2, known=known)

    assert judged({}, Seen(new=(one,))).result is Result.PASS
    assert [line.key for line in judged({}, Seen(new=(one,))).watch] == ["calibrated.new_watch"]
    assert judged({}, Seen(new=(two,))).result is Result.FAIL


@pytest.mark.scenario(65)
def test_an_incident_in_the_baseline_hides_nothing() -> None:
    """Three hours of twenty times as many, days ago: a rise to six times is found all the same."""
    calm = quiet().between(BEGAN - 5 * DAY, BEGAN)
    counts = calm.counts.copy()
    counts[5, DAY : DAY + 180] *= 20
    shaken = calibrate(Panel(calm.start, calm.keys, counts, calm.exposure))

    found = look(shaken, after({5: LOUD}), began=BEGAN)

    assert judge(shaken, found).result is Result.FAIL
    assert found.mean[5] == pytest.approx(15 * RATES[5], rel=0.4)
    assert judge(shaken, look(shaken, after({}), began=BEGAN)).result is Result.PASS


@pytest.mark.scenario(66)
def test_traffic_lifts_the_old_and_hides_no_new_signature() -> None:
    """Everything twice as often with the traffic: only the type that is new is an alarm."""
    recent = after({})
    counts = recent.counts.copy()
    counts[:, -15:] *= 2
    exposure = recent.exposure.copy()
    exposure[-15:] *= 2
    busy = Panel(recent.start, recent.keys, counts, exposure)
    new = judge_new("ERROR Boom", 3, 2, known=births([(DAY, 1)], days=10))

    found = judge(baseline(), look(baseline(), busy, began=BEGAN), Seen(new=(new,)))

    assert found.result is Result.FAIL
    assert [line.params["type"] for line in found.alarms] == ["ERROR Boom"]
