"""Baselines by the minute: read in the background, kept warm, never wrong and never twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest

from bot.core.baseline import SMALLEST, Source
from bot.core.config import MemoryLogStore
from bot.core.counts import CountRequest, Counts
from bot.core.value import text
from bot.engine import sources
from bot.engine.baselines import Baselines
from bot.engine.sources import configured
from bot.ports import LogStore
from bot.store import Tx
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, T0, Bot

pytestmark = pytest.mark.thorough

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DAYS = 2
ERRORS = (DAYS * 24 + 12) * 6
"""Errors since the midnight that the baseline begins with."""
KNOWN = ERRORS + 1
"""Minutes with a line; the hosts of these tests write one when somebody looks."""
SOURCE = Source(
    name="app",
    config=MemoryLogStore(kind="memory"),
    component="chat",
    levels=("ERROR", "WARN"),
    baseline=DAYS * DAY,
)


@pytest.fixture(autouse=True)
def _by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the policy that these bots have look at minutes."""
    monkeypatch.setattr(sources, "NEED_MINUTES", frozenset({"seed-2020", "calibrated"}))


def write(bot: Bot, start: datetime, end: datetime, *, every: timedelta = 10 * MINUTE) -> None:
    """An error every so often, with a line of health from two hosts."""
    logs, at = bot.outside.logs, start
    while at < end:
        logs.add("chat", at, "ERROR", "Timeout", host="chat-1")
        logs.add("chat", at, "INFO", None, host="chat-2")
        at += every


async def cold(make: Make) -> tuple[Bot, Baselines]:
    """Three days of logs and nothing read."""
    bot = await make(policy={"baseline": "2d"}, **SINGLE)
    write(bot, T0 - 3 * DAY, T0)
    return bot, Baselines(bot.services)


def spans(bot: Bot) -> list[tuple[datetime, datetime]]:
    """What minutes were asked for."""
    return [
        (one.windows[0].start, one.windows[0].end) for one in bot.outside.logs.requests if one.alive
    ]


async def test_a_cold_baseline_says_how_far_it_is(make: Make) -> None:
    """Nothing is asked for by the one who wants it; the background reads it day by day."""
    bot, made = await cold(make)

    first = await made.upto(SOURCE, T0)

    assert first.counts is None
    assert first.missing == text("baseline.reading", component="chat", day=1, days=3)
    assert spans(bot) == []
    await made.keep_warm()
    found = (await made.upto(SOURCE, T0)).counts
    assert found is not None
    assert found.keys == ("ERROR Timeout",)
    assert found.totals() == {"ERROR Timeout": ERRORS}
    assert (found.minutes, found.known) == (2 * 1440 + 720, KNOWN)
    assert found.exposure[:11].tolist() == [2, *[0] * 9, 2]
    assert [end - start for start, end in spans(bot)] == [DAY, DAY, DAY / 2, 3 * MINUTE]


async def test_progress_is_seen_while_it_is_read(make: Make) -> None:
    """Each day that is there counts, for every process."""
    bot, made = await cold(make)
    await made.upto(SOURCE, T0)
    said = []
    count = bot.outside.logs.count

    async def counted(request: CountRequest) -> Counts:
        said.append((await Baselines(bot.services).upto(SOURCE, T0)).missing)
        return await count(request)

    bot.outside.logs.count = counted  # type: ignore[method-assign]  # looks on before each count
    await made.keep_warm()

    days = [one.params["day"] for one in said if one is not None]
    assert days == [1, 2, 3]


async def test_a_warm_baseline_is_only_topped_up(make: Make) -> None:
    """What is asked for are the minutes since, and those that may still change."""
    bot, made = await cold(make)
    await made.keep_warm()
    bot.outside.logs.requests.clear()
    write(bot, T0, T0 + 5 * MINUTE, every=MINUTE)
    bot.outside.clock.now = T0 + 5 * MINUTE

    found = (await made.upto(SOURCE, T0 + 5 * MINUTE)).counts

    assert found is not None
    assert found.counts[0, -6:].tolist()[1:] == [1, 1, 1, 1, 1]
    assert spans(bot) == [(T0 - 3 * MINUTE, T0 + 5 * MINUTE)]


async def test_a_settled_baseline_asks_nothing(make: Make) -> None:
    """Once the watermark has passed the deployment, each further look reads the store only."""
    bot, made = await cold(make)
    await made.keep_warm()
    bot.outside.clock.now = T0 + 10 * MINUTE
    await made.upto(SOURCE, T0)
    bot.outside.logs.requests.clear()

    again = await made.upto(SOURCE, T0)

    assert again.counts is not None
    assert bot.outside.logs.requests == []


