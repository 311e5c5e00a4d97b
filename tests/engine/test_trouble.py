"""A store that is full, locked or older than the world: nothing is done unseen, and people hear."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.release import Phase, StepState
from bot.store import Store
from bot.store.errors import StoreError
from tests.engine.conftest import Make
from tests.support.engines import HOME, MIRROR, SINGLE, Bot, Outside, asked, release_file

pytestmark = pytest.mark.thorough


def fill_up(store: Store, *, pages: int | None = None) -> int:
    """Let the database grow no further (or up to so many pages); returns what it has."""
    with store._database._writer.connect() as connection:
        used: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages or used}")
        connection.exec_driver_sql("PRAGMA cache_size = -2000")
    return used


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program holds the database."""
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def at_go(make: Make) -> Bot:
    """A release that asks for its first Go."""
    bot = await make(**SINGLE, confirm="each_step")
    await bot.recovery.remember()
    await bot.start()
    await bot.run(asked)
    return bot


def troubles(bot: Bot, room: str = HOME) -> list[str]:
    """What a room heard about the store."""
    return [c.text.key for k, c in bot.outside.rooms[room].posts if k.startswith("trouble:")]


async def notes(bot: Bot) -> None:
    """Somebody writes until no page is left."""
    for number in range(20):
        await bot.say(f"note {'x' * 900} {number}")


@pytest.mark.scenario(47)
async def test_with_a_full_disk_nothing_is_done(make: Make) -> None:
    """No journal row, no executor call; the room hears once of it, however long it takes."""
    bot = await at_go(make)
    button = await bot.button(QuestionKind.GO, "go")
    fill_up(bot.real)
    with pytest.raises(StoreError, match=r"store\.full"):
        await notes(bot)
    with pytest.raises(StoreError, match=r"store\.full"):
        await bot.press(button)
    for _ in range(5):
        with pytest.raises(StoreError):
            await bot.engine.take()
        await bot.recovery.tell_trouble()

    assert bot.outside.calls == []
    assert [q.kind for q in (await bot.release()).open_questions] == [QuestionKind.GO]
    assert troubles(bot) == ["trouble.now"]

    fill_up(bot.real, pages=1_000_000)
    await bot.engine.take()
    await bot.recovery.tell_trouble()
    await bot.recovery.tell_trouble()
    assert bot.engine.trouble == ""
    assert troubles(bot) == ["trouble.now"]
    assert (await bot.press(button)).outcome is Outcome.ACCEPTED


@pytest.mark.scenario(47)
async def test_a_room_that_needs_the_store_hears_it_afterwards(url: str) -> None:
    """While the database is locked it cannot be told; when that is over it is, once."""
    store = Store(url, busy_seconds=0.05)
    await store.open()
    bot = Bot(Outside(release_file(**SINGLE, confirm="each_step")), store)
    await bot.start()
    await bot.run(asked)
    button = await bot.button(QuestionKind.GO, "go")
    bot.outside.rooms[HOME].failing = True
    with locked(url):
        with pytest.raises(StoreError) as caught:
            await bot.press(button)
        await bot.recovery.tell_trouble()
        with pytest.raises(StoreError):
            await bot.engine.take()
    bot.outside.rooms[HOME].failing = False
    await bot.engine.take()
    await bot.recovery.tell_trouble()
    await bot.recovery.tell_trouble()
    heard = (troubles(bot), troubles(bot, MIRROR))
    await bot.kill()
    await store.close()

    assert caught.value.code == "store.locked"
    assert heard == (["trouble.over"], ["trouble.now"])
    assert bot.outside.calls == []


