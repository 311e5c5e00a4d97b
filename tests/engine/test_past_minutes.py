"""What had arrived of a case's minutes at each look: one question says what many would."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.core.backtest import judging
from bot.core.backtest.case import Case
from bot.core.baseline import Source, vague
from bot.core.config import Policy
from bot.core.minutes import MinuteCounts, bin_of, counted, unknown
from bot.engine import past_minutes
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, Bot, Outside, release_file

pytestmark = pytest.mark.thorough

SCALES = [1.0, 60.0, 600.0]
POLICIES = [Policy.model_validate({"comparison": name}) for name in ("seed-2020", "calibrated")]


def a_case(world: Outside, scale: float) -> Case:
    """A deploy and a restart that begin and end within minutes."""
    second = timedelta(seconds=1) / scale
    began = world.clock.now - timedelta(hours=1) / scale
    return Case(
        name="#1",
        component="chat",
        began=began + 7 * second,
        restarted=began + 50 * second,
        ended=began + 95.5 * second,
    )


def late_lines(world: Outside, case: Case, scale: float) -> None:
    """A line each seven seconds for half an hour, up to four minutes late; two silent minutes."""
    second = timedelta(seconds=1) / scale
    types = ("Timeout", ("Timeout", "Slow"), None)
    for number in range(260):
        at = case.began + (7 * number - 60) * second
        if 300 <= 7 * number < 420:
            continue
        late = (0, 0.5, 61, 240)[number % 4] * second
        world.logs.add(
            "chat",
            at,
            ("ERROR", "WARN", "INFO")[number % 3],
            types[number % 5 % 3],
            host=f"chat-{number % 3}",
            ingested=None if number % 13 == 0 else at + late,
            served=0.3 * number,
        )


async def bot_with_late_lines(make: Make, scale: float) -> tuple[Bot, Source, Case]:
    """A bot, what is counted, and the case around which lines came late."""
    world = Outside(release_file(**SINGLE))
    case = a_case(world, scale)
    late_lines(world, case, scale)
    bot = await make(world)
    store = bot.services.file().log_stores["app"]
    source = Source(
        name="",
        config=store,
        component="chat",
        levels=("ERROR", "WARN"),
        baseline=timedelta(days=2),
        time_scale=scale,
    )
    return bot, source, case


async def asked_one_by_one(
    bot: Bot, source: Source, case: Case, moments: tuple[datetime, ...], *, seen: bool = True
) -> dict[datetime, bytes]:
    """The same, a whole count for each moment."""
    begin = bin_of(case.began, source.bin)
    found: dict[datetime, bytes] = {}
    for now in moments:
        end = max(bin_of(now, source.bin), begin + 1)
        request = source.request(begin, end).model_copy(update={"seen_by": (now,) if seen else ()})
        counts = await bot.outside.logs.count(request)
        [window] = counts.windows
        part = unknown(begin, end) if vague(counts) else counted(window, source.bin)
        found[now] = part.pack()
    return found


@pytest.mark.parametrize("scale", SCALES)
async def test_one_question_says_what_a_question_for_each_look_says(
    make: Make, scale: float
) -> None:
    """To the last bit: late lines, silent minutes, all looks of both comparisons."""
    bot, source, case = await bot_with_late_lines(make, scale)
    moments = judging.moments(case, POLICIES, scale)
    logs = bot.outside.logs
    logs.requests.clear()

    found = await past_minutes.arrived(bot.services, source, case, moments)

    assert len(logs.requests) == 1
    assert found == await asked_one_by_one(bot, source, case, moments)
    seen = [MinuteCounts.unpack(packed) for packed in found.values()]
    assert any((one.exposure == 0).any() for one in seen)
    assert len(moments) > 10
    everything = await asked_one_by_one(bot, source, case, moments, seen=False)
    assert sum(found[now] != everything[now] for now in moments) > 2


async def test_a_gap_of_some_looks_is_not_of_all(make: Make) -> None:
    """Lines without a level that came late: the looks before them still know their minutes."""
    bot, source, case = await bot_with_late_lines(make, 1.0)
    moments = judging.moments(case, POLICIES, 1.0)
    for number in range(40):
        at = case.began + timedelta(seconds=number)
        arrived = at + timedelta(minutes=6)
        bot.outside.logs.add("chat", at, "", None, host="chat-1", ingested=arrived)

    found = await past_minutes.arrived(bot.services, source, case, moments)

    assert found == await asked_one_by_one(bot, source, case, moments)
    known = [MinuteCounts.unpack(packed).known > 0 for packed in found.values()]
    assert known[0]
    assert not known[-1]
