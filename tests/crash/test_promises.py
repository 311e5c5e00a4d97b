"""What is promised of a bot that is killed with -9, one promise a test."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.release import Release, Step
from tests.crash.bot_process import INTERVAL, scaled
from tests.crash.journey import (
    Kill,
    Stage,
    assert_told_once,
    killed_and_finished,
    killed_while_held,
    staged,
)
from tests.crash.people import entered
from tests.crash.stories import ABORT, RELEASE, ROLLBACK

# tests/engine/test_crashes.py keeps those of the long ones in every run, without a real process.
pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]


def _rounds(release: Release, check: str) -> tuple[timedelta, list[tuple[timedelta, bool]]]:
    """How long after the restart round 1 ran, and (due after the restart, late) of each round."""
    step = release.step(check)
    ended = _finished(release.step(check.replace("check", "restart")))
    return step.rounds[0].ran_at - ended, [(r.due - ended, r.late) for r in step.rounds]


def _finished(step: Step) -> Any:
    assert step.finished_at is not None
    return step.finished_at


@pytest.mark.long
@pytest.mark.scenario(39)
async def test_killed_between_intention_and_call_it_asks_first(tmp_path: Path) -> None:
    """Killed when the start was journalled and not yet made: it asks by key, then calls once."""
    kill = Kill(RELEASE, "", "start|auth/deploy/1|before|1")
    async with staged(tmp_path, RELEASE) as stage:
        died = await killed_and_finished(stage, kill)

        asked = stage.world.calls("find", "auth/deploy/1")
        [called] = stage.world.calls("start", "auth/deploy/1")
        assert died < asked[0] < called
        await assert_told_once(stage)


@pytest.mark.scenario(40)
async def test_killed_before_the_answer_it_adopts_what_runs(tmp_path: Path) -> None:
    """Killed when the API had begun and not yet answered: it finds that task and polls it."""
    kill = Kill(RELEASE, "", held=("start", "auth/deploy/1", 1))
    async with staged(tmp_path, RELEASE) as stage:
        died = await killed_and_finished(stage, kill)

        [called] = stage.world.calls("start", "auth/deploy/1")
        found, looked = (stage.world.calls(c, "auth/deploy/1")[0] for c in ("find", "look"))
        assert called < died < found < looked
        assert stage.release().step("auth/deploy").handle == "t1"
        await assert_told_once(stage)


@pytest.mark.scenario(40)
async def test_where_nobody_can_tell_people_are_asked(tmp_path: Path) -> None:
    """An API that cannot find by key: after the kill a question, and never a second start."""
    async with staged(tmp_path, RELEASE, can_find=False) as stage:
        await killed_while_held(stage, "start", "auth/deploy/1", 1)
        again = await stage.bots.start()

        async with entered(again.base) as room:
            asked = await room.until(lambda: room.offering("check"))
            verbs = [action["verb"] for action in asked["actions"]]
            assert verbs == ["check", "rollback", "override", "abort"]
            [abort] = [a for a in asked["actions"] if a["verb"] == "abort"]
            assert stage.release().step("auth/deploy").state == "unsure"
            assert (await room.press("mina", abort))["outcome"] == "accepted"
            await room.until(room.result)
        await stage.drained()
        await again.stop()

        assert stage.world.starts() == {"auth/deploy/1": 1}
        assert stage.release().phase == "aborted"
        assert stage.read(lambda tx: tx.locks()) == []


@pytest.mark.long
@pytest.mark.scenario(41)
async def test_killed_while_polling_it_polls_the_same_task(tmp_path: Path) -> None:
    """Killed during a look: the same task is looked at again, by a step that goes on."""
    kill = Kill(RELEASE, "", held=("look", "gateway/restart-canary/1", 2))
    async with staged(tmp_path, RELEASE) as stage:
        died = await killed_and_finished(stage, kill)

        step = stage.release().step("gateway/restart-canary")
        assert step.started_at is not None
        assert step.started_at.timestamp() < died < _finished(step).timestamp()
        assert max(stage.world.calls("look", "gateway/restart-canary/1")) > died
        assert stage.world.calls("find", "gateway/restart-canary/1") == []
        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.scenario(42)
async def test_killed_between_two_rounds_the_missed_one_runs_once_and_late(tmp_path: Path) -> None:
    """Down while round 2 was due: it runs once, is marked late, and keeps its own due time."""
    kill = Kill(RELEASE, "", "commit|journal:checked:gateway/check-canary:1|after|1")
    async with staged(tmp_path, RELEASE) as stage:
        died = await killed_and_finished(stage, kill)

        release = stage.release()
        _, rounds = _rounds(release, "gateway/check-canary")
        one = timedelta(seconds=INTERVAL)
        first, second = release.step("gateway/check-canary").rounds
        # On a busy machine the first one ran so late that the next one keeps its distance.
        planned = max(2 * one, first.ran_at - first.due + one * 1.5)
        assert rounds == [(one, first.late), (planned, True)]
        assert first.ran_at.timestamp() < died < second.ran_at.timestamp()
        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.scenario(42)
async def test_killed_between_two_rounds_the_next_one_is_in_time(tmp_path: Path) -> None:
    """Up again before round 2 is due: it runs at its original time and is not late."""
    apart = 10.0
    kill = Kill(RELEASE, "", "commit|journal:checked:auth/check:1|after|1")
    async with staged(tmp_path, RELEASE, interval=scaled(apart)) as stage:
        await killed_and_finished(stage, kill)

        first, rounds = _rounds(stage.release(), "auth/check")
        one = timedelta(seconds=apart)
        assert first >= one
        assert rounds == [(one, False), (2 * one, False)]
        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.scenario(43)
async def test_down_for_all_rounds_it_asks_and_does_not_pass(tmp_path: Path) -> None:
    """Down for longer than all rounds: inconclusive, people are asked, a look now is offered."""
    async with staged(tmp_path, RELEASE, late_limit=scaled(1.0)) as stage:
        bot = await stage.bots.start("commit|journal:step_progressed:auth/restart|after|2")
        await stage.play_until_killed(bot)
        await asyncio.sleep(2 * INTERVAL + 2)  # the time that is missed is what this is about
        again = await stage.bots.start()

        async with entered(again.base) as room:
            await room.until(lambda: "inconclusive" in str(stage.release().questions))
            step = stage.release().step("auth/check")
            assert step.state == "unsure"
            assert [str(r.verdict.result) for r in step.rounds] == ["inconclusive"]
            asked = await room.until(lambda: room.offering("check"))
            await room.press("mina", asked["actions"][0])
            await room.until(lambda: stage.release().step("auth/check").state == "done")


@pytest.mark.long
@pytest.mark.scenario(44)
async def test_killed_after_a_decision_every_card_is_brought_up_to_date(tmp_path: Path) -> None:
    """Killed when the approval was stored and no card told of it: the card comes to say so."""
    kill = Kill(RELEASE, "", "commit|journal:order:approve|after|1")
    async with staged(tmp_path, RELEASE) as stage:
        await killed_and_finished(stage, kill)

        rows = stage.read(lambda tx: tx.messages_since("release", 0, 1000))
        [gate] = [row.card for row in rows if row.key == "release:1:question:2"]
        assert "Taro" in gate
        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.scenario(45)
async def test_killed_during_a_rollback_it_goes_on_rolling_back(tmp_path: Path) -> None:
    """Killed while the canary goes back: the rollback ends, and nothing is promoted after it."""
    kill = Kill(ROLLBACK, "", held=("start", "gateway/undo-restart/1", 1))
    async with staged(tmp_path, ROLLBACK) as stage:
        died = await killed_and_finished(stage, kill)

        assert [at for at in stage.world.calls("start") if at > died] == []
        assert stage.release().rolled_back == ("gateway",)
        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.scenario(46)
async def test_a_button_of_the_process_before_works(tmp_path: Path) -> None:
    """A card that a killed process posted is clicked in the next one: the click counts."""
    async with staged(tmp_path, RELEASE) as stage:
        bot = await stage.bots.start()
        async with entered(bot.base) as room:
            await room.say("mina", RELEASE.line)
            [asked] = await room.until(room.open_questions)
            [start] = [a for a in asked["actions"] if a["verb"] == "start"]
        bot.kill()
        await bot.died()
        again = await stage.bots.start()

        async with entered(again.base) as room:
            assert (await room.press("mina", start))["outcome"] == "accepted"
        await stage.play_to_the_end(again, repeat=False)

        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.scenario(91)
async def test_killed_during_an_abort_the_locks_are_freed(tmp_path: Path) -> None:
    """Killed while the deployment is asked to stop: it is stopped, and nothing stays locked."""
    kill = Kill(ABORT, "", held=("stop", "gateway/deploy/1", 1))
    async with staged(tmp_path, ABORT) as stage:
        await killed_and_finished(stage, kill)

        await assert_told_once(stage)
        await _starts_anew(stage)


async def _starts_anew(stage: Stage) -> None:
    bot = await stage.bots.start()
    async with entered(bot.base) as room:
        said = await room.say("mina", ABORT.line, "again")
    assert (said["outcome"], said["release"]) == ("accepted", 2)
