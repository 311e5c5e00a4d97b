"""Policy `calibrated` applied to a release: what is asked, and what may be said of the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.calibrated import comparison
from bot.core.calibrated.prior import learnt
from bot.core.calibrated.work import packed
from bot.core.value import text
from bot.core.verdict.calibrated.stored import from_json
from bot.core.verdict.verdict import Result, Rule
from tests.support.compared import MINUTE, RESTARTED, Compared
from tests.support.engines import T0
from tests.support.steady_logs import fit_here

SIX_TIMES = {("WARN", "Slow"): 10.0}
NEW = {("ERROR", "Boom"): 3.0}
ALL = ("chat-1", "chat-2", "chat-3")


async def test_minutes_are_asked_for_from_the_start_of_the_restart() -> None:
    """By host and minute, and who lives since its end; the day before by the hour."""
    where = Compared().situation(5)
    asked, before = comparison.request(where), comparison.history_request(where)

    assert (asked.windows[0].start, asked.windows[0].end) == (T0 + MINUTE, where.now)
    assert asked.windows[1].start == RESTARTED
    assert (asked.bucket, asked.alive, asked.by_host) == (MINUTE, True, True)
    assert before.bucket == timedelta(hours=1)
    assert before.windows[0].end == T0
    assert before.windows[0].length == timedelta(hours=24)


async def test_every_duration_is_divided_by_the_time_scale() -> None:
    """A minute of the comparison is a second in the try-out."""
    where = Compared().situation(0.1, time_scale=60.0)

    assert comparison.request(where).bucket == timedelta(seconds=1)
    assert comparison.history_request(where).windows[0].length == timedelta(minutes=24)


@pytest.mark.parametrize("restarted", [("chat-1",), ALL])
async def test_a_healthy_component_is_open_then_passes(restarted: tuple[str, ...]) -> None:
    """Nothing is decided before the window and its lag are over."""
    compared = Compared(restarted=restarted)
    early, late, ripe = [await compared.judged(n) for n in (5, 15.5, 16)]

    assert [v.result for v in (early, late)] == [Result.INCONCLUSIVE] * 2
    assert early.open_until == late.open_until == RESTARTED + 16 * MINUTE
    assert [reason.key for reason in early.reasons] == ["calibrated.window_open"]
    assert early.reasons[0].params["needed"] == 15
    assert (ripe.result, ripe.open_until, ripe.reasons) == (Result.PASS, None, ())
    assert ripe.alarms == ()


async def test_a_rise_on_the_canary_is_proven_against_the_control() -> None:
    """The line names both, the table has interval and limit, and a fail needs no whole window."""
    verdict = await Compared(broken=SIX_TIMES).judged(6)
    [line], [found] = verdict.alarms, verdict.findings
    top = verdict.types[0]

    assert (verdict.result, verdict.open_until) == (Result.FAIL, None)
    assert line.key == "calibrated.canary"
    assert (found.rule, found.error_type) == (Rule.RISE, "Slow")
    assert top.error_type == "Slow"
    assert top.low is not None
    assert top.low > 1
    assert top.control is not None
    assert top.expected == pytest.approx(top.control / 2, rel=0.3)


async def test_a_factor_on_nothing_expected_is_not_shown() -> None:
    """A type of the canary alone has no range of factors: any factor on zero fits it."""
    verdict = await Compared(broken=NEW).judged(6)
    ranges = {t.error_type: (t.low, t.high) for t in verdict.types}

    assert ranges["Boom"] == (None, None)
    assert None not in ranges["Slow"]


async def test_a_new_type_is_not_among_the_quiet_ones() -> None:
    """It is an alarm of its own, although its share of the canary proves nothing yet."""
    healthy = await Compared().judged(3)
    broken = await Compared(broken=NEW).judged(3)

    assert [line.key for line in broken.alarms] == ["calibrated.new"]
    assert healthy.quiet is not None
    assert broken.quiet is not None
    assert broken.quiet.params["count"] == healthy.quiet.params["count"]


@pytest.mark.parametrize("restarted", [("chat-1",), ALL])
@pytest.mark.parametrize("minutes", [1.5, 3, 6.5, 15.2])
async def test_the_table_says_of_a_new_type_what_its_line_says(
    restarted: tuple[str, ...], minutes: float
) -> None:
    """Both count up to this moment, also the minute that is not over."""
    verdict = await Compared(restarted=restarted, broken=NEW).judged(minutes)
    said = {
        line.params["type"]: line.params["seen"]
        for line in (*verdict.alarms, *verdict.watch)
        if line.key in {"calibrated.new", "calibrated.new_watch"}
    }
    [row] = [row for row in verdict.types if row.error_type == "Boom"]

    assert said == {"Boom": row.after}
    assert row.expected == 0
    assert row.control == (None if restarted == ALL else 0)


async def test_a_silent_canary_is_not_called_quiet() -> None:
    """Only the control wrote: nothing is said of types within range, as nothing was compared."""
    compared = Compared()
    where = compared.situation(16)
    counts = await compared.counts(where)
    window = counts.windows[0]
    silent = window.model_copy(
        update={
            "alive": tuple(one for one in window.alive if one.host != "chat-1"),
            "types": tuple(row for row in window.types if row.host != "chat-1"),
        }
    )
    seen = counts.model_copy(update={"windows": (silent, *counts.windows[1:])})
    verdict = comparison.judge(where, seen, await compared.prior(where))

    assert (verdict.result, verdict.quiet) == (Result.INCONCLUSIVE, None)
    assert [reason.key for reason in verdict.reasons] == ["calibrated.untested"]


async def test_what_rises_everywhere_is_not_the_canarys_fault() -> None:
    """Five times as many on all hosts while only one was restarted: suspicious, no alarm."""
    compared = Compared()
    compared.logs.broken["1.9"] = {("WARN", "Slow"): 10.0}
    compared.broken.update(SIX_TIMES)
    verdict = await compared.judged(16)

    assert verdict.result is Result.PASS
    assert "Slow" in {line.params.get("type") for line in verdict.watch}


async def test_without_a_control_the_baseline_decides() -> None:
    """All hosts run the new version: counts against what the baseline expects."""
    verdict = await Compared(restarted=ALL, broken=SIX_TIMES).judged(4)
    line = verdict.alarms[0]
    slow = verdict.types[0]

    assert (line.key, line.params["type"]) == ("calibrated.up", "Slow")
    assert int(str(line.params["odds"])) > 100
    assert slow.expected == pytest.approx(6.0 * 4, rel=0.3)
    assert slow.limit is not None
    assert slow.control is None
    assert verdict.quiet is not None


@pytest.mark.scenario(64)
@pytest.mark.parametrize(("restarted", "told"), [(ALL, ["calibrated.bounded"]), (("chat-1",), [])])
async def test_a_young_baseline_passes_and_is_named_where_it_decides(
    restarted: tuple[str, ...], told: list[str]
) -> None:
    """Two days and a half: a watch line says so, but not where the control is the expectation."""
    compared = Compared(restarted=restarted)
    before = compared.baseline(compared.situation(0), T0)
    fitted = await fit_here(list(packed(before)), (before.end - 3600, before.end))
    verdict = await compared.judged(17, calibration=from_json(fitted))

    assert verdict.result is Result.PASS
    assert [line.key for line in verdict.watch if line.key == "calibrated.bounded"] == told


async def test_a_new_type_on_several_hosts_is_an_alarm_and_a_single_one_is_watched() -> None:
    """Never in the baseline; one event alone is worth a look only."""
    loud = await Compared(restarted=ALL, broken=NEW).judged(3)
    once = Compared(restarted=ALL)
    where = once.situation(16)
    counts = await once.counts(where)
    row = counts.windows[0].types[0]
    row = replace(row, error_type="Rare", level="ERROR", count=1)
    window = counts.windows[0]
    more = window.model_copy(update={"types": (*window.types, row)})
    seen = counts.model_copy(update={"windows": (more, *counts.windows[1:])})
    quiet = comparison.judge(where, seen, await once.prior(where))

    assert [f.rule for f in loud.findings if f.error_type == "Boom"] == [Rule.NEW]
    assert quiet.result is Result.PASS
    assert [line.key for line in quiet.watch] == ["calibrated.new_watch"]


async def test_a_type_that_the_long_memory_knows_is_not_new() -> None:
    """Seen two months ago: it is no birth."""
    known = frozenset({"ERROR Boom", "ERROR Gone", "WARN Slow"})
    verdict = await Compared(restarted=ALL, broken=NEW).judged(3, known=known)

    assert Rule.NEW not in {f.rule for f in verdict.findings}


async def test_without_a_baseline_there_is_no_pass_but_the_canary_may_fail() -> None:
    """The reason says what is missing; the canary's test needs no baseline."""
    reading = text("baseline.reading", component="chat", day=1, days=10)
    nothing: dict[str, Any] = {
        "missing": reading,
        "calibration": None,
        "recent": None,
        "births": None,
    }
    healthy = await Compared().judged(16, **nothing)
    broken = await Compared(broken=SIX_TIMES).judged(8, **nothing)

    assert (healthy.result, healthy.reasons) == (Result.INCONCLUSIVE, (reading,))
    assert healthy.open_until is None
    assert broken.result is Result.FAIL


