"""Backtests are kept, and looked up before a release is planned."""

from __future__ import annotations

import pytest

from bot.core.backtest.backtest import Backtest
from bot.core.question import QuestionKind
from bot.core.verdict.verdict import Result
from bot.engine import backtests
from tests.core.backtest.test_score import replayed
from tests.engine.conftest import Make
from tests.support.engines import BROKEN, SMALL, Bot, Outside, asked, release_file

BY_ITSELF = {"on_fail": "roll_back"}


def _tested(bot: Bot, *, fails: int) -> Backtest:
    """A backtest of the very policy that the target has now."""
    file = bot.services.file()
    found = [replayed(Result.PASS, component="chat")] * 300
    found += [replayed(Result.FAIL, component="chat", minutes=5)] * fails
    return Backtest(
        target="openchat",
        at=bot.outside.clock.now,
        by="",
        policies={"chat": {"seed-2020": file.policies["default"].statistic}},
        found=tuple(found),
    )


async def test_the_newest_backtest_is_kept(make: Make) -> None:
    """One a target; before the first there is none."""
    bot = await make(Outside(release_file(BY_ITSELF, **SMALL)))
    store = bot.services.store
    assert await backtests.newest(store, "openchat") is None

    await backtests.keep(store, _tested(bot, fails=3))
    await backtests.keep(store, _tested(bot, fails=1))

    kept = await backtests.newest(store, "openchat")
    assert kept is not None
    assert [s.false_fails.count for s in kept.scores] == [1]
    assert await backtests.newest(store, "other") is None


@pytest.mark.parametrize(
    ("fails", "asks"), [(0, QuestionKind.COUNTDOWN), (9, QuestionKind.VERDICT_FAIL)]
)
async def test_a_backtest_lets_a_policy_roll_back_by_itself(
    make: Make, fails: int, asks: QuestionKind
) -> None:
    """Shown to be seldom wrong it counts down; shown to be often wrong people are asked."""
    bot = await make(Outside(release_file(BY_ITSELF, **SMALL)))
    await backtests.keep(bot.services.store, _tested(bot, fails=fails))

    await bot.start(f"start openchat chat={BROKEN}")
    release = await bot.run(asked)

    assert [q.kind for q in release.open_questions] == [asks]
    assert "fact.without_backtest" not in await bot.facts()
