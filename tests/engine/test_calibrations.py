"""Calibrations in a bot: fitted once, stored, shared, renewed, and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from bot.core.baseline import Source
from bot.core.config import MemoryLogStore
from bot.core.minutes import MINUTE, bin_of
from bot.core.verdict.calibrated.panel import PanelError
from bot.engine.calibrations import RENEW, Calibrations
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, T0, Bot, Logs
from tests.support.steady_logs import SteadyLogs, fit_here, minutes_of

LEVELS = ("ERROR", "WARN")
SOURCE = Source(
    name="app",
    config=MemoryLogStore(kind="memory"),
    component="chat",
    levels=LEVELS,
    baseline=timedelta(days=5),
)
SPAN = (T0 - timedelta(days=6), T0 + timedelta(days=1))
COUNTS = minutes_of("chat", SPAN, (T0 - timedelta(days=5), T0), LEVELS)
NOW = bin_of(T0, MINUTE)


class Fits:
    """Fits, or waits, or fails; counts how often."""

    def __init__(self) -> None:
        self.times = 0
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    async def __call__(self, pieces: Sequence[bytes], span: tuple[int, int]) -> str:
        """Fit once the gate is open."""
        self.times += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return await fit_here(list(pieces), span)


async def made(make: Make) -> tuple[Bot, Calibrations, Fits]:
    """A bot, its calibrations and what fits them."""
    bot = await make(policy={"comparison": "calibrated", "baseline": "5d"}, **SINGLE)
    bot.outside.logs = cast("Logs", SteadyLogs(T0, lambda _component, _host: "1.9"))
    fits = Fits()
    return bot, Calibrations(bot.services, bot.calibration.baselines, fits), fits


async def test_it_is_fitted_once_and_shared(make: Make) -> None:
    """Several checks at one moment wait for one fit; another process reads what was stored."""
    bot, calibrations, fits = await made(make)
    found = await asyncio.gather(
        *(calibrations.before(SOURCE, COUNTS, NOW, patience=30) for _ in range(3))
    )
    other = Calibrations(bot.services, bot.calibration.baselines, fits)
    again, _ = await other.before(SOURCE, COUNTS, NOW, patience=30)

    assert fits.times == 1
    assert again is not None
    assert all(one is not None and one.digest == again.digest for one, _ in found)
    assert again.usable
    assert again.end == NOW


async def test_a_fit_that_takes_long_is_a_reason(make: Make) -> None:
    """A round says so and a later one finds it; nothing is fitted twice."""
    _, calibrations, fits = await made(make)
    fits.gate = asyncio.Event()
    none, why = await calibrations.before(SOURCE, COUNTS, NOW, patience=0)
    fits.gate.set()
    found, nothing = await calibrations.before(SOURCE, COUNTS, NOW, patience=30)

    assert none is None
    assert why is not None
    assert why.key == "calibration.running"
    assert found is not None
    assert nothing is None
    assert fits.times == 1


async def test_a_fit_that_fails_is_a_reason_and_tried_again(make: Make) -> None:
    """The next round begins anew."""
    _, calibrations, fits = await made(make)
    fits.error = PanelError("no such panel, password=hunter2")
    _, why = await calibrations.before(SOURCE, COUNTS, NOW, patience=30)
    fits.error = None
    found, _ = await calibrations.before(SOURCE, COUNTS, NOW, patience=30)

    assert why is not None
    assert why.key == "calibration.failed"
    assert "hunter2" not in str(why.params)
    assert found is not None


async def test_a_day_of_logs_is_needed(make: Make) -> None:
    """With less there is nothing to fit on."""
    _, calibrations, fits = await made(make)
    short = COUNTS.between(NOW - 1000, NOW)
    _, why = await calibrations.before(SOURCE, short, NOW, patience=30)

    assert why is not None
    assert (why.key, why.params["minutes"]) == ("calibration.too_short", 1000)
    assert fits.times == 0


async def test_it_is_renewed_when_the_baseline_has_moved(make: Make) -> None:
    """In the background, once in six hours; not before."""
    bot, calibrations, fits = await made(make)
    await bot.calibration.baselines.keep_warm()
    await calibrations.keep_warm()
    await calibrations.keep_warm()
    assert fits.times == 1
    bot.outside.clock.now += (RENEW + 1) * MINUTE
    await bot.calibration.baselines.keep_warm()
    await calibrations.keep_warm()

    assert fits.times == 2


async def test_one_that_knows_the_deployment_is_not_used(make: Make) -> None:
    """A release that began before the renewal keeps the calibration from before it."""
    _, calibrations, fits = await made(make)
    await calibrations.before(SOURCE, COUNTS, NOW, patience=30)
    earlier, _ = await calibrations.before(SOURCE, COUNTS, NOW - 60, patience=30)

    assert earlier is not None
    assert earlier.end == NOW - 60
    assert fits.times == 2


async def test_types_are_remembered_longer_than_a_baseline(make: Make) -> None:
    """What was seen before a moment, for ninety days."""
    bot, calibrations, _ = await made(make)
    await calibrations.before(SOURCE, COUNTS, NOW, patience=30)

    assert await calibrations.known(SOURCE, NOW) == set(COUNTS.keys)
    assert await calibrations.known(SOURCE, COUNTS.start) == frozenset()
    bot.outside.clock.now += timedelta(days=100)
    await calibrations.before(SOURCE, COUNTS, NOW - 1, patience=30)
    assert await calibrations.known(SOURCE, NOW) == frozenset()
