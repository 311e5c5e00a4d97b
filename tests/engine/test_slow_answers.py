"""What takes long to count says so, and the message becomes the answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.card import Card
from bot.core.counts import CountRequest, Counts
from bot.core.inbound import Outcome, Reply
from bot.ports import RoomError
from tests.engine.conftest import Make
from tests.support.engines import HOME, LIMITS, SINGLE, STARTER, Bot, ended

pytestmark = pytest.mark.thorough

SLOW = replace(LIMITS, answer=timedelta(0))


async def slow(make: Make) -> tuple[Bot, asyncio.Event, asyncio.Event]:
    """A bot after a release whose log store now answers when the first event is set.

    The second event says that it was asked.
    """
    bot = await make(bot={"limits": SLOW}, **SINGLE)
    await bot.start()
    await bot.run(ended)
    opened, asked, count = asyncio.Event(), asyncio.Event(), bot.outside.logs.count

    async def counted(request: CountRequest) -> Counts:
        asked.set()
        await opened.wait()
        return await count(request)

    bot.outside.logs.count = counted  # type: ignore[method-assign]  # a store with much to count
    return bot, opened, asked


def answers(bot: Bot) -> list[Card]:
    """What the message of the answer showed, one state after the other."""
    return [c for key, c in bot.outside.rooms[HOME].shown if key.startswith("answer:")]


async def finished(bot: Bot) -> None:
    """Whatever goes on beside the effects has ended."""
    await asyncio.gather(*bot.engine._background)


async def test_a_slow_count_says_so_and_then_shows_the_answer(make: Make) -> None:
    """One message, posted while counting and edited once; hours may pass in between."""
    bot, opened, counting = await slow(make)

    reply = await bot.say("errors since deploy")
    asked = bot.outside.clock.now
    await counting.wait()
    before = answers(bot)
    bot.outside.clock.now += timedelta(hours=3)
    opened.set()
    await finished(bot)

    assert reply == Reply(outcome=Outcome.ANSWERED)
    assert [card.title.key for card in before] == ["errors.counting"]
    [_, answer] = answers(bot)
    assert (answer.kind, answer.release) == ("errors", 1)
    assert answer.title.params["until"] == asked.isoformat()
    assert len([key for key, _ in bot.outside.rooms[HOME].posts if key.startswith("answer")]) == 1


async def test_a_slow_recount_does_the_same(make: Make) -> None:
    """It says what it is at, and becomes the answer."""
    bot, opened, _ = await slow(make)

    await bot.say("recount #1")
    opened.set()
    await finished(bot)

    assert [card.title.key for card in answers(bot)] == ["recount.counting", "recount.title"]


async def test_a_quick_count_is_answered_to_who_asked(make: Make) -> None:
    """Nobody else sees it."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(ended)

    reply = await bot.say("errors since deploy")

    assert reply.card is not None
    assert reply.card.kind == "errors"
    assert answers(bot) == []


@pytest.mark.parametrize("why", ["line", "failing", "elsewhere"])
async def test_where_no_message_can_be_edited_one_waits(make: Make, why: str) -> None:
    """LINE edits nothing, a room may be out of order, and a stranger's chat is none."""
    bot, opened, _ = await slow(make)
    bot.outside.rooms[HOME].failing = why == "failing"
    place = {"surface": "line"} if why == "line" else {}
    room = "@mina" if why == "elsewhere" else HOME
    asking = asyncio.create_task(bot.submit(text="errors since deploy", room=room, **place))
    for _ in range(3):
        await bot.real.read(lambda tx: tx.live_heads())

    assert not asking.done()
    opened.set()
    reply = await asking

    assert reply.card is not None
    assert reply.card.kind == "errors"


async def test_in_a_chat_with_the_bot_the_message_stands_there(make: Make) -> None:
    """One to one, and in no room."""
    bot, opened, _ = await slow(make)
    rooms = bot.outside.rooms
    alone = rooms[f"@{STARTER} slack:U1"] = type(rooms[HOME])("alone")

    await bot.submit(
        text="errors since deploy", room=f"@{STARTER}", surface="slack", identity="slack:U1"
    )
    opened.set()
    await finished(bot)

    assert [card.kind for _, card in alone.shown] == ["answer", "errors"]
    assert answers(bot) == []


async def test_a_busy_room_gets_the_answer_later_and_a_broken_one_none(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause between edits is waited for; a room that is out of order stops the trying."""
    bot, opened, _ = await slow(make)
    pauses = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        bot.outside.rooms[HOME].busy = 0
        bot.outside.rooms[HOME].failing = len(pauses) > 1

    await bot.say("errors since deploy")
    monkeypatch.setattr("bot.engine.slow_answers.asyncio.sleep", sleep)
    bot.outside.rooms[HOME].busy = 1.5
    opened.set()
    await finished(bot)
    assert pauses == [1.5]
    assert answers(bot)[-1].kind == "errors"

    opened.clear()
    await bot.say("errors since deploy")
    bot.outside.rooms[HOME].busy = 2.5
    opened.set()
    await finished(bot)
    assert pauses == [1.5, 2.5]
    assert answers(bot)[-1].kind == "answer"


async def test_a_count_that_fails_unforeseen_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message does not say for ever that it is still counting."""
    bot, opened, _ = await slow(make)
    await bot.say("errors since deploy")

    async def broken(request: CountRequest) -> Counts:
        raise RoomError("nobody expects this here")

    monkeypatch.setattr(type(bot.outside.logs).__mro__[1], "count", broken)
    opened.set()
    await finished(bot)

    assert answers(bot)[-1].title.key == "refused.failed"
