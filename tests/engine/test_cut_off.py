"""A message of a backtest whose process was killed does not stand for ever."""

from __future__ import annotations

import pytest

from bot.core.card import Card
from bot.core.inbound import DIRECT
from bot.core.value import text
from bot.core.view.backtest import progress
from bot.engine import cut_off
from bot.engine.backtests import Teller
from bot.engine.cut_off import DEAD, KEY, Place, Pulse
from tests.engine.conftest import Make
from tests.support.engines import HOME, Bot

PLACE = Place(room=HOME, key="backtest:7")


def at_work() -> Card:
    """How far it is."""
    return progress("openchat", 1, 2, text("backtest.judging", component="chat"))


async def begun(bot: Bot) -> Pulse:
    """A backtest shows how far it is; whether it goes on is the test's."""
    pulse = Pulse(bot.services, "openchat", PLACE)
    await Teller(PLACE.find(bot.services), pulse, PLACE.key).progress(at_work())
    return pulse


async def test_a_message_without_a_pulse_is_told_once(make: Make) -> None:
    """The same message says that the bot was stopped, and what to say to begin again."""
    bot = await make()
    await begun(bot)
    early = await cut_off.tell(bot.services)
    bot.outside.clock.now += 2 * DEAD

    found = [early, await cut_off.tell(bot.services), await cut_off.tell(bot.services)]

    assert found == [0, 1, 0]
    room = bot.outside.rooms[HOME]
    assert [card.state for _, card in room.shown] == ["running", "failed"]
    assert len(room.of("backtest")) == 1
    [line] = room.shown[-1][1].lines
    assert getattr(line, "key", "") == "backtest.stopped"


async def test_what_is_at_work_is_left_alone(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process says so again and again; when it ends nothing is noted any more."""
    bot = await make()
    pulse = await begun(bot)
    bot.outside.clock.now += 2 * DEAD
    monkeypatch.setattr(cut_off, "PULSE", DEAD * 0)
    async with pulse.beating():
        while True:
            [row] = await bot.services.store.read(lambda tx: tx.values(KEY))
            if row.at == bot.outside.clock.now:
                break
        assert await cut_off.tell(bot.services) == 0

    assert await bot.services.store.read(lambda tx: tx.values(KEY)) == []


async def test_a_busy_room_is_told_the_next_time(make: Make) -> None:
    """The note stays until the room has heard it."""
    bot = await make()
    await begun(bot)
    bot.outside.clock.now += 2 * DEAD
    room = bot.outside.rooms[HOME]
    room.busy = 1.0
    await cut_off.tell(bot.services)
    room.busy = 0.0

    assert await cut_off.tell(bot.services) == 1
    assert room.shown[-1][1].state == "failed"


async def test_what_cannot_be_read_is_forgotten(make: Make) -> None:
    """Another version may have written it."""
    bot = await make()
    now = bot.services.now() - 2 * DEAD
    await bot.services.store.transact(lambda tx: tx.put_value(f"{KEY}x", "{}", now))

    assert [await cut_off.tell(bot.services) for _ in range(2)] == [1, 0]


async def test_a_chat_with_one_person_is_found(make: Make) -> None:
    """A backtest may be asked for there, too; a room that is gone is none."""
    bot = await make()
    chat = Place(room=f"{DIRECT}mina", identity="slack:U1", key="backtest:8")

    assert chat.find(bot.services) is bot.services.adapters.direct(chat.room, chat.identity)
    assert Place(room="gone", key="backtest:9").find(bot.services) is None
