"""Minute counts: read from windows, joined, cut, and packed without loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bot.core.counts import Alive, TypeCount, Window, WindowCounts
from bot.core.minutes import (
    LONGEST,
    MinuteCounts,
    MinutesError,
    bin_length,
    bin_of,
    counted,
    day_of,
    joined,
    key_of,
    moment_of,
    renamed,
    unknown,
)

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START = bin_of(NOON, MINUTE)


def made(start: int, rows: dict[str, list[float]], exposure: list[float]) -> MinuteCounts:
    """Minutes from rows by type; those without exposure are unknown."""
    hosts = np.array(exposure, dtype=np.float64)
    counts = np.array([rows[key] for key in sorted(rows)], dtype=np.float64)
    counts = counts.reshape(len(rows), len(exposure))
    counts[:, hosts == 0] = np.nan
    return MinuteCounts(start, tuple(sorted(rows)), counts, hosts)


def same(one: MinuteCounts, other: MinuteCounts) -> bool:
    """Whether both say the same, minute by minute."""
    return (
        (one.start, one.keys) == (other.start, other.keys)
        and np.array_equal(one.counts, other.counts, equal_nan=True)
        and np.array_equal(one.exposure, other.exposure)
    )


def random_minutes(start: int = 7) -> st.SearchStrategy[MinuteCounts]:
    """Minutes of up to four types."""
    return st.integers(0, 4).flatmap(
        lambda types: st.integers(1, 9).flatmap(
            lambda length: st.builds(
                lambda counts, exposure: made(
                    start,
                    {f"ERROR é{n}": list(counts[n]) for n in range(types)},
                    list(exposure),
                ),
                arrays(np.int64, (types, length), elements=st.integers(0, 2**33)),
                arrays(np.int64, length, elements=st.integers(0, 300)),
            )
        )
    )


def test_bins_are_numbered_from_the_epoch() -> None:
    """A bin holds its start and not its end; a try-out's bin is a second; a day has 1,440."""
    second = bin_length(60)

    assert second == timedelta(seconds=1)
    assert bin_of(NOON, MINUTE) == bin_of(NOON + MINUTE - timedelta(microseconds=1), MINUTE)
    assert moment_of(bin_of(NOON, second), second) == NOON
    assert (day_of(1439), day_of(1440)) == (0, 1)
    assert bin_length(7) % timedelta(milliseconds=1) == timedelta(0)


def test_a_window_is_read_into_minutes() -> None:
    """Hosts add up to exposure, a minute in which nobody wrote a line of any level is unknown."""
    window = WindowCounts(
        window=Window(start=NOON, end=NOON + 3 * MINUTE),
        types=(
            TypeCount(error_type="T", level="ERROR", host="", count=4, bucket=NOON),
            TypeCount(error_type="T", level="WARN", host="", count=2, bucket=NOON + 2 * MINUTE),
        ),
        alive=(
            Alive(host="a", bucket=NOON, count=9),
            Alive(host="b", bucket=NOON, count=1),
            Alive(host="a", bucket=NOON + 2 * MINUTE, count=5),
        ),
    )

    found = counted(window, MINUTE)

    nan = float("nan")
    assert (found.start, found.end, found.known) == (START, START + 3, 2)
    assert found.keys == (key_of("ERROR", "T"), "WARN T")
    assert found.exposure.tolist() == [2, 0, 1]
    assert np.array_equal(found.counts, [[4, nan, 0], [0, nan, 2]], equal_nan=True)
    assert found.totals() == {"ERROR T": 4, "WARN T": 2}
    assert found.panel().known.tolist() == [True, False, True]


def test_what_hosts_served_is_exposure() -> None:
    """A minute in which they served nothing says nothing about a rate."""
    window = WindowCounts(
        window=Window(start=NOON, end=NOON + 2 * MINUTE),
        types=(TypeCount(error_type="T", level="ERROR", host="", count=4, bucket=NOON + MINUTE),),
        alive=(
            Alive(host="a", bucket=NOON, count=9, exposure=70),
            Alive(host="b", bucket=NOON, count=1, exposure=30),
            Alive(host="a", bucket=NOON + MINUTE, count=5, exposure=0),
        ),
    )
    found = counted(window, MINUTE)
    assert found.exposure.tolist() == [100, 0]
    assert found.known == 1


def test_a_window_must_consist_of_whole_minutes() -> None:
    """Half a minute would look like a quiet one."""
    window = Window(start=NOON, end=NOON + MINUTE / 2)

    with pytest.raises(ValueError, match="whole buckets"):
        counted(WindowCounts(window=window), MINUTE)