@pytest.mark.parametrize("restarted", [("chat-1",), ALL])
async def test_what_nothing_was_tested_against_never_passes(restarted: tuple[str, ...]) -> None:
    """Nobody says why there is no calibration and no day before: still no pass, and a reason."""
    nothing: dict[str, Any] = {"calibration": None, "recent": None, "births": None}
    verdict = await Compared(restarted=restarted).judged(16, **nothing, history=None)

    assert (verdict.result, verdict.open_until) == (Result.INCONCLUSIVE, None)
    assert [reason.key for reason in verdict.reasons] == ["calibrated.untested"]


async def test_a_canary_without_the_day_before_never_passes() -> None:
    """The control decides about known types: without it the baseline alone gives no pass."""
    verdict = await Compared().judged(16, history=None)

    assert verdict.result is Result.INCONCLUSIVE
    assert [reason.key for reason in verdict.reasons] == ["calibrated.untested"]


async def test_errors_are_weighed_by_what_was_served() -> None:
    """A baseline per request is met by minutes per request: a healthy release passes."""
    compared = Compared(restarted=ALL)
    where = compared.situation(16)
    prior, counts = await compared.prior(where), await compared.counts(where)
    window = counts.windows[0]
    alive = tuple(replace(one, exposure=100) for one in window.alive)
    seen = counts.model_copy(
        update={"windows": (window.model_copy(update={"alive": alive}), *counts.windows[1:])}
    )
    before = compared.baseline(where, T0)
    served = replace(before, exposure=before.exposure * 100)
    fitted = from_json(await fit_here(list(packed(served)), (served.start, served.end)))
    recent = compared.baseline(where, where.restart_started)
    recent = replace(recent, exposure=recent.exposure * 100)
    learned = learnt(recent, deployed=served.end, calibration=fitted)

    assert comparison.judge(where, counts, prior).result is Result.PASS
    assert comparison.judge(where, seen, learned).result is Result.PASS


