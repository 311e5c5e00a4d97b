"""What a backtest counts, and when it lets a policy roll back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.backtest.case import Case, Label
from bot.core.backtest.score import Replayed, score, scores, share
from bot.core.verdict.verdict import Result

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def replayed(
    result: Result, label: Label = Label.GOOD, *, minutes: float | None = None, component: str = "a"
) -> Replayed:
    """What one policy says of one case, rolled back after 20 minutes when it is bad."""
    back = BEGAN + timedelta(minutes=20) if label is Label.BAD else None
    case = Case(
        name="#1",
        component=component,
        began=BEGAN,
        restarted=BEGAN,
        ended=BEGAN,
        label=label,
        rolled_back_at=back,
    )
    return Replayed(case=case, policy="seed-2020", result=result, minutes=minutes)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 200, 0.0, 0.01884),
        (1, 200, 0.00088, 0.02778),
        (5, 10, 0.23659, 0.76341),
        (3, 3, 0.4385, 1),
    ],
)
def test_intervals_are_wilsons(count: int, of: int, low: float, high: float) -> None:
    """Against values of the formula worked out by hand to five places."""
    found = share(count, of)

    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-5)


def test_nothing_to_count_is_unknown() -> None:
    """Of no case nothing is known: no share, and the widest interval."""
    assert share(0, 0).value is None
    assert (share(0, 0).low, share(0, 0).high) == (0.0, 1.0)


def test_each_kind_of_error_is_counted_of_its_own() -> None:
    """False fails of good ones, misses of bad ones, what could not be measured of all."""
    found = [
        *(replayed(Result.PASS) for _ in range(6)),
        *(replayed(Result.FAIL, minutes=5) for _ in range(2)),
        replayed(Result.INCONCLUSIVE),
        replayed(Result.FAIL, Label.BAD, minutes=6),
        replayed(Result.FAIL, Label.BAD, minutes=12),
        replayed(Result.PASS, Label.BAD),
        replayed(Result.INCONCLUSIVE, Label.BAD),
    ]

    told = score("seed-2020", "", found)

    assert (told.false_fails.count, told.false_fails.of) == (2, 8)
    assert (told.missed.count, told.missed.of) == (2, 4)
    assert (told.unmeasured.count, told.unmeasured.of) == (2, 13)
    assert (told.minutes, told.saved) == (9.0, 11.0)


def test_components_are_told_together_and_each() -> None:
    """A noisy component cannot hide among quiet ones."""
    found = [replayed(Result.PASS), replayed(Result.FAIL, minutes=5, component="b")]

    told = {s.component: s.false_fails.count for s in scores(found)}

    assert told == {"": 1, "a": 0, "b": 1}
    assert [s.component for s in scores(found[:1])] == [""]


@pytest.mark.parametrize(
    ("good", "failed", "allowed"),
    [(200, 0, True), (199, 0, False), (200, 1, False), (600, 3, True)],
)
def test_rolling_back_needs_enough_cases_and_few_false_fails(
    good: int, failed: int, allowed: bool
) -> None:
    """The upper end of the interval decides, and 200 cases are the fewest."""
    found = [replayed(Result.FAIL, minutes=5)] * failed + [replayed(Result.PASS)] * (good - failed)

    assert score("seed-2020", "", found).allows(0.02) is allowed


def test_what_could_not_be_measured_proves_nothing() -> None:
    """Two hundred inconclusive cases are no evidence."""
    found = [replayed(Result.INCONCLUSIVE)] * 200

    assert not score("seed-2020", "", found).allows(0.02)