def test_parts_are_joined_and_the_later_one_holds() -> None:
    """A gap between parts is unknown; a type that one part does not know had none there."""
    first = made(10, {"ERROR a": [1, 2, 3]}, [1, 1, 1])
    second = made(12, {"ERROR b": [7, 0]}, [2, 0])
    far = made(16, {"ERROR a": [5]}, [1])

    found = joined([first, second, far], start=11, end=17)

    nan = float("nan")
    assert found.keys == ("ERROR a", "ERROR b")
    assert found.exposure.tolist() == [1, 2, 0, 0, 0, 1]
    assert np.array_equal(
        found.counts, [[2, 0, nan, nan, nan, 5], [0, 7, nan, nan, nan, 0]], equal_nan=True
    )


def test_a_part_holds_only_the_types_that_occur_in_it() -> None:
    """What is cut off leaves nothing behind, and a cut beyond the ends is empty or shorter."""
    whole = made(10, {"ERROR a": [1, 0, 0], "ERROR b": [0, 0, 4]}, [1, 1, 1])

    assert same(whole.between(11, 99), made(11, {"ERROR b": [0, 4]}, [1, 1]))
    assert (whole.between(20, 30).minutes, whole.between(0, 5).minutes) == (0, 0)
    assert unknown(5, 8).known == 0
    assert joined([], start=5, end=8).minutes == 3


@given(random_minutes())
def test_packing_loses_nothing(whole: MinuteCounts) -> None:
    """Counts, missing minutes, names and exposure come back."""
    assert same(MinuteCounts.unpack(whole.pack()), whole)


@given(st.lists(random_minutes(), min_size=1, max_size=3), st.integers(0, 12), st.integers(0, 12))
def test_joining_is_minute_by_minute(parts: list[MinuteCounts], begin: int, length: int) -> None:
    """Each minute is that of the last part which covers it."""
    found = joined(parts, start=begin, end=begin + length)

    for minute in range(begin, begin + length):
        cover = [part for part in parts if part.start <= minute < part.end]
        place = minute - begin
        exposure = cover[-1].exposure[minute - cover[-1].start] if cover else 0
        assert found.exposure[place] == exposure
        for row, key in enumerate(found.keys):
            known = cover and key in cover[-1].keys
            count = cover[-1].counts[cover[-1].keys.index(key), minute - 7] if known else 0
            expected = count if exposure else np.nan
            assert np.array_equal(found.counts[row, place], expected, equal_nan=True)


def test_a_day_of_many_types_is_small() -> None:
    """300 types, a million documents: far less than a byte a cell."""
    weights = 1 / np.arange(1, 301)
    rates = weights / weights.sum() * 1_000_000 / 1440
    counts = np.random.default_rng(1).poisson(rates[:, None], (300, 1440)).astype(np.float64)
    day = MinuteCounts(0, tuple(sorted(f"ERROR {n:03}" for n in range(300))), counts, np.ones(1440))

    assert len(day.pack()) < 200_000
    assert len(unknown(0, 1440).pack()) < 200


@pytest.mark.parametrize("packed", [b"", b"RMM1", b"RMM0" + b"x" * 30, b"RMM1x\x9c\x03\x00"])
def test_what_is_not_packed_minutes_is_refused(packed: bytes) -> None:
    """Damage and other versions are told from minutes."""
    with pytest.raises(MinutesError, match="no packed minute counts"):
        MinuteCounts.unpack(packed)


def test_a_damaged_body_is_refused() -> None:
    """A cut in the middle cannot pass for fewer counts."""
    packed = made(1, {"ERROR a": [1, 2]}, [1, 1]).pack()

    with pytest.raises(MinutesError):
        MinuteCounts.unpack(packed[:-6])


def test_only_so_many_minutes_are_packed() -> None:
    """A piece is a day; what could not be numbered is refused."""
    with pytest.raises(ValueError, match="at most 65535"):
        unknown(0, LONGEST + 1).pack()


def test_types_that_have_become_one_are_added_up() -> None:
    """A template that generalised carries its past under its new name, level by level."""
    counts = made(1, {"ERROR a": [1, 2], "ERROR b": [3, 0], "WARN a": [5, 5]}, [1, 1])

    found = renamed(counts, {"a": "c", "b": "c"})

    assert found.keys == ("ERROR c", "WARN c")
    assert found.counts.tolist() == [[4, 2], [5, 5]]
    assert renamed(counts, {"a": "a", "b": "b"}) is counts
