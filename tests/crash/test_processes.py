"""Two processes on one store, and one that is asked to stop while it has much to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.crash.bot_process import BotProcess
from tests.crash.journey import Stage, assert_told_once, staged
from tests.crash.people import LOST, entered
from tests.crash.stories import RELEASE

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

TAKEN_OVER_WITHIN = 10.0
STOPPED_WITHIN = 10.0
SERVER = pytest.param("postgres", marks=pytest.mark.provisioned)
rather_a_server = pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.long), SERVER], indirect=True
)
"""Ten seconds a kill: on the store of several machines in every run, on both in the long one."""


@pytest.fixture(params=["sqlite", SERVER])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store; empty: a SQLite file in the test's folder."""
    url: str = request.getfixturevalue("postgres_database") if request.param == "postgres" else ""
    return url


async def _play_on_any(stage: Stage, bots: list[BotProcess]) -> None:
    """Let people go to the next process when the one in front of them is killed."""
    watching = [asyncio.create_task(_watch(stage, bot)) for bot in bots]
    try:
        for bot in bots:
            with suppress(*LOST):
                await stage.play(bot)
                return
        raise AssertionError("all processes are gone")
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _watch(stage: Stage, bot: BotProcess) -> None:
    await bot.process.wait()
    await stage.gone()


@pytest.mark.long  # tests/engine/test_two_engines.py has it in every run
@rather_a_server
@pytest.mark.scenario(10)
async def test_two_processes_do_everything_once(database_url: str, tmp_path: Path) -> None:
    """Two bots work on one release: each effect, check and message happens once."""
    async with staged(tmp_path, RELEASE, database_url=database_url) as stage:
        first = await stage.bots.start()
        second = await stage.bots.start()
        await _play_on_any(stage, [first, second])
        await stage.drained()

        async with entered(second.base) as room:
            ended = await room.until(room.result)
            assert ended["state"] == "done"
        await asyncio.gather(first.stop(), second.stop())
        await assert_told_once(stage)


TAKEN = {
    "start": ("find", "start|auth/restart/1|after|1", "auth/restart/1"),
    "look": ("look", "look|gateway/deploy/1|before|1", "gateway/deploy/1"),
    "check": ("running", "count|gateway|during|1", "gateway"),
    "share": ("share", "share|each:gateway/finish|before|1", "each:gateway/finish"),
}
"""What one dies at -> the call by which the other goes on, the point, what the call is about."""


@pytest.mark.long  # the next test takes over from a killed process in every run
@rather_a_server
@pytest.mark.scenario(10)
@pytest.mark.parametrize("effect", list(TAKEN))
async def test_whichever_is_killed_the_other_takes_over(
    database_url: str, tmp_path: Path, effect: str
) -> None:
    """Whichever of two bots comes to the point dies there: within 10 s the other does its work."""
    call, point, about = TAKEN[effect]
    async with staged(tmp_path, RELEASE, database_url=database_url) as stage:
        bots = [await stage.bots.start(point), await stage.bots.start(point)]
        await _play_on_any(stage, bots)
        await stage.drained()
        [alive] = [bot for bot in bots if bot.process.returncode is None]
        await alive.stop()

        died = stage.bots.crashed_at()
        taken_over = next(at for at in stage.world.calls(call, about) if at > died) - died
        assert taken_over < TAKEN_OVER_WITHIN
        await assert_told_once(stage)


@rather_a_server
@pytest.mark.scenario(10)
async def test_what_a_killed_process_recorded_is_done_by_the_other(
    database_url: str, tmp_path: Path
) -> None:
    """One of two bots recorded a click and died: within 10 s the other has done it, once."""
    async with staged(tmp_path, RELEASE, database_url=database_url) as stage:
        other = await stage.bots.start()
        dying = await stage.bots.start("commit|inbox:record:start|after|1")
        await stage.play_until_killed(dying)
        died = stage.bots.crashed_at()
        await stage.play_to_the_end(other, repeat=False)

        assert 0 < stage.world.calls("start", "auth/deploy/1")[0] - died < TAKEN_OVER_WITHIN
        await assert_told_once(stage)


async def test_asked_to_stop_it_ends_within_ten_seconds(tmp_path: Path) -> None:
    """SIGTERM while a look, a message and an open page hang: exit code 0 in time, nothing lost."""
    async with staged(tmp_path, RELEASE) as stage:
        bot = await stage.bots.start()
        await stage.world.hold("look", "auth/deploy/1")
        await stage.world.hold("share", "each:auth/start")
        playing = asyncio.create_task(stage.play(bot))
        await stage.world.held()

        took = await bot.stop()
        await stage.gone()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await stage.play_to_the_end(await stage.bots.start())

        assert took < STOPPED_WITHIN
        await assert_told_once(stage)
