"""Messages: in order, once, tried again when they fail, and never in the way of other rooms."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.release import Phase
from bot.core.value import text
from tests.engine.conftest import Make
from tests.support.engines import (
    ADMIN,
    ELSEWHERE,
    HOME,
    LINE,
    MIRROR,
    OTHER,
    SINGLE,
    SMALL,
    TEAM,
    Bot,
    asked,
    ended,
)

pytestmark = pytest.mark.thorough


async def test_a_room_that_fails_is_tried_again_and_the_others_hear_at_once(make: Make) -> None:
    """The distances grow; when the room is back it gets each message once, in its last state."""
    bot = await make(**SINGLE)
    bot.outside.rooms[TEAM].failing = True
    await bot.start()
    await bot.drain()
    assert len(bot.outside.rooms[LINE].posts) == 1
    rows = await bot.real.read(lambda tx: tx.effects(1))
    [waiting] = [row for row in rows if row.key.endswith(f"@{TEAM}")]
    assert waiting.due_at - bot.outside.clock.now <= timedelta(seconds=1)

    bot.outside.clock.now += timedelta(seconds=30)
    await bot.drain()
    rows = await bot.real.read(lambda tx: tx.effects(1))
    [waiting] = [row for row in rows if row.key.endswith(f"@{TEAM}")]
    assert timedelta(seconds=1.5) < waiting.due_at - bot.outside.clock.now <= timedelta(seconds=2)
    bot.outside.rooms[TEAM].failing = False
    await bot.run(ended)

    assert [c.state for _, c in bot.outside.rooms[TEAM].shown] == ["start", "finish"]


async def test_a_delivery_that_is_given_up_is_journalled(make: Make) -> None:
    """After twenty tries it is left, the journal says where and what, and the release is done."""
    bot = await make(**SINGLE)
    bot.outside.rooms[TEAM].failing = True
    await bot.start()
    release = await bot.run(ended)
    while await bot.real.read(lambda tx: tx.effects(1)):
        await bot.jump()
        await bot.drain()

    assert release.phase is Phase.DONE
    rows = [row for row in await bot.journal() if row.code == "delivery_failed"]
    assert ["each:chat/start" in row.body for row in rows] == [True, False]
    assert bot.outside.rooms[TEAM].posts == []


@pytest.mark.scenario(71)
async def test_a_busy_room_is_never_given_up(make: Make) -> None:
    """It is asked again when it said, however often, and then shows the newest state only."""
    bot = await make(**SINGLE)
    bot.outside.rooms[TEAM].busy = 7.0
    await bot.start()
    for _ in range(bot.services.limits.deliveries * 2):
        await bot.drain()
        rows = await bot.real.read(lambda tx: tx.effects(1))
        [waiting] = [row for row in rows if row.key.endswith(f"chat/start@{TEAM}")]
        left = waiting.due_at - bot.outside.clock.now
        assert timedelta(0) < left <= timedelta(seconds=7)
        bot.outside.clock.now += left
    bot.outside.rooms[TEAM].busy = 0.0
    await bot.drain()

    assert [c.state for _, c in bot.outside.rooms[TEAM].shown][:1] == ["start"]
    assert "delivery_failed" not in [row.code for row in await bot.journal()]


@pytest.mark.scenario(71)
async def test_what_waited_for_a_busy_room_has_all_its_tries(make: Make) -> None:
    """A room that fails after a long rate limit is tried as often as any other."""
    bot = await make(**SINGLE)
    room, most = bot.outside.rooms[TEAM], bot.services.limits.deliveries
    room.busy = 7.0
    await bot.start()
    for _ in range(most * 2):
        await bot.drain()
        bot.outside.clock.now += timedelta(seconds=7)
    room.busy, room.failing = 0.0, True
    for _ in range(most - 1):
        await bot.drain()
        bot.outside.clock.now += timedelta(seconds=60)
    room.failing = False
    await bot.drain()

    assert [c.state for _, c in room.shown][:1] == ["start"]
    assert "delivery_failed" not in [row.code for row in await bot.journal()]


async def test_a_slow_room_delays_no_other(make: Make) -> None:
    """While one room hangs the release runs to its end, and the other room shows it."""
    bot = await make(**SINGLE)
    bot.outside.rooms[MIRROR].gate = gate = asyncio.Event()
    bot.ignored = MIRROR
    await bot.start()
    for _ in range(40):
        await bot.drain()
        if not (await bot.release()).live:
            break
        bot.outside.clock.now += timedelta(minutes=1)
        await bot.engine.renew()

    assert (await bot.release()).phase is Phase.DONE
    assert bot.card("board").state == "done"
    assert bot.outside.rooms[MIRROR].shown == []
    gate.set()
    bot.ignored = ""
    await bot.drain()
    assert bot.card("board", room=MIRROR).state == "done"


async def test_a_dead_room_takes_no_place_of_other_work(make: Make) -> None:
    """However many messages wait for it, hosts are worked on."""
    bot = await make(**SINGLE)
    bot.outside.rooms[MIRROR].gate = asyncio.Event()
    bot.ignored = MIRROR
    await bot.start()
    await bot.drain()
    assert bot.engine.at_work >= 1
    object.__setattr__(bot.services.limits, "at_once", 1)
    bot.outside.clock.now += timedelta(seconds=2)
    await bot.engine.renew()
    await bot.drain()

    assert (await bot.release()).step("chat/deploy").finished_at is not None


async def test_a_room_hears_things_in_their_order(make: Make) -> None:
    """Start and canary come as they happened, although the first delivery takes its time."""
    bot = await make(**SMALL)
    bot.outside.rooms[TEAM].first = gate = asyncio.Event()
    bot.ignored = TEAM
    await bot.start()
    for _ in range(30):
        await bot.drain()
        if (await bot.release()).open_questions:
            break
        bot.outside.clock.now += timedelta(minutes=1)
        await bot.engine.renew()
    gate.set()
    bot.ignored = ""
    await bot.drain()

    assert [c.state for _, c in bot.outside.rooms[TEAM].posts] == ["start", "canary"]


async def test_changes_of_one_instant_are_one_edit(make: Make) -> None:
    """A card waits for a moment, so that a burst of changes does not become a burst of edits."""
    bot = await make(**SINGLE, confirm="each_step")
    await bot.start()
    await bot.run(asked)
    before = len([k for k, _ in bot.outside.rooms[HOME].shown if k.endswith(":board")])
    for number in range(3):
        board = bot.card("board")
        verb = "resume" if number % 2 else "pause"
        assert (await bot.say(verb)).outcome is Outcome.ACCEPTED, board
    await bot.drain()

    after = [c for k, c in bot.outside.rooms[HOME].shown if k.endswith(":board")]
    assert len(after) == before + 1
    assert after[-1].state == "paused"


async def test_an_unchanged_card_is_not_sent_again(make: Make) -> None:
    """A transition that changes nothing of the board edits it in no room."""
    bot = await make(**SINGLE, confirm="each_step")
    await bot.start()
    await bot.run(asked)
    before = len(bot.outside.rooms[HOME].shown)
    bot.outside.clock.now += timedelta(minutes=10)
    await bot.drain()
    shown = [key.partition(":")[2] for key, _ in bot.outside.rooms[HOME].shown[before:]]

    assert shown == ["1:reminder:2:1"]
    assert (await bot.release()).questions[1].reminded == 1


@pytest.mark.scenario(82)
async def test_reminders_come_at_their_times_and_escalate_once(make: Make) -> None:
    """After 10, 30 and 60 minutes; the last one calls a person and a room, and then it is quiet."""
    bot = await make(**SMALL, escalate_to=[ADMIN, ELSEWHERE])
    await bot.start()
    await bot.run(asked)
    since = bot.outside.clock.now
    times: dict[str, timedelta] = {}
    for _ in range(8):
        await bot.jump()
        await bot.drain()
        for key, _ in bot.outside.rooms[HOME].posts:
            if ":reminder:" in key:
                times.setdefault(key, bot.outside.clock.now - since)

    minutes = [round(span.total_seconds() / 60) for span in times.values()]
    assert minutes == [10, 30, 60]
    cards = bot.outside.rooms[HOME].of("reminder")
    assert [card.mentions for card in cards] == [(), (), (ADMIN,)]
    assert len(bot.outside.rooms[ELSEWHERE].of("reminder")) == 1


async def test_a_room_alone_can_be_escalated_to(make: Make) -> None:
    """`escalate_to` may name just a room: it hears the last reminder though nobody is mentioned."""
    bot = await make(**SMALL, escalate_to=[ELSEWHERE])
    await bot.start()
    await bot.run(asked)
    for _ in range(6):
        await bot.jump()
        await bot.drain()

    assert len(bot.outside.rooms[ELSEWHERE].of("reminder")) == 1


@pytest.mark.scenario(82)
async def test_reminders_stop_at_the_decision(make: Make) -> None:
    """What is decided is not said again, whatever timers are left."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    bot.outside.clock.now += timedelta(minutes=11)
    await bot.drain()
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    bot.outside.clock.now += timedelta(hours=3)
    await bot.drain()

    assert len(bot.outside.rooms[HOME].of("reminder")) == 1


