"""What is long over is forgotten; journals, live releases and what is owed never are."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.core.config import CommandExecutor
from bot.core.inbound import Outcome
from bot.engine import retention
from bot.engine.retention import Retention
from bot.store import Tx
from tests.engine.conftest import Make
from tests.support.engines import HOME, OTHER, SINGLE, Bot, ended

YEAR = timedelta(days=365)


async def _inbox(bot: Bot) -> list[int]:
    return await bot.real.read(lambda tx: [n for n in range(1, 200) if tx.inbox_row(n)])


async def _messages(bot: Bot) -> int:
    return len(await bot.real.read(lambda tx: tx.messages_since(HOME, 0, 100)))


async def _say_something(bot: Bot) -> None:
    """A message in a room that the bot keeps itself."""
    at = bot.outside.clock.now
    key = f"said:{at}"
    await bot.real.transact(lambda tx: tx.put_message(HOME, key, release_id=1, card="{}", at=at))


async def test_an_ended_release_keeps_its_journal_only(make: Make) -> None:
    """After `keep` what was typed and shown goes; the release can still be looked up."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(ended)
    await _say_something(bot)
    journal = await bot.real.read(lambda tx: len(list(tx.journal(1))))
    whole = await _inbox(bot)
    await Retention(bot.services).sweep()
    early = await _inbox(bot)
    bot.outside.clock.now += bot.outside.file.keep + timedelta(days=1)
    await Retention(bot.services).sweep()

    assert early == whole != []
    assert (await _inbox(bot), await _messages(bot)) == ([], 0)
    assert await bot.real.read(lambda tx: len(list(tx.journal(1)))) == journal
    assert (await bot.say("history")).card is not None


async def test_an_old_message_whose_place_is_forgotten_is_not_posted_anew(make: Make) -> None:
    """A rollback long afterwards is told by its own board; the old one stays as it was."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(ended)
    await bot.drain()
    before = await _boards(bot)
    bot.outside.clock.now += bot.outside.file.keep + timedelta(days=1)
    await Retention(bot.services).sweep()
    # As on a platform: a message whose reference is unknown would be a second one.
    bot.outside.rooms[HOME].cards.clear()
    place = await bot.real.read(lambda tx: tx.post(HOME, 1, "board"))
    draft = await bot.say("rollback #1 too slow", OTHER)
    assert draft.card is not None
    reply = await bot.press(draft.card.actions[0], OTHER)
    await bot.run(ended, 2)
    await bot.drain()

    assert place is None
    assert reply.outcome is Outcome.ACCEPTED
    assert before == [1]
    assert await _boards(bot) == [1, 2]
    assert (await bot.release(1)).rolled_back_by == 2


async def _boards(bot: Bot) -> list[int]:
    """The releases whose boards were posted, once each time."""
    posts = bot.outside.rooms[HOME].posts
    return [card.release or 0 for key, card in posts if key.endswith(":board")]


async def test_nothing_since_a_live_release_began_is_forgotten(make: Make) -> None:
    """However old it is, and whatever it is about."""
    bot = await make(**SINGLE)
    await bot.say("status")
    bot.outside.clock.now += timedelta(seconds=1)
    await bot.say("start openchat")
    await _say_something(bot)
    bot.outside.clock.now += YEAR
    before = await _inbox(bot)
    await Retention(bot.services).sweep()
    live = await _inbox(bot)

    assert live == before[1:]
    assert await _messages(bot) == 1


async def test_what_is_owed_is_not_forgotten(make: Make) -> None:
    """A row that was never done or told stays, however old."""
    bot = await make(**SINGLE)
    at = bot.outside.clock.now
    await bot.real.transact(lambda tx: tx.record("k", "slack", "{}", at))
    await bot.say("status")
    bot.outside.clock.now += YEAR
    await Retention(bot.services).sweep()

    assert await _inbox(bot) == [1]


async def test_a_sweep_goes_on_over_many_bites(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than one transaction looks at are forgotten by one sweep."""
    monkeypatch.setattr(retention, "BITE", 7)
    bot = await make(**SINGLE)
    at = bot.outside.clock.now

    def fill(tx: Tx) -> None:
        for number in range(50):
            row = tx.record(f"k{number}", "web", "{}", at)
            assert row is not None
            tx.settle(row, "{}", at)

    await bot.real.transact(fill)
    bot.outside.clock.now += YEAR

    await Retention(bot.services).sweep()

    assert await _inbox(bot) == []


async def test_an_alert_is_known_as_long_as_it_comes(make: Make) -> None:
    """One that fires for longer than rows are kept does not stop a release as if it were new."""
    bot = await make(**SINGLE)
    began = bot.outside.clock.now

    async def told() -> None:
        await bot.intake.alert(
            "chat", "Slow", status="firing", summary="", at=began, fingerprint="f"
        )

    await told()
    for _ in range(5):
        bot.outside.clock.now += timedelta(days=60)
        await told()
        await Retention(bot.services).sweep()
    release = await bot.start()
    await told()

    assert (await bot.release(release.id)).alerts == ()


class Commands:
    """An executor that keeps records."""

    def __init__(self) -> None:
        self.before: list[datetime] = []

    async def forget(self, before: datetime) -> int:
        """Note until when."""
        self.before.append(before)
        return 3


async def test_executors_forget_their_commands(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor of commands is told from when on it must still know what it began."""
    bot = await make(**SINGLE)
    argv = {"deploy": ["x"], "restart": ["x"], "running": ["x"], "candidates": ["x"]}
    config = CommandExecutor.model_validate({"kind": "command", **argv})
    executors = {**bot.outside.file.executors, "cmd": config}
    bot.outside.file = bot.outside.file.model_copy(update={"executors": executors})
    commands = Commands()
    monkeypatch.setattr(bot.adapters, "executor", lambda _: commands)

    await Retention(bot.services).sweep()

    assert commands.before == [bot.outside.clock.now - bot.outside.file.keep]