@pytest.mark.scenario(63)
async def test_late_documents_are_counted_until_the_watermark_has_passed(make: Make) -> None:
    """What arrives a minute late changes the last minutes; what is settled is not asked again."""
    bot, made = await cold(make)
    await made.keep_warm()
    before = (await made.upto(SOURCE, T0)).counts
    bot.outside.logs.add("chat", T0 - 2 * MINUTE, "ERROR", "Late", host="chat-1")
    bot.outside.clock.now = T0 + MINUTE

    after = (await made.upto(SOURCE, T0)).counts

    assert before is not None
    assert after is not None
    assert "ERROR Late" not in before.keys
    assert after.totals()["ERROR Late"] == 1
    assert np.isnan(before.counts[:, -2]).all(), "nobody had written yet: unknown, not zero"


async def test_the_watermark_follows_the_lag_that_the_log_store_knows(make: Make) -> None:
    """Documents that arrive four minutes late keep four minutes open."""
    bot, made = await cold(make)
    for minute in range(60):
        at = T0 - minute * MINUTE
        bot.outside.logs.add(
            "chat", at, "INFO", None, host="chat-1", ingested=at + timedelta(minutes=4)
        )
    await made.keep_warm()
    bot.outside.logs.requests.clear()
    bot.outside.clock.now = T0 + MINUTE

    await made.upto(SOURCE, T0 + MINUTE)

    assert spans(bot) == [(T0 - 4 * MINUTE, T0 + MINUTE)]


async def test_it_is_kept_warm_without_anybody_asking(make: Make) -> None:
    """Configured components only, every ten minutes, a few minutes at once."""
    bot, made = await cold(make)
    assert [one.component for one in configured(bot.outside.file)] == ["chat"]
    await made.keep_warm()
    bot.outside.logs.requests.clear()

    for minute in range(1, 25):
        bot.outside.clock.now = T0 + minute * MINUTE
        await made.keep_warm()

    assert spans(bot) == [
        (T0 - 3 * MINUTE, T0 + 10 * MINUTE),
        (T0 + 7 * MINUTE, T0 + 20 * MINUTE),
    ]


async def test_midnight_closes_yesterday_first(make: Make) -> None:
    """The last minutes of a day are asked for again before the first of the next."""
    bot, made = await cold(make)
    midnight = T0 + timedelta(hours=12)
    bot.outside.clock.now = midnight - MINUTE
    await made.keep_warm()
    bot.outside.logs.requests.clear()
    bot.outside.clock.now = midnight + 20 * MINUTE

    await made.keep_warm()

    assert spans(bot) == [
        (midnight - 4 * MINUTE, midnight),
        (midnight, midnight + 20 * MINUTE),
    ]


async def test_old_days_are_dropped(make: Make) -> None:
    """One day more than the baseline stays."""
    bot, made = await cold(make)
    await made.keep_warm()
    write(bot, T0, T0 + 2 * DAY)
    bot.outside.clock.now = T0 + 2 * DAY
    await made.keep_warm()
    source = configured(bot.outside.file)[0]

    days = [row.day for row in await bot.real.read(lambda tx: tx.minute_heads(source.key))]

    first = source.first_day(T0 + 2 * DAY)
    assert days == list(range(first - 1, first + DAYS + 1))


async def test_two_processes_do_not_read_the_same(make: Make) -> None:
    """The lease of one leaves the other nothing to do; together they ask for each minute once."""
    bot, made = await cold(make)
    other = await make(bot.outside)
    second = Baselines(other.services)
    await made.upto(SOURCE, T0)

    await asyncio.gather(made.keep_warm(), second.keep_warm())

    asked = spans(bot)
    assert len(asked) == len(set(asked))
    assert (await second.upto(SOURCE, T0)).counts is not None


async def test_a_killed_reader_is_followed_by_another(make: Make) -> None:
    """Its lease ends; what it had read stays read."""
    bot, made = await cold(make)
    await made.upto(SOURCE, T0)

    begun = asyncio.Event()

    async def hang(request: CountRequest) -> Counts:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    count, bot.outside.logs.count = bot.outside.logs.count, hang  # type: ignore[method-assign]
    reading = asyncio.create_task(made.keep_warm())
    await begun.wait()
    reading.cancel()
    bot.outside.logs.count = count  # type: ignore[method-assign]  # it answers again
    other = await make(bot.outside)
    second = Baselines(other.services)
    await second.keep_warm()
    assert spans(bot) == [], "the other one may still read"

    bot.outside.clock.now = T0 + MINUTE
    await second.keep_warm()

    assert (await second.upto(SOURCE, T0)).counts is not None


async def test_a_log_store_that_fails_is_the_reason(make: Make) -> None:
    """It is asked again after a minute, and what was read stays."""
    bot, made = await cold(make)
    await made.upto(SOURCE, T0)
    bot.outside.logs.fail("503 from the cluster")
    await made.keep_warm()

    assert (await made.upto(SOURCE, T0)).missing == text(
        "honesty.log_store", detail="503 from the cluster"
    )
    asked = len(spans(bot))
    await made.keep_warm()
    assert len(spans(bot)) == asked, "not again at once"
    bot.outside.clock.now = T0 + MINUTE
    await made.keep_warm()
    assert (await made.upto(SOURCE, T0)).missing is None