async def test_gaps_forbid_a_pass_and_allow_a_fail() -> None:
    """Late or missing lines could only add events."""
    gap = text("gap.closed_index", index="logs-1")

    assert (await Compared().judged(16, reasons=(gap,))).result is Result.INCONCLUSIVE
    assert (await Compared(broken=SIX_TIMES).judged(8, reasons=(gap,))).result is Result.FAIL


async def test_a_minute_without_any_line_is_unknown() -> None:
    """Nobody wrote for two minutes: no pass, and the reason counts them."""
    compared = Compared(restarted=ALL)
    where = compared.situation(16)
    counts = await compared.counts(where)
    window = counts.windows[0]
    dark = {RESTARTED + 5 * MINUTE, RESTARTED + 6 * MINUTE}
    less = window.model_copy(
        update={
            "alive": tuple(one for one in window.alive if one.bucket not in dark),
            "types": tuple(row for row in window.types if row.bucket not in dark),
        }
    )
    seen = counts.model_copy(update={"windows": (less, *counts.windows[1:])})
    verdict = comparison.judge(where, seen, await compared.prior(where))

    assert verdict.result is Result.INCONCLUSIVE
    assert verdict.reasons == (text("calibrated.missing_minutes", count=2),)


@pytest.mark.scenario(63)
@pytest.mark.parametrize("late", [3, 20])
async def test_known_lag_moves_the_moment_of_a_pass(late: int) -> None:
    """Documents take minutes: the window is over as many minutes later, which is said."""
    compared = Compared(restarted=ALL)
    compared.logs.lag = late * MINUTE

    verdict = await compared.judged(14 + late)

    assert verdict.result is Result.INCONCLUSIVE
    assert verdict.open_until == RESTARTED + (15 + late) * MINUTE
    assert verdict.ingest_lag == late * 60
    assert (await compared.judged(15 + late)).result is Result.PASS


async def test_vanished_success_lines_are_found_when_asked_for() -> None:
    """Two-sided: a line of level INFO that all hosts stop writing."""
    compared = Compared(policy={"two_sided": True}, restarted=ALL)
    where = compared.situation(16)
    before = compared.baseline(where, T0)

    assert "INFO" in where.policy.counted_levels
    assert any(key.startswith("INFO ") for key in before.keys)
    compared.logs.stopped = {("INFO", "Accepted"): RESTARTED}
    verdict = await compared.judged(16)
    assert [(f.rule, f.error_type) for f in verdict.findings] == [(Rule.GONE, "Accepted (INFO)")]


async def test_vanished_success_lines_are_found_on_the_canary() -> None:
    """Its share of a type falls although the control writes on."""
    compared = Compared(policy={"two_sided": True})
    compared.logs.stopped = {("INFO", "Accepted"): RESTARTED}
    compared.logs.stopped_on = {"chat-1"}
    verdict = await compared.judged(12)

    assert [line.key for line in verdict.alarms] == ["calibrated.canary_gone"]


async def test_a_ritual_is_shown_and_no_alarm() -> None:
    """What every healthy release did, and not more of it, is the noise of a restart."""
    first = await Compared(broken=SIX_TIMES).judged(8)
    past = {key: (value + 9.0,) * 6 for key, value in first.rarities.items()}
    again = await Compared(broken=SIX_TIMES).judged(8, rituals=past)

    assert set(first.rarities) >= {"canary WARN Slow"}
    assert again.alarms == ()
    assert "Slow" in {line.params.get("type") for line in again.watch}


async def test_what_was_reported_is_not_reported_again() -> None:
    """The round still fails."""
    compared = Compared(broken=SIX_TIMES)
    where = compared.situation(10, reported=frozenset({"Slow"}))
    verdict = comparison.judge(where, await compared.counts(where), await compared.prior(where))

    assert verdict.result is Result.FAIL
    assert (verdict.alarms, verdict.findings) == ((), ())
