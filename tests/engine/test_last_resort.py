"""Faults that nobody foresaw: tried some times, then told in the room, never tried for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.core.card import Card
from bot.core.effect import EffectKind
from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.release import Phase, StepState
from bot.core.verdict.verdict import Result
from bot.engine.audience import Errand
from bot.engine.job import Job
from bot.engine.last_resort import TRIES
from bot.store import Tx
from tests.engine.conftest import Make
from tests.support.engines import HOME, MIRROR, OTHER, SINGLE, Bot, asked, ended

pytestmark = pytest.mark.usefixtures("_quiet")

FAULT = "KeyError: 'a bug, password=***"


@pytest.fixture(name="_quiet")
def quiet() -> Iterator[None]:
    """Tracebacks of the faults are kept out of the output; drawing them takes longer than all."""
    with capture_logs():
        yield


class Buggy:
    """Raises what no port may, at one of its methods, so many times."""

    def __init__(self, bot: Bot, method: str, times: int) -> None:
        self.calls = 0
        self._real = getattr(bot.deployer, method)
        self._times = times
        setattr(bot.deployer, method, self)

    async def __call__(self, *given: object) -> object:
        """Fail, or do it after all."""
        self.calls += 1
        if self.calls <= self._times:
            raise KeyError("a bug, password=hunter2")
        return await self._real(*given)


async def test_a_start_that_always_fails_is_unsure(make: Make) -> None:
    """It may have begun or not, so people are asked; what they read has no secret."""
    bot = await make(**SINGLE)
    buggy = Buggy(bot, "start", 1000)
    Buggy(bot, "find", 1000)
    await bot.start()
    release = await bot.run(asked)

    assert [q.kind for q in release.open_questions] == [QuestionKind.STEP_UNSURE]
    step = next(s for s in release.steps if s.state is StepState.UNSURE)
    assert step.detail is not None
    assert str(step.detail.params["detail"]).startswith(FAULT)
    assert buggy.calls == 1
    assert "hunter2" not in release.model_dump_json()


async def test_a_fault_that_passes_is_not_told(make: Make) -> None:
    """Fewer faults than the limit cost time and nothing else."""
    bot = await make(**SINGLE)
    buggy = Buggy(bot, "look", TRIES - 1)
    await bot.start()
    release = await bot.run(ended)

    assert release.phase is Phase.DONE
    assert buggy.calls > TRIES - 1
    assert "fact.step_unsure" not in await bot.facts()


async def test_looks_that_go_well_are_no_tries(make: Make) -> None:
    """However long an operation was looked at before, a fault then is the first one."""
    bot = await make(**SINGLE)
    bot.deployer.hold("chat")
    await bot.start()
    await bot.run(lambda r: r.step("chat/deploy").handle)
    for _ in range(3 * TRIES):
        await bot.jump()
        await bot.drain()
    buggy = Buggy(bot, "look", TRIES - 1)
    while buggy.calls < TRIES - 1:
        await bot.jump()
        await bot.drain()
    step = (await bot.release()).step("chat/deploy")

    assert (step.state, step.unknown_looks) == (StepState.RUNNING, 0)
    bot.deployer.release("chat")
    assert (await bot.run(ended)).phase is Phase.DONE


async def test_looks_that_always_fail_are_unknown(make: Make) -> None:
    """An operation that cannot be looked at is asked about like one whose answers say nothing."""
    bot = await make(**SINGLE)
    buggy = Buggy(bot, "look", 1000)
    await bot.start()
    release = await bot.run(asked)
    step = release.step("chat/deploy")

    assert [q.kind for q in release.open_questions] == [QuestionKind.STEP_UNSURE]
    assert step.detail is not None
    assert (step.state, step.detail.key) == (StepState.UNSURE, "step.unknown")
    assert buggy.calls == TRIES * step.unknown_looks


async def test_a_round_that_always_fails_is_inconclusive(make: Make) -> None:
    """No verdict is a pass because the bot has a fault; the reason is told."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(lambda r: r.step("chat/check").next_at)
    buggy = Buggy(bot, "running", 1000)
    release = await bot.run(asked)
    rounds = release.step("chat/check").rounds

    assert [r.verdict.result for r in rounds] == [Result.INCONCLUSIVE] * 4
    assert {r.verdict.reasons[0].key for r in rounds} == {"honesty.fault"}
    assert str(rounds[0].verdict.reasons[0].params["detail"]).startswith(FAULT)
    assert buggy.calls == TRIES * len(rounds)