async def test_a_day_that_takes_too_long_is_read_in_pieces(make: Make) -> None:
    """What cannot be counted at once is asked for in ever smaller pieces, down to 90 minutes."""
    bot, made = await cold(make)
    await made.upto(SOURCE, T0)
    count = bot.outside.logs.count

    async def counted(request: CountRequest) -> Counts:
        if request.windows[0].length > 100 * MINUTE:
            bot.outside.logs.fail("counting took longer than 30s")
        return await count(request)

    bot.outside.logs.count = counted  # type: ignore[method-assign]  # a store with very much
    for minute in range(80):
        bot.outside.clock.now = T0 + minute * MINUTE
        await made.keep_warm()

    lengths = [(end - start) / MINUTE for start, end in spans(bot)]
    assert lengths[:4] == [1440, 360, 90, 180]
    assert (await made.upto(SOURCE, T0)).missing is None


async def test_a_failure_of_the_last_minutes_is_the_reason(make: Make) -> None:
    """A warm baseline whose last minutes cannot be counted is not used without them."""
    bot, made = await cold(make)
    await made.keep_warm()
    bot.outside.clock.now = T0 + MINUTE
    bot.outside.logs.fail("no route")

    found = await made.upto(SOURCE, T0 + MINUTE)

    assert found.counts is None
    assert found.missing == text("honesty.log_store", detail="no route")


async def test_a_gap_that_can_be_mended_stops_the_reading(make: Make) -> None:
    """A file that is missing now would leave wrong minutes for ten days."""
    bot, made = await cold(make)
    gap = text("gap.missing_file", pattern="*.log")
    bot.outside.logs.gap(gap)
    await made.upto(SOURCE, T0)
    await made.keep_warm()

    assert (await made.upto(SOURCE, T0)).missing == gap
    bot.outside.logs.heal()
    bot.outside.clock.now = T0 + MINUTE
    await made.keep_warm()
    assert (await made.upto(SOURCE, T0)).missing is None


async def test_minutes_that_cannot_be_read_are_unknown(make: Make) -> None:
    """Lines without a level might all be errors: an hour and a half is unknown, the rest is not."""
    bot, made = await cold(make)
    for _ in range(50):
        bot.outside.logs.add("chat", T0 - DAY, "", None, host="chat-1")
    await made.keep_warm()

    found = (await made.upto(SOURCE, T0)).counts

    assert found is not None
    dark = found.between(found.end - 1440, found.end - 1440 + SMALLEST)
    assert (dark.known, found.known) == (0, KNOWN - SMALLEST // 10)


async def test_another_configuration_starts_anew(make: Make) -> None:
    """Other levels are other minutes: nothing of the old ones is used, and they go in time."""
    bot, made = await cold(make)
    await made.upto(SOURCE, T0)
    await made.keep_warm()
    errors = SOURCE.model_copy(update={"levels": ("ERROR",)})

    assert (await made.upto(errors, T0)).missing is not None

    bot.outside.clock.now = T0 + 4 * DAY
    await made.keep_warm()
    rows = await bot.real.read(lambda tx: tx.baselines())
    assert [row.key for row in rows] == [configured(bot.outside.file)[0].key]
    assert await bot.real.read(lambda tx: tx.minute_heads(errors.key)) == []


async def test_what_no_check_asked_for_within_a_day_is_not_kept_warm(make: Make) -> None:
    """A configuration that was replaced costs nothing, and its log store may be gone."""
    bot, made = await cold(make)
    errors = SOURCE.model_copy(update={"levels": ("ERROR",)})
    await made.upto(errors, T0)
    bot.outside.clock.now = T0 + DAY

    await made.keep_warm()

    heads = [
        await bot.real.read(partial(Tx.minute_heads, key=key))
        for key in (errors.key, configured(bot.outside.file)[0].key)
    ]
    assert [bool(rows) for rows in heads] == [False, True]


async def test_a_log_store_that_cannot_be_made_is_the_reason(make: Make) -> None:
    """A secret that is not set any more holds up nobody else."""
    bot, made = await cold(make)

    def gone(_: object) -> LogStore:
        raise KeyError("ELASTIC_KEY")

    bot.adapters.log_store = gone  # type: ignore[method-assign]  # its secret is gone
    await made.upto(SOURCE, T0)
    await made.keep_warm()

    missing = (await made.upto(SOURCE, T0)).missing
    assert missing is not None
    assert missing.key == "honesty.log_store"


async def test_what_another_version_stored_is_unknown(make: Make) -> None:
    """A day that cannot be unpacked is no quiet day."""
    bot, made = await cold(make)
    await made.upto(SOURCE, T0)
    await made.keep_warm()
    await made.upto(SOURCE, T0)
    day = SOURCE.first_day(T0) + 1

    def damage(tx: Tx) -> None:
        [row] = tx.minute_days(SOURCE.key, day, day)
        tx.put_minute_day(replace(row, body=b"?"))

    await bot.real.transact(damage)

    found = (await made.upto(SOURCE, T0)).counts
    assert found is not None
    assert found.between(day * 1440, (day + 1) * 1440).known == 0
