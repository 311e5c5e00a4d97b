"""Windows before faults are healthy for the other services."""

from __future__ import annotations

from bench.judging import windows
from bench.judging.windows import Windows


def test_looks_begin_with_the_fault_and_windows_end_with_it() -> None:
    """A window is as long as the first look."""
    assert windows.before(120) == (70, 120)
    assert windows.behind(120) == ((120, 170), (120, 220))


def test_a_fault_to_come_says_nothing_of_its_service() -> None:
    """Nor does the window that is judged."""
    told = Windows(((0, 50), (60, 110), (120, 170)), ("a", "b", "a"))

    assert told.healthy("a").tolist() == [False, True, False]
    assert told.healthy("b", without=2).tolist() == [True, False, False]
    assert told.healthy("c").tolist() == [True, True, True]
