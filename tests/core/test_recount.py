"""Counts behind a verdict: kept small, and compared with what is found later."""

from __future__ import annotations

import pytest

from bot.core.counts import CountRequest
from bot.core.recount import Change, Kept, arrived, changes, expired, kept, outer
from tests.support.counted import DEPLOYED, counted


def request() -> CountRequest:
    """What was asked for."""
    windows = tuple(one.window for one in counted({}, {}).windows)
    return CountRequest(component="chat", windows=windows, samples=True)


def test_what_is_kept_comes_back() -> None:
    """The request, the moment, and the totals of each window."""
    before = kept(request(), counted({"A": 5}, {"A": 2, "B": 1}), DEPLOYED)

    assert before.totals == (
        {"ERROR A": 5},
        {"ERROR A": 2, "ERROR B": 1},
        {"ERROR A": 2, "ERROR B": 1},
    )
    assert Kept.unpack(before.pack()) == before
    assert (
        len(kept(request(), counted({f"T{n}": n for n in range(300)}, {}), DEPLOYED).pack()) < 3000
    )


def test_a_recount_asks_for_totals_only() -> None:
    """The same windows and levels, without what only the first look needed."""
    again = kept(request(), counted({}, {}), DEPLOYED).again()

    assert (again.samples, again.by_host, again.bucket, again.alive) == (False, False, None, False)
    assert again.windows == request().windows


def test_what_arrived_and_what_expired_is_named() -> None:
    """By window, the largest difference first; what stayed is not told, and nothing twice."""
    before = kept(request(), counted({"A": 5, "Old": 9, "Same": 1}, {"A": 2}), DEPLOYED)

    found = changes(before, counted({"A": 6, "Same": 1}, {"A": 2, "Late": 3}))

    assert found == (
        Change(window=0, key="ERROR Old", before=9, now=0),
        Change(window=0, key="ERROR A", before=5, now=6),
        Change(window=1, key="ERROR Late", before=0, now=3),
    )
    assert changes(before, counted({"A": 5, "Old": 9, "Same": 1}, {"A": 2})) == ()


def test_a_window_in_another_one_is_not_told_on_its_own() -> None:
    """Its documents are among those of the larger one; equal windows are both told."""
    base, seen, live = (one.window for one in counted({}, {}).windows)

    assert outer((base, seen, live)) == (0, 1)
    assert outer((live, seen)) == (1,)
    assert outer((seen, seen)) == (0, 1)


def test_sums_count_each_way_by_itself() -> None:
    """What came does not hide what went."""
    found = (
        Change(window=0, key="ERROR A", before=9, now=2),
        Change(window=1, key="ERROR A", before=0, now=3),
    )

    assert [one.difference for one in found] == [-7, 3]
    assert (arrived(found), expired(found)) == (3, 7)


@pytest.mark.parametrize("packed", [b"", b"x", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_what_is_not_kept_counts_is_refused(packed: bytes) -> None:
    """Damage and other versions are no counts."""
    with pytest.raises(ValueError, match="no kept counts"):
        Kept.unpack(packed)
