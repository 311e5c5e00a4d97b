"""Backtests are kept, and looked up before a release is planned."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.backtest.backtest import Backtest
from bot.core.counts import CountRequest, Counts
from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.value import text
from bot.core.verdict.verdict import Result
from bot.core.view.backtest import broken, progress
from bot.engine import backtests
from bot.engine.cut_off import Place, Pulse
from tests.core.backtest.test_score import replayed
from tests.engine.conftest import Make
from tests.engine.test_backtesting import outside
from tests.support.engines import BROKEN, HOME, SMALL, VIEWER, Bot, Outside, asked, release_file

pytestmark = pytest.mark.thorough

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


async def test_it_is_made_from_the_room(make: Make) -> None:
    """Progress and result stand in one message of the room, and the result is kept."""
    bot = await make(outside())

    reply = await bot.say("backtest openchat pseudo 4")
    assert bot.engine.has_background("backtest:openchat")
    again = await bot.say("backtest openchat")
    await _finished(bot)

    assert (reply.outcome, again.outcome) == (Outcome.ANSWERED, Outcome.REFUSED)
    shown = [card for _, card in bot.outside.rooms[HOME].shown if card.kind == "backtest"]
    assert shown[0].state == "running"
    assert (shown[-1].state, len(bot.outside.rooms[HOME].of("backtest"))) == ("done", 1)
    kept = await backtests.newest(bot.services.store, "openchat")
    assert kept is not None
    assert (len(kept.found), kept.by) == (2 * 4, "Mina")


async def test_only_operators_may_ask_for_one(make: Make) -> None:
    """It reads a lot, so looking is not enough."""
    bot = await make(outside(days=0.1))

    reply = await bot.say("backtest openchat", person=VIEWER)

    assert reply.outcome is Outcome.REFUSED
    assert not bot.engine.has_background("backtest:openchat")


async def test_what_goes_wrong_is_told(make: Make) -> None:
    """Logs that are too young end in a card that says so, and nothing is kept."""
    bot = await make(outside(days=0.1))

    await bot.say("backtest openchat")
    await _finished(bot)

    card = [c for _, c in bot.outside.rooms[HOME].shown if c.kind == "backtest"][-1]
    assert [line.key for line in card.lines if not isinstance(line, str)] == ["backtest.no_history"]
    assert await backtests.newest(bot.services.store, "openchat") is None


async def test_a_bot_that_stops_says_that_it_came_to_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a result that never comes."""
    bot = await make(outside(days=0.1))
    asked_for = asyncio.Event()

    async def count(_: CountRequest) -> Counts:
        asked_for.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(bot.outside.logs, "count", count)
    await bot.say("backtest openchat")
    await asked_for.wait()

    task = _task()
    task.cancel()
    await asyncio.wait([task])

    state = [card.state for _, card in bot.outside.rooms[HOME].shown if card.kind == "backtest"]
    assert state == ["running", "failed"]


async def test_a_busy_room_gets_the_result_later(make: Make) -> None:
    """Progress is left out, the end is not."""
    bot = await make(outside(days=0.1))
    room = bot.outside.rooms[HOME]
    room.busy = 0.01
    place = Place(room=HOME, key="backtest:1")
    teller = backtests.Teller(room, Pulse(bot.services, "openchat", place), place.key)
    await teller.progress(progress("openchat", 1, 2, text("said.line", line="x")))
    task = asyncio.create_task(teller.end(broken("openchat", text("refused.failed"))))
    await asyncio.sleep(0)
    room.busy = 0.0
    await task

    assert [card.state for _, card in room.shown] == ["failed"]


def _task() -> asyncio.Task[object]:
    return next(t for t in asyncio.all_tasks() if t.get_name() == "backtest:openchat")


async def _finished(bot: Bot) -> None:
    while bot.engine.has_background("backtest:openchat"):
        await asyncio.wait([_task()])
        await asyncio.sleep(0)