async def test_a_stop_that_always_fails_has_not_stopped(make: Make) -> None:
    """The release says that the operation goes on, and ends when that has ended."""
    bot = await make(**SINGLE)
    bot.deployer.hold("chat")
    Buggy(bot, "stop", 1000)
    await bot.start()
    await bot.run(lambda r: r.step("chat/deploy").handle)
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "abort"), OTHER)
    release = await bot.run(lambda r: r.step("chat/deploy").detail)

    assert release.phase is Phase.ABORTING
    assert "fact.cannot_stop" in await bot.facts()
    bot.deployer.release("chat")
    assert (await bot.run(ended)).phase is Phase.ABORTED


async def test_versions_that_can_never_be_read_confirm_no_rollback(make: Make) -> None:
    """A rollback that nobody can read back is asked about, not called one."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(lambda r: r.step("chat/check").next_at)
    shown = await bot.say("rollback #1 chat too slow", OTHER)
    assert shown.card is not None
    reply = await bot.press(shown.card.actions[0], OTHER)
    assert reply.outcome is Outcome.ACCEPTED, reply
    Buggy(bot, "running", 1000)
    release = await bot.run(asked)

    assert release.live
    assert [q.kind for q in release.open_questions] == [QuestionKind.ROLLBACK_FAILED]


async def test_a_timer_that_always_fails_is_told_and_kept(make: Make) -> None:
    """The home room hears of it once; a bot that was mended goes on with it."""
    bot = await make(**SINGLE)
    await bot.say("start openchat")
    real, calls = bot.engine._performers[EffectKind.TIMER], []

    async def broken(job: Job) -> None:
        calls.append(job.row.key)
        raise KeyError("a bug, password=hunter2")

    bot.engine._performers[EffectKind.TIMER] = broken
    await bot.real.transact(lambda tx: _timer(tx, bot.outside.clock.now))
    for _ in range(TRIES + 2):
        await bot.drain()
        bot.outside.clock.now += timedelta(minutes=11)
    told = [card for key, card in bot.outside.rooms[HOME].posts if key.startswith("fault:")]

    mine = [card for card in told if card.text.params["effect"] == "timer:mended"]

    assert calls.count("timer:mended") == TRIES + 2
    assert [card.text.key for card in mine] == ["fact.fault"]
    assert "hunter2" not in mine[0].model_dump_json()
    bot.engine._performers[EffectKind.TIMER] = real
    await bot.drain()
    assert [row.key for row in await bot.real.read(lambda tx: tx.effects(1))].count(
        "timer:mended"
    ) == 0


def _timer(tx: Tx, at: datetime) -> None:
    effect = Errand(kind=EffectKind.TIMER, key="timer:mended", due=at, name="expiry", question=1)
    body = effect.model_dump_json()
    tx.enqueue(1, effect.key, kind=str(effect.kind), body=body, due_at=at)


async def test_a_card_that_can_never_be_made_is_told_and_given_up(make: Make) -> None:
    """The room that could be told hears of the card that could not; the release goes on."""
    bot = await make(**SINGLE)
    mirror, calls = bot.outside.rooms[MIRROR], []

    async def broken(key: str, card: Card, ref: str | None) -> str:
        calls.append(key)
        raise KeyError(card.kind, ref)

    mirror.show = broken  # type: ignore[method-assign]  # it breaks as no port may
    await bot.start()
    release = await bot.run(ended)
    for _ in range(TRIES):
        bot.outside.clock.now += timedelta(minutes=2)
        await bot.drain()
    told = [card for key, card in bot.outside.rooms[HOME].posts if key.startswith("fault:")]

    assert release.phase is Phase.DONE
    assert told
    assert {card.text.key for card in told} == {"fact.fault"}
    assert max(calls.count(key) for key in calls) <= TRIES * 20
    assert await bot.real.read(lambda tx: tx.effects(1)) == []
