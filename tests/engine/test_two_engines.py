"""Several processes on one store: each effect, check and post happens once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.card import Action
from bot.core.effect import EffectKind
from bot.core.event import StepProgressed
from bot.core.inbound import Outcome
from bot.core.operation import Operation, Progress, ProgressState
from bot.core.question import QuestionKind
from bot.core.release import Phase, StepState
from bot.core.tally import tally
from bot.engine import operations
from bot.engine.job import Job
from bot.engine.transition import apply
from tests.engine.conftest import Make
from tests.support import engines
from tests.support.engines import (
    LINE,
    OTHER,
    SINGLE,
    STARTER,
    TEAM,
    Bot,
    MortalDeployer,
    asked,
    ended,
)


async def both(pair: tuple[Bot, Bot]) -> None:
    """Both processes take and perform at the same time, until nothing is due."""
    await asyncio.gather(*(bot.drain() for bot in pair))
    await asyncio.gather(*(bot.drain() for bot in pair))


@pytest.mark.scenario(10)
async def test_two_processes_do_everything_once(pair: tuple[Bot, Bot]) -> None:
    """Both work; no call, no round, no post and no decision happens twice."""
    one, two = pair
    outside = one.outside
    await one.say("start openchat")
    release = await one.release()
    for _ in range(600):
        await both(pair)
        release = await two.release()
        if not release.live:
            break
        if release.open_questions:
            question = release.open_questions[0]
            start = question.kind is QuestionKind.START
            button = await one.button(question.kind, "start" if start else "approve")
            who = STARTER if start else OTHER
            replies = await asyncio.gather(*(bot.press(button, who) for bot in pair))
            assert sorted(r.outcome for r in replies) == [Outcome.ACCEPTED, Outcome.DECIDED]
        else:
            await one.jump()

    assert release.phase is Phase.DONE
    assert len(outside.calls) == len(set(outside.calls)) == 16
    assert (tally(release).operations, tally(release).people) == (41, 3)
    assert [len(s.rounds) for s in release.steps if s.rounds] == [3] * 9
    assert len(outside.rooms[TEAM].shown) == len(outside.rooms[TEAM].posts) == 16
    assert len(outside.rooms[LINE].shown) == 3
    assert len([one for one in outside.logs.requests if not one.alive]) == 27
    assert len(outside.logs.requests) == 2 * 27, "each round asks for the lag once"
    assert min(len(bot.deployer.calls) for bot in pair) > 0


async def _press_until_dead(one: engines.Bot, action: Action) -> None:
    """Wherever the process notices its end first, the next thing it does is not done."""
    await one.press(action)
    await one.drain()
    one.life.moment("after its end")


@pytest.mark.scenario(10)
async def test_a_killed_process_is_taken_over_within_ten_seconds(make: Make) -> None:
    """What it held becomes free with its lease; the other one finishes within ten seconds."""
    one = await make(**SINGLE, confirm="each_step")
    two = await make(one.outside)
    await one.start()
    await one.run(asked)
    go = await one.button(QuestionKind.GO, "go")
    one.life.where = "after the executor was called"
    with pytest.raises(engines.KilledError):
        await _press_until_dead(one, go)
    await one.kill()
    died = one.outside.clock.now

    release = await two.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    assert release.step("chat/deploy").attempt == 1
    assert two.outside.clock.now - died < timedelta(seconds=10)
    assert len(one.outside.calls) == 1


async def test_a_lease_is_renewed_as_long_as_the_work_goes_on(make: Make) -> None:
    """A slow executor call outlives its first lease, and nobody else begins it meanwhile."""
    one, gate = await slow_call(make)
    two = await make(one.outside)
    await one.start()
    for _ in range(4):
        one.outside.clock.now += timedelta(seconds=2)
        await one.engine.renew()
        await two.drain()
    assert len(one.outside.calls) == 1
    gate.set()
    await one.drain()

    assert (await one.release()).step("chat/deploy").handle != ""
    assert len(one.outside.calls) == 1


async def slow_call(make: Make) -> tuple[Bot, asyncio.Event]:
    """A process whose executor takes its time to answer."""
    one = await make(**SINGLE)
    gate = asyncio.Event()

    class Slow(MortalDeployer):
        async def start(self, operation: Operation) -> str:
            handle = await super().start(operation)
            await gate.wait()
            return handle

    config = one.outside.file.executors["pmc"]
    assert config.kind == "memory"
    slow = Slow(config, world=one.outside.world)
    slow.life, slow.calls = one.life, one.outside.calls
    one.adapters.deployer = one.deployer = slow
    return one, gate


@pytest.mark.scenario(11)
async def test_a_worker_whose_lease_was_lost_changes_nothing(make: Make) -> None:
    """The slow worker's answer comes when another one adopted the task: it is not kept."""
    one = await make(**SINGLE)
    two = await make(one.outside)
    one.deployer.hold("chat")
    two.deployer.hold("chat")
    await one.start()
    await one.run(lambda r: r.step("chat/deploy").handle)
    awake = asyncio.Event()

    async def look(job: Job) -> None:
        await awake.wait()
        step = (await one.release()).step("chat/deploy")
        progress = Progress(state=ProgressState.FAILED, detail="an old answer")
        await job.feed(StepProgressed(step=step.id, attempt=step.attempt, progress=progress))

    one.engine._performers[EffectKind.LOOK] = look
    one.outside.clock.now += timedelta(seconds=2)
    await one.engine.take()
    one.outside.clock.now += timedelta(seconds=6)
    release = await two.run(lambda r: r.step("chat/deploy").hosts)
    before = await two.journal()

    awake.set()
    await asyncio.wait(list(one.engine._tasks.values()))

    assert await two.journal() == before
    assert await two.release() == release
    assert release.step("chat/deploy").state is StepState.RUNNING


