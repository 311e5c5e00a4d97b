"""Policy `seed-2020`, exactly as the talk of 2020 tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.counts import Sample, TypeCount, Window
from bot.core.value import text
from bot.core.verdict import seed2020
from bot.core.verdict.verdict import Result, Rule
from tests.support.counted import DEPLOYED, POLICY, RESTARTED, counted


def test_the_talk_s_example_is_flagged_by_b() -> None:
    """B counted 50 in the ten days before, 250 since the deployment: 50 < 250."""
    verdict = seed2020.judge(counted({"B": 50}, {"B": 250}))

    (finding,) = verdict.findings
    assert verdict.result is Result.FAIL
    assert (finding.rule, finding.before, finding.after) == (Rule.RISE, 50, 250)


@pytest.mark.parametrize(("before", "after"), [(50, 50), (50, 49), (50, 0), (250, 50)])
def test_a_known_type_that_does_not_exceed_its_baseline_is_no_trouble(
    before: int, after: int
) -> None:
    """Equal counts are not more; fewer are not either."""
    assert seed2020.judge(counted({"B": before}, {"B": after})).result is Result.PASS


def test_one_event_more_than_in_ten_days_is_trouble() -> None:
    """Raw totals of unequal windows, on purpose."""
    assert seed2020.judge(counted({"B": 50}, {"B": 51})).result is Result.FAIL


def test_a_type_never_seen_before_is_flagged_by_a() -> None:
    """One event is enough; a factor of something over nothing is not printed."""
    verdict = seed2020.judge(counted({"B": 5}, {"A": 1, "B": 1}))

    (finding,) = verdict.findings
    assert (finding.rule, finding.error_type, finding.before, finding.after) == (
        Rule.NEW,
        "A",
        0,
        1,
    )
    assert [t.multiple for t in verdict.types if t.error_type == "A"] == [None]


def test_counts_of_levels_and_hosts_are_added_up() -> None:
    """30 on one host and 21 on another are 51, which exceeds 50; the hosts are named."""
    counts = counted({"B": 50}, {})
    base, seen, alive = counts.windows
    rows = (
        TypeCount(error_type="B", level="ERROR", host="h2", count=30),
        TypeCount(error_type="B", level="WARN", host="h1", count=21),
    )
    both = counts.model_copy(
        update={"windows": (base, seen.model_copy(update={"types": rows}), alive)}
    )

    (finding,) = seed2020.judge(both).findings

    assert finding.after == 51
    assert finding.hosts == ("h1", "h2")


def test_the_baseline_ends_where_the_observation_begins() -> None:
    """[T0 - 10 d, T0) and [T0, now): half-open, the cut by query; the third is for liveness."""
    now = DEPLOYED + timedelta(minutes=7)
    request = seed2020.request(
        POLICY,
        "auth",
        deploy_started=DEPLOYED,
        restart_ended=RESTARTED,
        now=now,
        time_scale=1.0,
    )

    assert request.windows == (
        Window(start=DEPLOYED - timedelta(days=10), end=DEPLOYED),
        Window(start=DEPLOYED, end=now),
        Window(start=RESTARTED, end=now),
    )
    assert request.bucket is None
    assert request.levels == ("ERROR", "WARN")


def test_the_time_scale_divides_the_baseline() -> None:
    """With a factor of 60 four hours stand for ten days."""
    request = seed2020.request(
        POLICY,
        "auth",
        deploy_started=DEPLOYED,
        restart_ended=RESTARTED,
        now=DEPLOYED + timedelta(seconds=7),
        time_scale=60.0,
    )

    assert request.windows[0].length == timedelta(hours=4)


def test_a_restart_that_ended_later_than_now_gives_an_empty_window() -> None:
    """Clocks that disagree make no window that ends before it begins."""
    request = seed2020.request(
        POLICY,
        "auth",
        deploy_started=DEPLOYED,
        restart_ended=DEPLOYED + timedelta(minutes=9),
        now=DEPLOYED + timedelta(minutes=7),
        time_scale=1.0,
    )

    assert request.windows[2].length == timedelta(0)


@pytest.mark.parametrize(("minutes", "multiple"), [(5, 2880), (10, 1440), (15, 960)])
def test_the_needed_rise_is_printed(minutes: int, multiple: int) -> None:
    """14,400 minutes over the minutes elapsed: people see how blind rule B is."""
    verdict = seed2020.judge(counted({}, {}, minutes=minutes))

    assert verdict.needed_multiple == pytest.approx(multiple)
    assert seed2020.summary(verdict).params == {"multiple": multiple}


def test_the_rate_multiple_of_a_known_type_is_per_time() -> None:
    """The talk's 250 against 50 in 15 minutes is a rise of 4,800 times."""
    (line,) = seed2020.judge(counted({"B": 50}, {"B": 250})).types

    assert line.multiple == pytest.approx(4800)


