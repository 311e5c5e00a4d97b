"""What a kept backtest lets a policy do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.backtest.backtest import Backtest, proven
from bot.core.backtest.score import Replayed
from bot.core.config.policy import OnFail, Policy
from bot.core.verdict.verdict import Result
from tests.core.backtest.test_score import replayed

POLICY = Policy(on_fail=OnFail.ROLL_BACK)


def backtest(*, fails: int = 0, passes: int = 250, component: str = "chat") -> Backtest:
    """A backtest of `POLICY` for one component."""
    found = [replayed(Result.PASS, component=component)] * passes
    found += [replayed(Result.FAIL, component=component, minutes=5)] * fails
    return Backtest(
        target="openchat",
        at=datetime(2026, 11, 25, tzinfo=UTC),
        by="Ann",
        policies={component: {"seed-2020": POLICY.statistic}},
        found=tuple(_numbered(one, number) for number, one in enumerate(found, start=1)),
    )


def test_a_policy_that_was_seldom_wrong_may_roll_back() -> None:
    """Of 250 good cases none failed: the upper bound is 1.5 %, below the default of 2 %."""
    assert backtest().allows("chat", POLICY)


def _numbered(one: Replayed, number: int) -> Replayed:
    case = one.case.model_copy(update={"name": f"pseudo {number}"})
    return one.model_copy(update={"case": case})


@pytest.mark.parametrize("fails", [1, 30])
def test_one_that_was_wrong_may_not(fails: int) -> None:
    """One false fail of 250 is up to 2.2 %."""
    assert not backtest(fails=fails).allows("chat", POLICY)


def test_a_looser_limit_allows_more() -> None:
    """The limit is the policy's own, and belongs to what happens afterwards."""
    loose = POLICY.model_copy(update={"max_false_fail": 0.05})

    assert backtest(fails=1).allows("chat", loose)


def test_another_component_is_not_proven_by_it() -> None:
    """Each component stands for itself."""
    policies = {"chat": POLICY, "search": POLICY}

    assert proven(backtest(), policies) == {"chat"}
    assert proven(None, policies) == frozenset()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"levels": ("ERROR",)}, False),
        ({"baseline": timedelta(days=5)}, False),
        ({"rounds": 2}, False),
        ({"on_fail": OnFail.ASK, "rollback_countdown": timedelta(0)}, True),
        ({"repeats": 0, "max_lag": timedelta(minutes=1)}, True),
    ],
    ids=str,
)
def test_a_policy_changed_since_is_not_the_one_that_was_tested(
    change: dict[str, object], *, same: bool
) -> None:
    """What decides the verdict counts; what happens afterwards does not."""
    changed = POLICY.model_copy(update=change)

    assert backtest().allows("chat", changed) is same


def test_it_is_kept_whole() -> None:
    """What is stored is read back equal."""
    before = backtest(fails=2)

    assert Backtest.model_validate_json(before.model_dump_json()) == before
