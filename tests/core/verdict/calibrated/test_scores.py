"""Scores are small for what was expected and grow with what is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict.calibrated import scores


def one(value: float) -> np.ndarray:
    """A single cell."""
    return np.array([[[value]]])


def test_the_deviance_of_a_poisson_count_is_exact() -> None:
    """X ln(X / E) - (X - E) for 10 against 5, in units of log10."""
    found = scores.deviance(np.array(10.0), np.array(5.0), np.array(1e-6))

    assert float(found) == pytest.approx((10 * np.log(2) - 5) / np.log(10), abs=1e-4)


@given(st.integers(0, 500), st.floats(0.01, 100), st.floats(1e-6, 5))
def test_more_events_are_never_less_suspicious(seen: int, mean: float, over: float) -> None:
    """The rise is monotone in the count."""
    low = scores.rise(one(seen), one(mean), np.array([[over]]))
    high = scores.rise(one(seen + 1), one(mean), np.array([[over]]))

    assert float(high.item()) >= float(low.item()) >= 0


@given(st.integers(1, 500), st.floats(10, 100), st.floats(1e-6, 5))
def test_fewer_events_are_never_less_of_a_fall(seen: int, mean: float, over: float) -> None:
    """The mirror image."""
    high = scores.fall(one(seen - 1), one(mean), np.array([[over]]))
    low = scores.fall(one(seen), one(mean), np.array([[over]]))

    assert float(high.item()) >= float(low.item()) >= 0


def test_one_event_and_small_rises_are_nothing() -> None:
    """Two events and 1.3 times what was expected are the least."""
    over = np.array([[1e-6]])

    assert scores.rise(one(1), one(0.001), over).item() == 0
    assert scores.rise(one(129), one(100), over).item() == 0
    assert scores.rise(one(2), one(0.001), over).item() > np.log1p(5)


def test_a_rare_type_never_vanishes() -> None:
    """Nothing where nine were expected is no finding; nothing of twenty is."""
    over = np.array([[1e-6]])

    assert scores.fall(one(0), one(9), over).item() == 0
    assert scores.fall(one(0), one(20), over).item() > np.log1p(5)


def stays(counts: list[float], *, missing: tuple[int, ...] = ()) -> float:
    """The persistence of one type of two a minute at minute 120."""
    shape = np.full((1, 135), 2.0)
    seen = np.array([counts])
    for minute in missing:
        shape[0, minute : minute + 2] = seen[0, minute : minute + 2] = 0
    found = scores.persistence(scores.Minutes(seen, shape), np.array([120]), np.ones(1))
    return float(found.item())


COMPLETE = -scores.RANK * np.log(scores.NEARLY)
"""What a complete order adds: every minute after the deployment above every one before it."""


def test_what_stays_up_persists_and_what_ends_does_not() -> None:
    """Five times as many in all blocks score ln 5 and the order; what ends early does not."""
    assert stays([2.0] * 120 + [10.0] * 15) == pytest.approx(np.log(20.5 / 4.5) + COMPLETE)
    assert stays([2.0] * 120 + [10.0] * 10 + [2.0] * 5) < np.log(20.5 / 4.5) / 2


def test_a_rise_before_the_deployment_is_none_of_it() -> None:
    """Twenty minutes too early, or two: the highest blocks before tell it."""
    assert stays([2.0] * 100 + [10.0] * 35) < np.log(20.5 / 4.5) / 3
    assert stays([2.0] * 118 + [10.0] * 17) < np.log(20.5 / 4.5) - 0.5


def test_the_order_tells_what_a_burst_two_hours_ago_hides() -> None:
    """A burst beyond the last hour hides the rise from its level, not from its order."""
    burst = [2.0] * 20 + [10.0] * 2 + [2.0] * 98

    assert stays([*burst, *[10.0] * 15]) == pytest.approx(np.log(20.5 / 12.3) + COMPLETE, abs=0.05)
    assert stays([*burst, *[2.0] * 15]) < 0


def test_quiet_minutes_have_no_order() -> None:
    """Half of all pairs are lost: 0.1 ln 2, whatever the level."""
    assert stays([2.0] * 135) == pytest.approx(scores.RANK * np.log(2), abs=0.001)


def test_a_missing_block_is_no_rise() -> None:
    """After the deployment nothing persists without it; before it the others tell the level."""
    counts = [2.0] * 120 + [10.0] * 15

    assert stays(counts, missing=(124,)) < 0
    assert stays(counts, missing=(60,)) == pytest.approx(np.log(20.5 / 4.5) + COMPLETE)


def test_a_busy_type_gains_most_by_a_rise() -> None:
    """Twice as many of 300 are in order, twice as many of three are not yet."""
    few, many = scores.gained(np.array([3.0, 300.0]), 2.0)

    assert np.log(2) < few < np.log(2) + 0.1
    assert few + 0.3 < many < np.log(2) + COMPLETE
    assert scores.gained(np.array([3.0, 300.0]), 1.0) == pytest.approx([0.0, 0.0])