@pytest.mark.scenario(11)
async def test_a_finished_release_never_runs_again(make: Make) -> None:
    """An answer of the world that comes after the end changes nothing; the journal stays closed."""
    bot = await make(**SINGLE)
    await bot.start()
    release = await bot.run(ended)
    before = await bot.journal()
    step = release.step("chat/restart")
    late = StepProgressed(
        step=step.id, attempt=step.attempt, progress=Progress(state=ProgressState.FAILED)
    )

    await bot.real.transact(lambda tx: apply(tx, 1, late, services=bot.services))

    assert (await bot.release()).phase is Phase.DONE
    assert await bot.journal() == before


@pytest.mark.scenario(11)
async def test_a_lost_lease_stops_its_work(make: Make) -> None:
    """Who hears that somebody took the work over stops it at once."""
    one, _ = await slow_call(make)
    two = await make(one.outside)
    await one.start()
    await asyncio.sleep(0)
    one.outside.clock.now += timedelta(seconds=6)
    await two.run(lambda r: r.step("chat/deploy").state is StepState.DONE)
    [task] = [t for t in one.engine._tasks.values() if ":start:" in t.get_name()]

    await one.engine.renew()
    await asyncio.wait([task])

    assert task.cancelled()


async def test_no_call_leaves_after_the_lease_was_lost(make: Make) -> None:
    """A process that slept between taking the work and calling the executor does not call."""
    one = await make(**SINGLE, confirm="each_step")
    two = await make(one.outside)
    await one.start()
    await one.run(asked)
    awake = asyncio.Event()

    async def start(job: Job) -> None:
        await awake.wait()
        await operations.start(job)

    one.engine._performers[EffectKind.START] = start
    await one.answer(QuestionKind.GO, "go")
    one.outside.clock.now += timedelta(seconds=6)
    await two.run(lambda r: r.step("chat/deploy").handle)
    assert len(two.outside.calls) == 1

    awake.set()
    await asyncio.wait([t for t in one.engine._tasks.values() if "start:" in t.get_name()])

    assert two.deployer.finds > 0
    assert len(one.outside.calls) == 1


async def test_a_recorded_message_is_done_once_by_two(make: Make) -> None:
    """Two processes that find the same unanswered message do it once; the other one steps back."""
    one = await make(**SINGLE, confirm="each_step")
    await one.start()
    await one.drain()
    one.life.ends_at = one.life.moments + 2
    with pytest.raises(engines.KilledError):
        await one.say("note the cake is ready")
    await one.kill()
    two, three = await make(one.outside), await make(one.outside)
    one.outside.clock.now += timedelta(seconds=6)

    await asyncio.gather(two.recovery.take_up(), three.recovery.take_up())

    assert (await two.facts()).count("fact.note") == 1
    assert await two.real.read(lambda tx: tx.unsettled(one.outside.clock.now, 9)) == []
