"""The tail of a canary's count, given the control's: exact, and wider where shares vary."""

from __future__ import annotations

from math import comb, log

import numpy as np
import pytest

from bot.core.verdict.calibrated.closing import surprise


def of(canary: float, control: float, share: float, factor: float) -> float:
    """Of one type."""
    return float(surprise(*(np.array([float(x)]) for x in (canary, control, share, factor)))[0])


@pytest.mark.parametrize(("canary", "control"), [(12, 27), (3, 0), (30, 90), (700, 4000)])
def test_without_drift_it_is_the_binomial_tail(canary: int, control: int) -> None:
    """Added up from the law's own terms, one in ten."""
    total = canary + control
    ways = sum(comb(total, k) * 9 ** (total - k) for k in range(canary, total + 1))
    exact = total * log(10) - log(ways)

    assert of(canary, control, 0.1, 1.0) == pytest.approx(exact, rel=1e-3)


def test_the_tail_of_a_beta_binomial_is_exact() -> None:
    """A factor of 4 for 7 events of even groups is a uniform law: 5 and more of 0 to 7."""
    # Var = N / 4 (1 + (N - 1) / (M + 1)), M = 2 for the uniform: the factor is 1 + 6 / 3.
    assert of(5, 2, 0.5, 3.0) == pytest.approx(-log(3 / 8), rel=1e-6)


def test_what_varies_surprises_less() -> None:
    """The same count with three times the variance."""
    assert of(30, 60, 0.1, 3.0) < 0.5 * of(30, 60, 0.1, 1.0)


def test_no_more_than_the_share_is_no_surprise() -> None:
    """Nor is a single event anywhere."""
    assert of(5, 60, 0.1, 1.0) == 0
    assert of(1, 0, 0.1, 1.0) == 0
    assert of(0, 0, 0.1, 1.0) == 0


@pytest.mark.parametrize("factor", [1.0, 2.0, 1e6])
def test_large_counts_and_wild_shares_stay_numbers(factor: float) -> None:
    """A million events; a variance larger than any count can have."""
    found = of(200_000, 800_000, 0.1, factor)

    assert np.isfinite(found)
    assert found >= 0
