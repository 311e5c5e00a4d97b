"""Odds come from what the baseline did by itself."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import tails

SCORES = np.random.default_rng(1).exponential(1.0, (10, 5000))
LIMITS = {"tail": 0.02, "slope": 0.05}


def test_the_odds_of_an_exponential_score_are_right() -> None:
    """Ten types: P(largest >= 12) = 10 e^-12, far beyond what was seen."""
    most = tails.largest(SCORES, **LIMITS)

    assert most.rarity(12.0) == pytest.approx((12 - np.log(10)) / np.log(10), rel=0.1)
    assert most.odds(most.cut(0.001)) == pytest.approx(0.001)


def test_odds_fall_with_the_score() -> None:
    """Anything is likely below the point where the tail begins."""
    most = tails.largest(SCORES, **LIMITS)
    odds = [most.odds(score) for score in np.linspace(0, 30, 50)]

    assert odds == sorted(odds, reverse=True)
    assert odds[0] == 1
    assert np.isfinite(most.rarity(1e6))


def test_the_cut_is_exceeded_as_often_as_it_says() -> None:
    """One per cent of fresh moments, over ten types together."""
    most = tails.largest(SCORES, **LIMITS)
    fresh = np.random.default_rng(2).exponential(1.0, (10, 20000))
    share = (fresh.max(axis=0) > most.cut(0.01)).mean()

    assert 0.005 < share < 0.02


def test_types_alike_have_no_handicap() -> None:
    """None decides alone, not even where there is one type only."""
    assert tails.fit(SCORES, tail=0.05).handicap.max() == 0
    assert tails.fit(SCORES[:1], tail=0.05).handicap.max() == 0


def test_one_lively_type_does_not_raise_the_cut_of_all() -> None:
    """A type ten times as lively pays for it alone."""
    scores = SCORES.copy()
    scores[3] *= 10
    found = tails.fit(scores, tail=0.05)
    cut = tails.largest(found.beyond(scores), **LIMITS).cut(0.01)
    alone = tails.largest(scores, **LIMITS).cut(0.01)

    assert found.handicap[3] > 10
    assert np.delete(found.handicap, 3).max() == 0
    assert cut < alone / 3


def test_a_baseline_without_any_score_is_not_impossible() -> None:
    """Nothing ever scored: half a moment of all is imagined."""
    most = tails.largest(np.zeros((3, 999)), **LIMITS)

    assert most.odds(0.2) < most.share == pytest.approx(0.0005)


def test_a_bound_counts_every_test_and_what_was_seen() -> None:
    """A score of ln(1 + D) has the odds tests x 10^-D; what the moments showed has none."""
    bound = tails.Bounded(tests=400, floor=1.0, moments=1e9)
    score = float(np.log1p(6))

    assert bound.odds(score) == pytest.approx(400e-6)
    assert bound.rarity(score) == pytest.approx(-np.log10(400e-6))
    assert bound.odds(bound.cut(0.005)) == pytest.approx(0.005)
    assert bound.odds(float(np.log1p(1))) == 1
    lively = tails.Bounded(tests=400, floor=3.0, moments=1e9)
    assert lively.cut(0.005) == 3.0
    assert lively.odds(2.9) == 1
    assert tails.Bounded(tests=400, floor=1.0, moments=99).odds(score) == 0.01


def test_few_moments_ask_for_more_than_they_showed() -> None:
    """A hundred moments do not know what comes once in a thousand: the cut lies above them all."""
    values = np.random.default_rng(8).exponential(1.0, (3, 100))
    few = tails.bounded(values, tests=30, moments=100, alpha=0.001)
    enough = tails.bounded(values, tests=30, moments=2000, alpha=0.001)

    assert enough.floor == values.max()
    assert few.floor == pytest.approx(values.max() + np.log(10), abs=0.6)
