"""Pseudo-releases: evenly spread, never twice over the same minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.backtest.case import floor, pseudo_releases
from bot.core.counts import Window

START = datetime(2026, 11, 1, 0, 0, 30, tzinfo=UTC)
WATCHED = timedelta(minutes=15)


def _span(hours: float) -> Window:
    return Window(start=START, end=START + timedelta(hours=hours))


def test_they_are_spread_over_the_whole_span() -> None:
    """Ten in ten hours: the first near the begin, the last near the end, all as far apart."""
    cases = pseudo_releases("chat", 10, _span(10), watched=WATCHED)

    apart = {(b.began - a.began) for a, b in pairwise(cases)}
    assert len(cases) == 10
    assert max(apart) - min(apart) <= timedelta(minutes=1)
    assert cases[0].began - START < timedelta(hours=1)
    assert [c.name for c in cases[:2]] == ["pseudo 1", "pseudo 2"]


def test_a_short_span_gives_fewer() -> None:
    """Windows of 17 minutes fit into an hour three times, however many were asked for."""
    assert len(pseudo_releases("chat", 500, _span(1), watched=WATCHED)) == 3
    assert pseudo_releases("chat", 500, _span(0.25), watched=WATCHED) == ()
    assert pseudo_releases("chat", 0, _span(10), watched=WATCHED) == ()


def test_real_releases_and_incidents_are_left_out() -> None:
    """Nothing is put where something really happened."""
    busy = Window(start=START + timedelta(hours=2), end=START + timedelta(hours=6))

    cases = pseudo_releases("chat", 20, _span(10), watched=WATCHED, taken=[busy])

    assert cases
    assert all(c.ended + WATCHED <= busy.start or c.began >= busy.end for c in cases)


def test_the_scale_divides_the_minute() -> None:
    """In the try-out a minute is a second: what is watched is 15 seconds, on whole seconds."""
    span = Window(start=START, end=START + timedelta(minutes=10))

    cases = pseudo_releases("chat", 500, span, watched=timedelta(seconds=15), scale=60)

    assert len(cases) > 20
    assert all(c.began.microsecond == 0 for c in cases)
    assert cases[0].ended - cases[0].began == timedelta(seconds=2)


@given(
    st.integers(1, 300),
    st.floats(0.1, 400),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 50)), max_size=5),
)
def test_windows_never_overlap(count: int, hours: float, busy: list[tuple[float, float]]) -> None:
    """Whatever is asked for, no minute is judged twice, and none outside of the span."""
    span = _span(hours)
    taken = [
        Window(start=START + timedelta(hours=a), end=START + timedelta(hours=a + b))
        for a, b in busy
    ]

    cases = pseudo_releases("chat", count, span, watched=WATCHED, taken=taken)

    windows = [case.window(WATCHED) for case in cases]
    assert len(cases) <= count
    assert all(a.end <= b.start for a, b in pairwise(windows))
    assert all(span.start <= w.start and w.end <= span.end for w in windows)
    assert not [1 for w in windows for t in taken if w.start < t.end and t.start < w.end]


@pytest.mark.parametrize(("second", "floored"), [(0, 0), (59, 0), (60, 60)])
def test_bins_count_from_the_epoch(second: int, floored: int) -> None:
    """A moment belongs to the whole minute before it."""
    moment = datetime(1970, 1, 2, tzinfo=UTC)

    found = floor(moment + timedelta(seconds=second), timedelta(minutes=1))

    assert found == moment + timedelta(seconds=floored)
