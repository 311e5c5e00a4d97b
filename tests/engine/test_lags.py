"""Documents that arrive late: no pass before the window has arrived, whoever says how late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.counts import CountRequest, Counts, LogStoreError
from bot.core.release import Phase, Release
from bot.core.value import Text
from bot.core.verdict.verdict import Result
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, T0, Bot, asked, ended

CHECK = "chat/check"
MINUTE = timedelta(minutes=1)


async def late(make: Make, lag: timedelta, *, told: bool) -> Bot:
    """A bot whose only host writes every ten seconds, and whose lines arrive so late.

    `told`: the documents say when they arrived.
    """
    bot = await make(**SINGLE)
    logs, clock = bot.outside.logs, bot.outside.clock
    for number in range(-60, 360):
        at = T0 + timedelta(seconds=10 * number)
        logs.add("chat", at, "INFO", None, host="chat-1", ingested=at + lag)
    count = logs.count

    async def counted(request: CountRequest) -> Counts:
        seen_by = (clock.now,) * len(request.windows)
        found = await count(request.model_copy(update={"seen_by": seen_by}))
        return found if told else found.model_copy(update={"ingest_lag": None})

    logs.count = counted  # type: ignore[method-assign]  # a server to which lines are under way
    return bot


def results(release: Release) -> list[tuple[int, int, Result, bool]]:
    """Number, repetition and result of each round, and whether the window was still open."""
    rounds = release.step(CHECK).rounds
    return [(r.number, r.repeat, r.verdict.result, bool(r.verdict.open_until)) for r in rounds]


def restarted(release: Release) -> object:
    """F: the end of the restart."""
    return release.step("chat/restart").finished_at


OPEN = (Result.INCONCLUSIVE, True)


@pytest.mark.scenario(63)
async def test_the_seeds_window_ends_as_much_later_as_lines_are_late(make: Make) -> None:
    """Four minutes: the last round looks again then, and the card says how late lines are."""
    bot = await late(make, 4 * MINUTE, told=True)
    await bot.start()
    release = await bot.run(ended)

    assert results(release) == [
        (1, 0, *OPEN),
        (2, 0, *OPEN),
        (3, 0, *OPEN),
        (3, 1, Result.PASS, False),
    ]
    assert release.step(CHECK).result is Result.PASS
    first, *_, last = release.step(CHECK).rounds
    assert last.ran_at == restarted(release) + 19 * MINUTE  # type: ignore[operator]  # a moment
    assert first.verdict.reasons[0].params["lag"] == "4m"
    said = {
        line.key: line.params for line in bot.card(f"check:{CHECK}").lines if isinstance(line, Text)
    }
    assert said["check.late"]["lag"] == "4m"


@pytest.mark.scenario(63)
async def test_a_line_that_was_under_way_at_the_last_round_is_found(make: Make) -> None:
    """It happened within the window and arrived behind it: a pass at 15 minutes was wrong."""
    bot = await late(make, 4 * MINUTE, told=True)
    await bot.start()
    release = await bot.run(lambda r: len(r.step(CHECK).rounds) == 2)
    at = bot.outside.clock.now + 4 * MINUTE
    bot.outside.logs.add("chat", at, "ERROR", "Late", host="chat-1", ingested=at + 4 * MINUTE)
    release = await bot.run(asked)

    assert results(release)[-2:] == [(3, 0, *OPEN), (3, 1, Result.FAIL, False)]
    assert [f.error_type for f in release.step(CHECK).rounds[-1].verdict.findings] == ["Late"]


@pytest.mark.scenario(63)
async def test_lines_that_do_not_say_when_they_arrived_are_counted_twice(make: Make) -> None:
    """What the minutes of round 1 hold at round 2 tells how late they are."""
    bot = await late(make, 150 * timedelta(seconds=1), told=False)
    await bot.start()
    release = await bot.run(ended)

    assert results(release) == [
        (1, 0, Result.PASS, False),
        (2, 0, *OPEN),
        (3, 0, *OPEN),
        (3, 1, Result.PASS, False),
    ]
    lag = release.step(CHECK).rounds[-1].verdict.ingest_lag
    assert lag in {180, 240}


@pytest.mark.parametrize("told", [True, False])
async def test_lines_that_are_quick_change_nothing(make: Make, told: bool) -> None:
    """Three rounds at their times."""
    bot = await late(make, timedelta(seconds=2), told=told)
    await bot.start()
    release = await bot.run(ended)

    assert results(release) == [(n, 0, Result.PASS, False) for n in (1, 2, 3)]
    assert release.step(CHECK).rounds[-1].verdict.ingest_lag is None
    assert release.phase is Phase.DONE


async def test_minutes_that_cannot_be_counted_say_nothing_of_the_lag(make: Make) -> None:
    """The counts of the round stand."""
    bot = await late(make, timedelta(0), told=False)
    count = bot.outside.logs.count

    async def counted(request: CountRequest) -> Counts:
        if request.alive:
            raise LogStoreError("503")
        return await count(request)

    bot.outside.logs.count = counted  # type: ignore[method-assign]  # fails now and then
    await bot.start()
    release = await bot.run(ended)

    assert results(release) == [(n, 0, Result.PASS, False) for n in (1, 2, 3)]