async def test_a_late_reminder_is_not_delivered_after_the_decision(make: Make) -> None:
    """The room was out of order when it was due; when it is back the question is decided."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    approve = await bot.button(QuestionKind.GATE, "approve")
    bot.outside.rooms[HOME].failing = True
    bot.outside.clock.now += timedelta(minutes=10)
    await bot.drain()
    assert (await bot.press(approve, OTHER)).outcome is Outcome.ACCEPTED
    bot.outside.rooms[HOME].failing = False
    await bot.run(ended)

    assert bot.outside.rooms[HOME].of("reminder") == []
    assert len(bot.outside.rooms[MIRROR].of("reminder")) == 1


async def test_a_pause_is_told_to_those_who_only_hear(make: Make) -> None:
    """By a person or by a rule, each pause once, with its reason; a board says it itself."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "pause"), OTHER)
    await bot.drain()

    for name in (TEAM, LINE):
        [told] = bot.outside.rooms[name].of("notice")
        assert (told.state, told.who) == ("paused", "Taro")
        assert told.lines == (text("pause.person", reason=""),)
    assert bot.outside.rooms[HOME].of("notice") == []


async def test_a_cancelled_plan_is_no_news(make: Make) -> None:
    """Those who only hear never heard of it, so they do not hear of its end."""
    bot = await make(**SMALL)
    await bot.say("start openchat")
    await bot.answer(QuestionKind.START, "abort")
    await bot.run(ended)

    assert bot.outside.rooms[TEAM].posts == bot.outside.rooms[LINE].posts == []


async def test_a_failure_is_told_to_those_who_only_hear(make: Make) -> None:
    """An aborted release is told to `each` and `digest` rooms once."""
    bot = await make(**SINGLE)
    bot.deployer.hold("chat")
    await bot.start()
    await bot.run(lambda r: r.step("chat/deploy").handle)
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "abort"), OTHER)
    await bot.run(ended)

    for room in (TEAM, LINE):
        assert [c.kind for _, c in bot.outside.rooms[room].posts] == ["share", "result"]


async def test_the_whole_room_is_quiet(make: Make) -> None:
    """A healthy release posts a board, questions, checks and the result; all else edits."""
    bot: Bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    await bot.run(ended)

    kinds = [c.kind for k, c in bot.outside.rooms[MIRROR].posts]
    assert sorted(kinds) == ["board", "question", "question", "result", "verdict", "verdict"]
