"""What Elasticsearch is asked: windows are cut where buckets begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.logs.search.slicing import MOST_SLICES, SLICE, slices
from bot.core.counts import Window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@given(
    start=st.integers(0, 10**6),
    length=st.integers(0, 10**6),
    bucket=st.sampled_from([timedelta(seconds=0.75), MINUTE, 7 * MINUTE]),
)
def test_slices_are_the_window_cut_on_edges_of_buckets(
    start: int, length: int, bucket: timedelta
) -> None:
    """No moment is left out or counted twice, no bucket is in two slices, none are too many."""
    second = timedelta(seconds=1)
    window = Window(start=NOON + start * second, end=NOON + (start + length) * second)

    found = list(slices(window, bucket))

    edges = [window.start, *(one.end for one in found)]
    assert [one.start for one in found] == edges[:-1]
    assert edges[-1] == window.end
    assert all((edge - EPOCH) % bucket == timedelta(0) for edge in edges[1:-1])
    assert all(one.start < one.end for one in found)
    assert len(found) <= MOST_SLICES + 2


@pytest.mark.parametrize(("minutes", "number"), [(5, 1), (SLICE, 1), (6 * SLICE, 6)])
def test_a_slice_is_an_hour_of_minutes(minutes: int, number: int) -> None:
    """Short windows are one question."""
    window = Window(start=NOON, end=NOON + minutes * MINUTE)

    assert len(list(slices(window, MINUTE))) == number


def test_without_buckets_nothing_is_cut() -> None:
    """One number a window takes one pass."""
    window = Window(start=NOON, end=NOON + timedelta(days=10))

    assert list(slices(window, None)) == [window]
