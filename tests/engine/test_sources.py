"""How far each baseline is, for doctor and the metrics."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.value import text
from bot.engine import sources
from bot.engine.baselines import Baselines
from bot.engine.sources import State, configured, source_of, states
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, T0, Bot, release_file

MINUTE = timedelta(minutes=1)


async def seen(bot: Bot) -> list[State]:
    """What there is now."""
    now = bot.outside.clock.now
    return await bot.real.read(lambda tx: states(tx, now))


def test_only_what_is_compared_by_the_minute_has_a_baseline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither other policies, nor components without logs, nor targets without checks."""
    file = release_file(**SINGLE)
    assert source_of(file, "openchat", "chat") is None

    monkeypatch.setattr(sources, "NEED_MINUTES", frozenset({"seed-2020"}))

    assert [one.component for one in configured(file)] == ["chat"]
    assert configured(release_file(logs="", monitoring=False, **SINGLE)) == []
    assert configured(release_file(monitoring=False, **SINGLE)) == []


async def test_a_state_says_how_far_it_is(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, stuck, whole, and whole still while it is a little behind."""
    monkeypatch.setattr(sources, "NEED_MINUTES", frozenset({"seed-2020"}))
    bot = await make(policy={"baseline": "1d"}, **SINGLE)
    made = Baselines(bot.services)
    assert await seen(bot) == []

    bot.outside.logs.fail("no route")
    await made.keep_warm()
    [stuck] = await seen(bot)
    bot.outside.clock.now = T0 + MINUTE
    await made.keep_warm()
    [whole] = await seen(bot)
    bot.outside.clock.now = T0 + 20 * MINUTE
    [behind] = await seen(bot)
    bot.outside.clock.now = T0 + 60 * MINUTE
    [old] = await seen(bot)

    assert (stuck.days, stuck.of, stuck.last, stuck.size) == (0, 2, None, 0)
    assert stuck.trouble == text("honesty.log_store", detail="no route")
    assert (whole.days, whole.of, whole.last, whole.trouble) == (2, 2, T0 + MINUTE, None)
    assert 0 < whole.size < 1000
    assert (behind.days, old.days) == (2, 1)
