"""Odds come from what the baseline did by itself."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import tails

SCORES = np.random.default_rng(1).exponential(1.0, (10, 5000))


def test_the_odds_of_an_exponential_score_are_right() -> None:
    """P(score >= 8) = e^-8, far beyond what was seen."""
    tail = tails.fit(SCORES, lowest=0.1, slope=0.05)
    rarity = tail.rarity(np.full((10, 1), 8.0))

    assert rarity == pytest.approx(np.full((10, 1), 8 / np.log(10)), rel=0.1)


def test_rarity_grows_with_the_score() -> None:
    """Below and above the point where the tail begins."""
    tail = tails.fit(SCORES, lowest=0.1, slope=0.05)
    rarity = tail.rarity(np.tile(np.linspace(0, 20, 50), (10, 1)))

    assert (np.diff(rarity, axis=1) > 0).all()


def test_the_cut_is_exceeded_as_often_as_it_says() -> None:
    """One per cent of fresh moments, over ten types together."""
    tail = tails.fit(SCORES, lowest=0.1, slope=0.05)
    most = tails.largest(tail.rarity(SCORES))
    fresh = np.random.default_rng(2).exponential(1.0, (10, 20000))
    share = (tail.rarity(fresh).max(axis=0) > most.cut(0.01)).mean()

    assert 0.005 < share < 0.02
    assert most.odds(most.cut(0.001)) == pytest.approx(0.001)


def test_a_burst_is_judged_by_the_other_days() -> None:
    """A day with a burst is rarer when its own scores do not make the tail."""
    scores = np.random.default_rng(3).exponential(1.0, (1, 1000))
    scores[0, :20] = 30.0
    days = np.repeat(np.arange(10), 100)
    limits = {"lowest": 0.1, "slope": 0.05}
    inside = tails.fit(scores, **limits).rarity(scores)
    outside = tails.without_own_day(scores, days, **limits)

    assert outside[0, :20].min() > 2 * inside[0, :20].max()


def test_a_type_that_never_scored_is_not_impossible() -> None:
    """Its share is half a moment of all."""
    tail = tails.fit(np.zeros((1, 999)), lowest=1.0, slope=0.434)

    assert tail.share[0] == pytest.approx(0.0005)
    assert np.isfinite(tail.rarity(np.array([[50.0]]))).all()