async def test_a_call_whose_outcome_could_not_be_stored_is_adopted(make: Make) -> None:
    """The executor was called and the database failed: the lease ends and the task is found."""
    bot = await at_go(make)
    bot.deployer.hold("chat")
    await bot.answer(QuestionKind.GO, "go")
    real = bot.store.real
    bot.store.real = _Failing(real)  # type: ignore[assignment]  # it fails what it is asked
    await asyncio.wait(list(bot.engine._tasks.values()))
    bot.store.real = real
    assert (await bot.release()).step("chat/deploy").handle == ""
    assert len(bot.outside.calls) == 1

    bot.outside.clock.now += timedelta(seconds=6)
    release = await bot.run(lambda r: r.step("chat/deploy").handle)

    assert release.step("chat/deploy").attempt == 1
    assert len(bot.outside.calls) == 1


class _Failing:
    """A store that cannot write."""

    def __init__(self, real: Store) -> None:
        self.read = real.read

    async def transact(self, _: object) -> None:
        """Fail as a full disk does."""
        raise StoreError("store.full")


async def restored(make: Make, bot: Bot, backup: Path, url: str) -> Bot:
    """The process dies, the database is replaced by its backup, and a process starts on it."""
    await bot.kill()
    await bot.real.close()
    path = Path(url.removeprefix("sqlite:///"))
    for leftover in path.parent.glob(f"{path.name}-*"):
        leftover.unlink()
    shutil.copy(backup, path)
    second = await make(bot.outside)
    await second.begin()
    await second.drain()
    return second


def back_up(url: str, path: Path) -> None:
    """A backup of the database as it is now."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))


@pytest.mark.scenario(48)
@pytest.mark.parametrize("step", ["chat/deploy", "chat/restart"])
async def test_a_restored_backup_is_behind_the_executor(
    make: Make, url: str, tmp_path: Path, step: str
) -> None:
    """What was done after the backup is found out, frozen and asked about; nothing is redone."""
    bot = await at_go(make)
    backup = tmp_path / "backup"
    back_up(url, backup)
    await bot.answer(QuestionKind.GO, "go")
    await bot.run(lambda r: r.step("chat/deploy").state is StepState.DONE and asked(r))
    if step == "chat/restart":
        await bot.answer(QuestionKind.GO, "go")
        await bot.run(lambda r: r.step("chat/restart").state is StepState.DONE)
    calls = list(bot.outside.calls)

    second = await restored(make, bot, backup, url)
    release = await second.release()

    assert release.phase is Phase.PAUSED
    [question] = [q for q in release.open_questions if q.kind is QuestionKind.DRIFT]
    assert question.component == "chat"
    assert question.context is not None
    found = "chat-1: 2.0" if step == "chat/restart" else calls[0]
    assert question.context.params["found"] == found
    assert second.outside.calls == calls


@pytest.mark.scenario(48)
async def test_after_a_restore_an_operation_is_adopted_and_not_repeated(
    make: Make, url: str, tmp_path: Path
) -> None:
    """When people go on, the first start looks for its key and takes over what was done."""
    bot = await at_go(make)
    backup = tmp_path / "backup"
    back_up(url, backup)
    await bot.answer(QuestionKind.GO, "go")
    await bot.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    second = await restored(make, bot, backup, url)
    await second.answer(QuestionKind.DRIFT, "resume")
    await second.answer(QuestionKind.GO, "go")
    release = await second.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    assert len(second.outside.calls) == 1
    assert release.step("chat/deploy").attempt == 1


async def test_a_new_database_does_not_take_an_old_task_for_its_own(make: Make, url: str) -> None:
    """Numbers begin again with a new database; the keys of its operations do not."""
    bot = await at_go(make)
    await bot.answer(QuestionKind.GO, "go")
    await bot.run(lambda r: r.step("chat/deploy").state is StepState.DONE)
    await bot.kill()
    await bot.real.close()
    path = Path(url.removeprefix("sqlite:///"))
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()

    second = await make(bot.outside)
    await second.start()
    await second.run(asked)
    await second.answer(QuestionKind.GO, "go")
    release = await second.run(lambda r: r.step("chat/deploy").state is StepState.DONE)

    assert release.id == 1
    assert len(set(second.outside.calls)) == 2
    assert len(second.outside.world.started) == 2
