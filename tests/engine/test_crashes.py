"""`kill -9` at any moment of a process: the next one goes on, and nothing happens twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.release import Phase, Release, StepState
from bot.core.tally import tally
from bot.engine.transition import load
from bot.store import Store, Tx
from tests.engine.conftest import Make
from tests.support.engines import (
    BROKEN,
    HOME,
    OTHER,
    SINGLE,
    SMALL,
    STARTER,
    TEAM,
    Bot,
    KilledError,
    Life,
    Outside,
    asked,
    ended,
    release_file,
)

YES = {
    QuestionKind.START: ("start", STARTER),
    QuestionKind.GO: ("go", OTHER),
    QuestionKind.GATE: ("approve", OTHER),
    QuestionKind.VERDICT_FAIL: ("rollback", OTHER),
    QuestionKind.ROLLED_BACK: ("abort", OTHER),
}
TAKEOVER = timedelta(seconds=6)
"""The time between a death and the next start; leases last for five seconds."""


async def newest(bot: Bot) -> Release | None:
    """The newest release there is."""

    def work(tx: Tx) -> Release | None:
        rows = tx.recent(None, 1)
        return load(tx, rows[0].id) if rows else None

    return await bot.real.read(work)


async def play(bot: Bot, line: str) -> Release:
    """What people and time do until the release has ended, from wherever it stands."""
    for _ in range(800):
        await bot.drain()
        release = await newest(bot)
        if release is None:
            await bot.say(line)
        elif not release.live:
            return release
        elif release.open_questions:
            kind = release.open_questions[0].kind
            verb, person = YES[kind]
            await bot.press(await bot.button(kind, verb), person)
        else:
            await bot.jump()
    raise AssertionError("the release does not come to its end")


async def lived(url: str, outside: Outside, ends: Iterator[int], line: str) -> tuple[Release, int]:
    """One process after the other, each killed at its moment; the last one lives on."""
    store = Store(url)
    await store.open()
    deaths = 0
    try:
        while True:
            bot = Bot(outside, store, Life(next(ends, None)))
            try:
                await bot.begin()
                return await play(bot, line), deaths
            except KilledError:
                deaths += 1
            finally:
                await bot.kill()
            outside.clock.now += TAKEOVER
    finally:
        await store.close()


def few(numbers: range) -> list[Any]:
    """The first one for every run, the others for the long ones."""
    return [numbers[0], *(pytest.param(n, marks=pytest.mark.long) for n in numbers[1:])]


def once_each(outside: Outside) -> bool:
    """Every call that reached the executor had its own key."""
    return len(outside.calls) == len(set(outside.calls)) == len(outside.world.started)


def rounds_of(release: Release) -> dict[str, list[tuple[int, int, str]]]:
    """The rounds that counted, by check."""
    return {
        s.id: [(r.number, r.repeat, str(r.verdict.result)) for r in s.rounds]
        for s in release.steps
        if s.rounds
    }


async def test_a_life_can_end_at_hundreds_of_moments(url: str) -> None:
    """The tests below would prove nothing if there were only a few moments to be killed at."""
    life = Life()
    store = Store(url)
    await store.open()
    bot = Bot(Outside(release_file(**SMALL)), store, life)
    await play(bot, "start openchat")
    await bot.kill()
    await store.close()

    assert life.moments > 200


@pytest.mark.parametrize("first", few(range(4)))
async def test_killed_once_at_any_moment(url: str, first: int) -> None:
    """Wherever one kill falls, each operation starts once and the end is the same."""
    for ends_at in range(1 + first * 7, 400, 28):
        outside = Outside(release_file(**SMALL))
        release, _ = await lived(f"{url}-{ends_at}", outside, iter([ends_at]), "start openchat")

        assert release.phase is Phase.DONE, ends_at
        assert once_each(outside), ends_at
        assert {s.attempt for s in release.steps if s.version} == {1}, ends_at
        assert rounds_of(release) == {
            name: [(n, 0, "pass") for n in (1, 2, 3)]
            for name in ("chat/check-canary", "chat/check")
        }, ends_at
        count = tally(release)
        assert (count.operations, count.people) == (8, 2), ends_at
        assert len(outside.rooms[TEAM].posts) == 3, ends_at


@pytest.mark.parametrize("seed", few(range(6)))
async def test_killed_again_and_again(url: str, seed: int) -> None:
    """Seven components, a kill every few moments: the end is that of an undisturbed release."""
    dice = random.Random(seed)
    ends = iter([dice.randint(5, 250) for _ in range(12)])
    outside = Outside()
    release, deaths = await lived(url, outside, ends, "start openchat")

    assert deaths == 12
    assert release.phase is Phase.DONE
    assert once_each(outside)
    assert len(outside.calls) == 16
    assert tally(release).operations == 41
    assert set(outside.world.running.values()) == {"2.0"}
    assert len(outside.rooms[TEAM].posts) == 16


@pytest.mark.scenario(45)
@pytest.mark.parametrize("seed", few(range(4)))
async def test_killed_during_a_rollback(url: str, seed: int) -> None:
    """A rollback goes on where it was: the old version runs again, and nothing is promoted."""
    dice = random.Random(100 + seed)
    ends = iter([dice.randint(5, 80) for _ in range(10)])
    outside = Outside(release_file(**SMALL))
    release, _ = await lived(url, outside, ends, f"start openchat {BROKEN}")

    assert release.phase is Phase.ROLLED_BACK
    assert once_each(outside)
    assert set(outside.world.running.values()) == {"1.0"}
    assert release.step("chat/gate").state is StepState.CANCELLED
    assert [s.attempt for s in release.steps if s.undo] == [1, 1, 1]


async def until_killed(bot: Bot, where: str) -> None:
    """Let the process live until just this moment."""
    bot.life.where = where
    with pytest.raises(KilledError):
        await bot.drain()
    await bot.kill()


async def waiting_for_go(make: Make) -> tuple[Bot, Outside]:
    """A release that asks for its first Go."""
    bot = await make(**SINGLE, confirm="each_step")
    await bot.start()
    await bot.run(asked)
    return bot, bot.outside


@pytest.mark.scenario(39)
async def test_killed_before_the_executor_was_called(make: Make) -> None:
    """The next process asks for the key first, learns that nothing began, and calls once."""
    bot, outside = await waiting_for_go(make)
    await bot.answer(QuestionKind.GO, "go")
    await until_killed(bot, "before the executor is called")
    assert outside.calls == []

    outside.clock.now += TAKEOVER
    second = await make(outside)
    await second.begin()
    await second.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    assert second.deployer.finds > 0
    assert len(outside.calls) == len(outside.world.started) == 1


@pytest.mark.scenario(40)
async def test_killed_after_the_executor_was_called(make: Make) -> None:
    """The task of the killed process is found by its key and adopted; no second call is made."""
    bot, outside = await waiting_for_go(make)
    await bot.answer(QuestionKind.GO, "go")
    await until_killed(bot, "after the executor was called")
    assert (await bot.release()).step("chat/deploy").handle == ""

    outside.clock.now += TAKEOVER
    second = await make(outside)
    await second.begin()
    release = await second.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    assert release.step("chat/deploy").handle != ""
    assert len(outside.calls) == 1


@pytest.mark.scenario(40)
async def test_when_nobody_can_tell_people_are_asked(make: Make) -> None:
    """An executor that keeps no keys cannot say whether it began: the release pauses and asks."""
    bot, outside = await waiting_for_go(make)
    await bot.answer(QuestionKind.GO, "go")
    await until_killed(bot, "after the executor was called")

    outside.clock.now += TAKEOVER
    second = await make(outside)
    second.deployer.cannot_find = True
    release = await second.run(asked)

    assert [q.kind for q in release.open_questions] == [QuestionKind.STEP_UNSURE]
    assert release.phase is Phase.PAUSED
    assert len(outside.calls) == 1


@pytest.mark.scenario(41)
async def test_killed_while_polling(make: Make) -> None:
    """The same task is looked at again, the same message is edited, the time goes on."""
    bot, outside = await waiting_for_go(make)
    bot.deployer.hold("chat")
    await bot.answer(QuestionKind.GO, "go")
    release = await bot.run(lambda r: r.step("chat/deploy").hosts)
    begun, handle = release.step("chat/deploy").started_at, release.step("chat/deploy").handle
    boards = [key for key, _ in outside.rooms[HOME].posts if key.endswith(":board")]
    await bot.kill()

    outside.clock.now += TAKEOVER
    second = await make(outside)
    await second.begin()
    release = await second.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    step = release.step("chat/deploy")
    assert (step.started_at, step.handle) == (begun, handle)
    assert [key for key, _ in outside.rooms[HOME].posts if key.endswith(":board")] == boards
    assert len(outside.calls) == 1


@pytest.mark.scenario(44)
async def test_killed_between_a_decision_and_its_message(make: Make) -> None:
    """Every copy of the card is brought up to date by the next process; no button stays."""
    bot, outside = await waiting_for_go(make)
    button = await bot.button(QuestionKind.GO, "go")
    assert (await bot.press(button)).outcome is Outcome.ACCEPTED
    await until_killed(bot, "before a delivery")
    question = (await bot.release()).questions[1]
    assert question.closed is not None
    assert all(bot.card("question:2", room=room).actions for room in (HOME, "mirror"))

    outside.clock.now += TAKEOVER
    second = await make(outside)
    await second.drain()

    assert [second.card("question:2", room=room).actions for room in (HOME, "mirror")] == [(), ()]


@pytest.mark.scenario(46)
async def test_a_button_of_an_old_process_works(make: Make) -> None:
    """What a button means stands in the database: a click after the next start is accepted."""
    bot, outside = await waiting_for_go(make)
    button = await bot.button(QuestionKind.GO, "go")
    await bot.kill()

    second = await make(outside)
    await second.begin()

    assert (await second.press(button)).outcome is Outcome.ACCEPTED


async def test_what_was_recorded_is_done_by_the_next_process(make: Make) -> None:
    """A click that was recorded when the process died is carried out, once."""
    bot, outside = await waiting_for_go(make)
    button = await bot.button(QuestionKind.GO, "go")
    bot.life.ends_at = bot.life.moments + 2
    with pytest.raises(KilledError):
        await bot.press(button)
    await bot.kill()
    assert (await bot.release()).open_questions

    outside.clock.now += TAKEOVER
    second = await make(outside)
    await second.begin()
    await second.recovery.take_up()
    await second.drain()

    assert not (await second.release()).open_questions
    assert len(outside.calls) == 1


async def test_a_confirmed_preview_survives_a_kill(make: Make) -> None:
    """*Do it* is bound to its click, so the next process carries it out and a second click not."""
    bot = await make(**SINGLE, confirm="each_step")
    outside = bot.outside
    await bot.start()
    await bot.run(asked)
    reply = await bot.say("abort too late today")
    assert reply.card is not None
    do = reply.card.actions[0]
    bot.life.ends_at = bot.life.moments + 6
    with pytest.raises(KilledError):
        await bot.press(do)
    await bot.kill()
    assert (await bot.release()).live

    outside.clock.now += TAKEOVER
    second = await make(outside)
    await second.begin()
    release = await second.run(ended)

    assert release.phase is Phase.ABORTED
    assert (await second.press(do)).outcome is Outcome.DECIDED


@pytest.mark.scenario(3)
async def test_an_abort_before_the_taken_over_call_keeps_it_back(make: Make) -> None:
    """The process died before the call and somebody aborted: nothing leaves any more."""
    bot, outside = await waiting_for_go(make)
    await bot.answer(QuestionKind.GO, "go")
    await until_killed(bot, "before the executor is called")
    second = await make(outside)
    abort = next(a for a in second.card("board").actions if a.verb == "abort")
    assert (await second.press(abort, OTHER)).outcome is Outcome.ACCEPTED

    release = await second.run(ended)

    assert release.phase is Phase.ABORTED
    assert release.step("chat/deploy").state is StepState.CANCELLED
    assert outside.calls == []
