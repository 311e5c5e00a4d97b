"""The making of a backtest on the twin of the log store: history, cases, judgement, progress."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from bot.core.backtest.backtest import Backtest
from bot.core.backtest.case import Case, Label
from bot.core.backtest.judging import Piece, judge
from bot.core.backtest.labels import Labels
from bot.core.backtest.score import Replayed
from bot.core.baseline import Source
from bot.core.card import Card
from bot.core.config import Policy
from bot.core.counts import Window
from bot.core.verdict.verdict import Result
from bot.engine import backtesting, past_minutes
from bot.engine.services import Services
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, Bot, Outside, ended, release_file

pytestmark = pytest.mark.thorough

SCALE = 600.0
"""A minute of the comparison is a tenth of a second."""
FAST = {"time_scale": SCALE}
MINUTE = timedelta(minutes=1) / SCALE
DAY = 1440 * MINUTE


async def here(piece: Piece) -> list[Replayed]:
    """Judge in this process."""
    return judge(piece)


class Told:
    """Keeps the progress."""

    def __init__(self) -> None:
        self.cards: list[Card] = []

    async def __call__(self, card: Card) -> None:
        """Keep one."""
        self.cards.append(card)

    @property
    def percents(self) -> list[int]:
        """How far it was said to be."""
        return [int(str(card.title.params["percent"])) for card in self.cards]


BASELINE = {"baseline": "2d"}
POLICY = Policy.model_validate(BASELINE)


def outside(days: float = 5) -> Outside:
    """A steady service, with a baseline of two days."""
    world = Outside(release_file(BASELINE, **SINGLE).model_copy(update=FAST))
    steady(world, days * DAY)
    return world


def steady(world: Outside, span: timedelta, silent: range = range(0)) -> None:
    """The known type in every minute (of the comparison) until now, on two hosts in turn.

    Nothing is written in minutes that are `silent`, as many before now.
    """
    for number in range(span // MINUTE):
        if number in silent:
            continue
        at = world.clock.now - MINUTE * (number + 0.5)
        world.logs.add("chat", at, "ERROR", "Steady", host=f"chat-{1 + number % 2}")


async def made(bot: Bot, told: Told | None = None, **wish: object) -> Backtest:
    """Make a backtest of the target."""
    wanted = backtesting.Wish.model_validate(
        {"target": "openchat", "pseudo": 40, "policies": ("default",), **wish}
    )
    return await backtesting.make(bot.services, wanted, here, told or Told())


async def test_a_steady_service_has_no_false_fail(make: Make) -> None:
    """Forty pseudo-releases over the days that have a baseline, none of them judged wrongly."""
    bot = await make(outside())
    told = Told()

    found = await made(bot, told)

    score = found.score("chat", "default")
    assert score is not None
    assert (score.false_fails.count, score.false_fails.of, score.unmeasured.count) == (0, 40, 0)
    first = min(r.case.began for r in found.found)
    assert bot.outside.clock.now - 2 * DAY <= first <= bot.outside.clock.now - 1.9 * DAY
    assert told.percents == sorted(told.percents)
    assert len(told.percents) == 4 + 2
    assert found.policies["chat"]["default"] == POLICY.statistic
    assert [note.key for note in found.notes] == ["backtest.at_once"]


async def test_an_incident_counts_as_a_false_fail_until_it_is_labelled(make: Make) -> None:
    """A type that is born in the history makes one case fail; a label takes that case out."""
    world = outside()
    cases = (await made(await make(world))).found
    hit = cases[20].case
    world.logs.add("chat", hit.ended + 3 * MINUTE, "ERROR", "Boom", host="chat-1")

    found = await made(await make(world))
    incident = Window(start=hit.began, end=hit.ended + 5 * MINUTE)
    labelled = await made(await make(world), labels=Labels(incidents=(incident,)))

    wrong = [r for r in found.found if r.result is Result.FAIL]
    assert [(r.case.began, r.types) for r in wrong] == [(hit.began, ("Boom",))]
    assert math.isclose((wrong[0].minutes or 0) * SCALE, 7)
    assert not [r for r in labelled.found if r.result is Result.FAIL]
    assert hit.began not in {r.case.began for r in labelled.found}


async def test_releases_of_the_journal_are_cases(make: Make) -> None:
    """A finished release is judged at its own rounds; a label says that it was bad."""
    world = outside()
    world.file = world.file.model_copy(update={"time_scale": 1.0})
    bot = await make(world)
    before = world.clock.now
    await bot.start()
    release = await bot.run(ended)
    world.file = world.file.model_copy(update=FAST)
    steady(world, world.clock.now - before)

    found = await made(bot, pseudo=1, labels=Labels(releases={release.id: Label.BAD}))

    real = [r for r in found.found if not r.case.pseudo]
    assert [(r.case.name, r.case.label) for r in real] == [(f"#{release.id}", Label.BAD)]
    score = found.score("chat", "default")
    assert score is not None
    assert (score.missed.count, score.missed.of) == (1, 1)


async def test_a_case_sees_what_had_arrived(make: Make) -> None:
    """A new type whose lines came four minutes late is found a round later than it happened."""
    world = outside()
    hit = (await made(await make(world))).found[20].case
    at = hit.ended + 4 * MINUTE
    soon = await made(await make(_with(world, at, at)))
    late = await made(await make(_with(world, at, at + 4 * MINUTE)))

    found = [
        round((r.minutes or 0) * SCALE)
        for one in (soon, late)
        for r in one.found
        if r.result is Result.FAIL
    ]
    assert found == [7, 12]
    assert [note.key for note in soon.notes] == []


def _with(world: Outside, at: datetime, arrived: datetime) -> Outside:
    """The same service with one more line, and logs that know when lines arrived."""
    other = outside()
    assert other.clock.now == world.clock.now
    other.logs.add("chat", at, "ERROR", "Boom", host="chat-1", ingested=arrived)
    return other


async def test_replays_are_those_of_a_question_for_each_look(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both comparisons, on lines up to five minutes late and on missing minutes: the same."""
    world = Outside(release_file(BASELINE, **SINGLE).model_copy(update=FAST))
    steady(world, 5 * DAY, silent=range(600, 900))
    unsteady(world)
    together = await made(await make(world), policies=(), pseudo=30)
    at_once = past_minutes.arrived

    async def one_by_one(
        services: Services, source: Source, case: Case, moments: Iterable[datetime]
    ) -> dict[datetime, bytes]:
        found = [await at_once(services, source, case, (now,)) for now in moments]
        return {now: packed for one in found for now, packed in one.items()}

    monkeypatch.setattr(past_minutes, "arrived", one_by_one)
    asked = len(world.logs.requests)
    apart = await made(await make(world), policies=(), pseudo=30)

    assert apart.found == together.found
    assert len(world.logs.requests) - asked > 5 * asked
    assert {r.policy for r in together.found} == {"seed-2020", "calibrated"}
    assert {r.result for r in together.found} == set(Result)


