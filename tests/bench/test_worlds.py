"""Backgrounds are the same every time, and files from outside are read or refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bench.judging import worlds
from bench.judging.worlds import DAY
from tests.support.source import ROOT

SHARED = ROOT.parent / "shared" / "data" / "nab"


def test_a_made_up_world_is_the_same_every_time() -> None:
    """Seeds are fixed; another seed is another world."""
    one, same = (worlds.synthetic("S1q", days=2) for _ in range(2))

    assert np.array_equal(one.counts, same.counts)
    assert not np.array_equal(one.counts, worlds.synthetic("S1q", days=2, seed=1).counts)
    assert one.counts.shape == (40, 2 * DAY)


def test_a_canary_split_loses_no_event() -> None:
    """Each event is the canary's or the control's; about a tenth is the canary's."""
    world = worlds.synthetic("S1q", days=2)
    canary, control = worlds.canary_split(world)

    assert np.array_equal(canary.counts + control.counts, world.counts)
    assert 0.05 < canary.counts.sum() / world.counts.sum() < 0.2


def test_rows_of_minutes_types_and_counts_are_read(tmp_path: Path) -> None:
    """Minutes without a row have no event; types are in the order of their names."""
    path = tmp_path / "counts.csv"
    path.write_text(
        "minute,type,count\n2026-08-01T00:00:00Z,b,2\n2026-08-01T00:01:00Z,a,3\n"
        "2026-08-12T00:00:00+00:00,b,1\n"
    )
    world = worlds.from_file("mine", path)

    assert world.keys == ("a", "b")
    assert world.minutes == 11 * DAY + 1
    assert world.counts[:, :2].tolist() == [[0, 3], [2, 0]]


def test_nab_s_files_are_one_type(tmp_path: Path) -> None:
    """Five-minute values are put into minutes without loss."""
    path = tmp_path / "series.csv"
    rows = [
        f"2026-08-{1 + n // 288:02} {n % 288 // 12:02}:{n % 12 * 5:02}:00,7" for n in range(3300)
    ]
    path.write_text("timestamp,value\n" + "\n".join(rows))
    world = worlds.from_file("mine", path)

    assert len(world.keys) == 1
    assert world.counts.sum() == 7 * 3300
    assert world.counts[0, :5].sum() == 7


@pytest.mark.parametrize("text", ["when,what\n1,2\n", "minute,type,count\n2026-08-01T00:00Z,a,1\n"])
def test_other_columns_and_short_files_are_refused(tmp_path: Path, text: str) -> None:
    """The error says what is wrong."""
    path = tmp_path / "bad.csv"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"columns|at least 11 days"):
        worlds.from_file("mine", path)


@pytest.mark.skipif(
    not SHARED.is_dir() and "CI" not in os.environ, reason="no ../shared/data: S2 is not made"
)
def test_tweets_are_thirty_types() -> None:
    """Four series, thinned and shifted by days."""
    world = worlds.tweets(SHARED)

    assert len(world.keys) == worlds.TYPES_OF_S2
    assert world.minutes > 50 * DAY


def test_a_missing_row_is_missing_and_no_quiet_minute(tmp_path: Path) -> None:
    """NAB's grid has holes: five minutes of which nothing is known;."""
    path = tmp_path / "series.csv"
    rows = [
        f"2026-08-{1 + n // 288:02} {n % 288 // 12:02}:{n % 12 * 5:02}:00,7"
        for n in range(3300)
        if n != 2
    ]
    path.write_text("timestamp,value\n" + "\n".join(rows))
    world = worlds.from_file("mine", path)

    assert np.flatnonzero(~world.known).tolist() == [10, 11, 12, 13, 14]
    assert world.filled.sum() == 7 * 3299
