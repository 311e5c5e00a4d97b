"""One process answers what came in: the others keep away, until its lease ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.operation import Running
from bot.engine.left_behind import LeftBehind
from bot.engine.submission import Submission
from bot.engine.turns import Lane
from bot.store.errors import StoreError
from tests.support.engines import HOME, STARTER, Bot

SECOND = timedelta(seconds=1)


class Process:
    """One process on a platform that answers privately: what it told counts."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.told: list[Reply] = []
        self.left = LeftBehind(bot.intake, {"slack": self.finish})

    async def heard(self, line: str) -> Submission:
        """Record what somebody asks."""
        inbound = Inbound(
            dedupe=f"slack:{self.bot.outside.next_id()}",
            surface="slack",
            room=HOME,
            person=STARTER,
            at=self.bot.outside.clock.now,
            text=line,
            address="somewhere",
        )
        recorded = await self.bot.intake.record(inbound)
        assert recorded is not None
        return recorded

    async def finish(self, submission: Submission) -> None:
        """Do it, and tell."""
        async with self.bot.intake.turn(submission, Lane.DECIDE):
            await self.bot.intake.process(submission, self.tell)

    async def tell(self, reply: Reply) -> None:
        """Note what was told."""
        self.told.append(reply)


class Slow:
    """An executor that answers when it is told to."""

    def __init__(self, bot: Bot) -> None:
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()
        self._real = bot.deployer.running
        bot.deployer.running = self.running  # type: ignore[method-assign]  # it takes its time

    async def running(self, component: str) -> Running:
        """Wait, then answer."""
        self.asked.set()
        await self.go_on.wait()
        return await self._real(component)


@pytest.mark.scenario(10)
async def test_a_slow_answer_is_given_once(pair: tuple[Bot, Bot]) -> None:
    """However long one process is at it, the other one keeps away while the lease is renewed."""
    one, two = (Process(bot) for bot in pair)
    slow, clock = Slow(one.bot), one.bot.outside.clock
    recorded = await one.heard("plan openchat")
    work = asyncio.create_task(one.finish(recorded))
    await slow.asked.wait()
    taken = []
    for _ in range(12):
        clock.now += SECOND
        await one.bot.intake.renew()
        taken.append(await two.left.take_up())
    slow.go_on.set()
    await work

    assert taken == [0] * 12
    assert [reply.outcome for reply in (*one.told, *two.told)] == [Outcome.ANSWERED]


@pytest.mark.scenario(10)
@pytest.mark.scenario(11)
async def test_who_slept_over_the_lease_tells_nothing(pair: tuple[Bot, Bot]) -> None:
    """A process that stood still finds its question taken over and answered, and keeps quiet."""
    one, two = (Process(bot) for bot in pair)
    slow = Slow(one.bot)
    recorded = await one.heard("plan openchat")
    work = asyncio.create_task(one.finish(recorded))
    await slow.asked.wait()
    one.bot.outside.clock.now += 6 * SECOND
    taken = await two.left.take_up()
    slow.go_on.set()
    await work

    assert taken == 1
    assert [len(process.told) for process in (one, two)] == [0, 1]


@pytest.mark.scenario(10)
async def test_what_a_dead_process_owes_is_told_by_one(pair: tuple[Bot, Bot]) -> None:
    """Two that look at the same moment share what was left; each question is answered once."""
    one, two = (Process(bot) for bot in pair)
    for _ in range(6):
        await one.heard("help")
    early = await two.left.take_up()
    one.bot.outside.clock.now += 6 * SECOND
    counts = await asyncio.gather(two.left.take_up(), one.left.take_up())

    assert early == 0
    assert sum(counts) == 6
    assert len(one.told) + len(two.told) == 6


async def test_a_turn_that_came_late_is_still_ours(pair: tuple[Bot, Bot]) -> None:
    """Nobody took it while the lease had ended: it is prolonged, done and told here."""
    one, two = (Process(bot) for bot in pair)
    recorded = await one.heard("help")
    one.bot.outside.clock.now += 6 * SECOND
    await one.finish(recorded)
    taken = await two.left.take_up()

    assert (taken, len(one.told)) == (0, 1)


async def test_a_store_that_fails_renews_nothing_and_stops_nothing(
    pair: tuple[Bot, Bot], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trouble is noted; before anybody is answered the lease is looked at again."""
    one = Process(pair[0])
    slow, store = Slow(one.bot), one.bot.services.store
    recorded = await one.heard("plan openchat")
    work = asyncio.create_task(one.finish(recorded))
    await slow.asked.wait()

    async def sick(_: object) -> None:
        raise StoreError("store.full")

    one.bot.outside.clock.now += 3 * SECOND
    monkeypatch.setattr(store, "transact", sick)
    await one.bot.intake.renew()
    trouble = one.bot.engine.trouble
    monkeypatch.undo()
    one.bot.outside.clock.now += 3 * SECOND
    slow.go_on.set()
    await work

    assert trouble == "store.full"
    assert len(one.told) == 1