def test_each_round_reports_only_what_was_not_reported() -> None:
    """Round 2 does not say again what round 1 said."""
    first = seed2020.judge(counted({}, {"A": 3}, minutes=5))
    reported = [f.error_type for f in first.findings]
    second = seed2020.judge(counted({}, {"A": 9, "C": 1}, minutes=10), reported=reported)

    assert [f.error_type for f in first.findings] == ["A"]
    assert [f.error_type for f in second.findings] == ["C"]


def test_a_finding_beats_what_could_not_be_measured() -> None:
    """Missing documents could only add findings, so a fail on partial data stands."""
    reason = text("honesty.lag", lag="9m", limit="5m")

    failed = seed2020.judge(counted({}, {"A": 1}), reasons=(reason,))
    unsure = seed2020.judge(counted({}, {}), reasons=(reason,))

    assert failed.result is Result.FAIL
    assert unsure.result is Result.INCONCLUSIVE
    assert unsure.reasons == (reason,)


def test_a_finding_carries_an_example() -> None:
    """The message of the first one, as the log store gave it."""
    counts = counted({}, {"A": 1})
    base, seen, alive = counts.windows
    sample = Sample(error_type="A", first_seen=DEPLOYED, message="boom")
    shown = seen.model_copy(update={"samples": (sample,)})

    (finding,) = seed2020.judge(
        counts.model_copy(update={"windows": (base, shown, alive)})
    ).findings

    assert finding.sample == "boom"


def test_many_types_are_cut_visibly_by_count() -> None:
    """The twenty largest are listed; at most fifty findings are kept."""
    many = {f"T{n:03}": n for n in range(1, 101)}
    verdict = seed2020.judge(counted({}, many))

    assert len(verdict.types) == seed2020.TYPES_SHOWN
    assert verdict.types[0].error_type == "T100"
    assert len(verdict.findings) == seed2020.FINDINGS_KEPT


def test_the_age_of_the_newest_document_is_noted() -> None:
    """Seconds at the end of the window; nothing where there is no document."""
    counts = counted({}, {})
    older = counts.model_copy(
        update={"newest": counts.windows[1].window.end - timedelta(seconds=30)}
    )
    none = counts.model_copy(update={"newest": None})

    assert seed2020.judge(older).lag_seconds == 30
    assert seed2020.judge(none).lag_seconds is None


def test_a_round_that_could_not_count_is_inconclusive_with_the_reason() -> None:
    """No numbers, and none are made up."""
    reason = text("honesty.log_store", detail="503")
    verdict = seed2020.no_evidence(reason, policy=POLICY, deploy_started=DEPLOYED, now=RESTARTED)

    assert verdict.result is Result.INCONCLUSIVE
    assert seed2020.summary(verdict) == reason
    assert verdict.types == ()


def test_the_summary_of_a_fail_names_the_first_type() -> None:
    """How many, which, and both counts."""
    verdict = seed2020.judge(counted({"B": 50}, {"A": 2, "B": 250}))

    assert seed2020.summary(verdict).params == {
        "count": 2,
        "type": "A",
        "before": 0,
        "after": 2,
    }


def test_a_verdict_without_its_reason_says_so() -> None:
    """Whoever stored it: a summary is always possible."""
    bare = seed2020.judge(counted({}, {})).model_copy(update={"result": Result.FAIL})

    assert seed2020.summary(bare).key == "verdict.unexplained"
    assert seed2020.multiple(0, 1, baseline=timedelta(days=1), observed=timedelta(1)) is None
    assert seed2020.multiple(1, 1, baseline=timedelta(days=1), observed=timedelta(0)) is None
