"""A panel holds counts by type and minute, and missing minutes are missing."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from bot.core.verdict.calibrated.panel import Panel, PanelError, minute_of, moment_of, panel


def test_a_missing_minute_is_unknown_and_not_zero() -> None:
    """NaN in any row, or nobody there to write."""
    made = panel(0, {"a": np.array([1.0, np.nan, 0.0])}, np.array([1.0, 1.0, 0.0]))

    assert made.known.tolist() == [True, False, False]


def test_parts_keep_their_time() -> None:
    """Minutes since the epoch, clipped to what there is."""
    made = panel(100, {"a": np.arange(10.0)})
    part = made.between(103, 200)

    assert (part.start, part.end) == (103, 110)
    assert part.counts[0].tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert made.between(0, 50).minutes == 0


@pytest.mark.parametrize(
    ("counts", "exposure"),
    [(np.ones((2, 3)), np.ones(3)), (np.ones((1, 3)), np.ones(2)), (-np.ones((1, 3)), np.ones(3))],
)
def test_what_does_not_fit_is_refused(counts: np.ndarray, exposure: np.ndarray) -> None:
    """Rows without a name, exposures of another length, counts below nothing."""
    with pytest.raises(PanelError):
        Panel(0, ("a",), counts, exposure)


def test_the_digest_says_whether_anything_changed() -> None:
    """One count more is another digest; the same counts are the same."""
    one = panel(0, {"a": np.ones(5)})
    other = panel(0, {"a": np.array([1.0, 1, 1, 1, 2])})

    assert one.digest() == panel(0, {"a": np.ones(5)}).digest()
    assert one.digest() != other.digest()
    assert one.digest() != panel(1, {"a": np.ones(5)}).digest()


def test_minutes_and_moments_are_the_same_time() -> None:
    """A minute holds every second of it."""
    moment = datetime(2026, 8, 6, 12, 3, 59, tzinfo=UTC)

    assert moment_of(minute_of(moment)) == moment.replace(second=0)


def test_no_type_at_all_is_a_panel_too() -> None:
    """A quiet component has minutes without any type."""
    assert panel(0, {}, np.ones(7)).minutes == 7
