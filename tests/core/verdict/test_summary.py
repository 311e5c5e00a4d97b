"""One line about a verdict, whichever comparison made it."""

from __future__ import annotations

from bot.core.value import text
from bot.core.verdict import seed2020
from bot.core.verdict.summary import summary
from bot.core.verdict.verdict import Result
from tests.support.releases import verdict


def test_each_comparison_has_its_own_words() -> None:
    """The first alarm, the pass with its watch lines, the first reason; the seed's as ever."""
    up = text("calibrated.up", type="Slow")
    common = text("calibrated.common", factor=1.8)
    ours = {"comparison": "calibrated"}
    failed = verdict(Result.FAIL).model_copy(update={**ours, "alarms": (up,)})
    passed = verdict().model_copy(update={**ours, "watch": (common,)})
    unsure = verdict(Result.INCONCLUSIVE).model_copy(update=ours)
    bare = unsure.model_copy(update={"reasons": ()})

    assert summary(failed) == up
    assert summary(passed) == text("verdict.pass_calibrated", watch=1)
    assert summary(unsure).key == "honesty.no_documents"
    assert summary(bare).key == "verdict.unexplained"
    assert summary(verdict(Result.FAIL)) == seed2020.summary(verdict(Result.FAIL))
