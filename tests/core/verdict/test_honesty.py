"""A verdict says pass only on complete data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.config import Policy
from bot.core.counts import Counts, Window, WindowCounts
from bot.core.value import Text, text
from bot.core.verdict import honesty

RESTARTED = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
POLICY = Policy()


def counts(
    documents: dict[str, int], *, minutes: int = 10, lag: float = 0, gaps: tuple[Text, ...] = ()
) -> Counts:
    """Counts of the time since the restart; the newest document is `lag` minutes old."""
    now = RESTARTED + timedelta(minutes=minutes)
    window = WindowCounts(window=Window(start=RESTARTED, end=now), documents=documents)
    newest = now - timedelta(minutes=lag) if documents else None
    return Counts(windows=(window, window, window), newest=newest, gaps=gaps)


def keys(made: Counts, *restarted: str, scale: float = 1.0) -> list[str]:
    """The reasons why these counts prove nothing."""
    found = honesty.reasons(
        made,
        policy=POLICY,
        restarted=restarted or ("h1", "h2"),
        restart_ended=RESTARTED,
        time_scale=scale,
    )
    return [reason.key for reason in found]


def test_complete_counts_of_living_hosts_may_pass() -> None:
    """Every restarted host wrote something, recently, and the log store was complete."""
    assert keys(counts({"h1": 9, "h2": 1})) == []


@pytest.mark.scenario(62)
def test_no_document_of_any_level_is_no_evidence() -> None:
    """Silence is no traffic or a broken pipeline, never health."""
    assert keys(counts({})) == ["honesty.no_documents"]


def test_a_restarted_host_that_writes_nothing_is_named() -> None:
    """Missing lines of a host are unknown, never zero."""
    made = honesty.reasons(
        counts({"h1": 9, "another": 9}),
        policy=POLICY,
        restarted=("h1", "h2", "h3"),
        restart_ended=RESTARTED,
        time_scale=1.0,
    )

    assert made == (text("honesty.silent_hosts", hosts="h2, h3", count=2),)


@pytest.mark.scenario(59)
def test_every_gap_of_the_log_store_is_a_reason() -> None:
    """Failed shards, timeouts, missing files: whatever made the counts too low."""
    gap = text("gap.unfinished", file="app.log", error="timeout")

    assert keys(counts({"h1": 9, "h2": 1}, gaps=(gap,))) == ["gap.unfinished"]


@pytest.mark.scenario(63)
def test_lines_that_are_still_under_way_are_a_reason() -> None:
    """The newest line is older than the limit: the lag is stated."""
    late = honesty.reasons(
        counts({"h1": 9, "h2": 1}, lag=6),
        policy=POLICY,
        restarted=("h1", "h2"),
        restart_ended=RESTARTED,
        time_scale=1.0,
    )

    assert late == (text("honesty.lag", lag="6m", limit="5m"),)
    assert keys(counts({"h1": 9, "h2": 1}, lag=5)) == []


def test_the_lag_is_not_judged_before_it_could_exceed_the_limit() -> None:
    """Four minutes after the restart no line can be six minutes late."""
    assert keys(counts({"h1": 9, "h2": 1}, minutes=4, lag=6)) == []


def test_the_time_scale_divides_the_limits() -> None:
    """Ten seconds are too much where five minutes are five seconds."""
    assert keys(counts({"h1": 9, "h2": 1}, lag=10 / 60), scale=60) == ["honesty.lag"]


def test_a_round_that_runs_too_late_has_missed_what_it_should_have_seen() -> None:
    """Up to five minutes late is in time; later is a reason with the delay."""
    due = RESTARTED + timedelta(minutes=5)

    def late(minutes: float, scale: float = 1.0) -> Text | None:
        now = due + timedelta(minutes=minutes)
        return honesty.too_late(due, now, policy=POLICY, time_scale=scale)

    assert late(5) is None
    assert late(6) == text("honesty.missed", late="6m")
    assert late(1, scale=60) == text("honesty.missed", late="1m")