def unsteady(world: Outside) -> None:
    """New types and more of the known one, late by minutes."""
    rng = random.Random(2020)
    begin = world.clock.now - 3 * DAY
    for number in range(400):
        at = begin + rng.random() * 3 * DAY
        late = rng.choice([0, 0.2, 1, 2, 5]) * MINUTE
        name = f"Born{number}" if number % 4 == 0 else "Steady"
        world.logs.add("chat", at, "ERROR", name, host="chat-1", ingested=at + late)


async def test_logs_that_are_too_young_are_refused(make: Make) -> None:
    """Half a day of logs gives no baseline of two; at least three tenths of it must be there."""
    bot = await make(outside(days=0.5))

    with pytest.raises(backtesting.BacktestError) as refused:
        await made(bot)

    assert refused.value.why.key == "backtest.no_history"
    assert refused.value.why.params == {"component": "chat", "days": 0.5, "needed": 0.6}


async def test_a_short_history_is_used_as_far_as_it_goes(make: Make) -> None:
    """One day of logs: its last part has a baseline of three tenths or more."""
    bot = await make(outside(days=1))

    found = await made(bot)

    first = min(r.case.began for r in found.found)
    assert bot.outside.clock.now - 0.4 * DAY <= first
    assert {r.result for r in found.found} == {Result.PASS}


async def test_logs_that_cannot_be_counted_are_said(make: Make) -> None:
    """The reason of the log store, with its secrets taken out."""
    world = outside(days=0.1)
    world.logs.fail("no shard of token=secret123")
    bot = await make(world)

    with pytest.raises(backtesting.BacktestError) as refused:
        await made(bot)

    assert refused.value.why.key == "backtest.log_store"
    assert "secret123" not in str(refused.value.why.params)


async def test_a_target_without_logs_has_nothing_to_judge(make: Make) -> None:
    """Nothing is monitored, so nothing can be said."""
    bot = await make(Outside(release_file(monitoring=False, logs="", **SINGLE)))

    with pytest.raises(backtesting.BacktestError) as refused:
        await made(bot)

    assert refused.value.why.key == "backtest.no_logs"


def test_policies_are_compared_side_by_side() -> None:
    """The component's own with every comparison, or those that were named."""
    file = release_file({"rounds": 2}, **SINGLE)

    own = backtesting.tested_policies(file, backtesting.Wish(target="openchat"), "chat")
    named = backtesting.tested_policies(
        file, backtesting.Wish(target="openchat", policies=("default",)), "chat"
    )

    assert set(own) == {"seed-2020", "calibrated"}
    assert {name: policy.rounds for name, policy in named.items()} == {"default": 2}
