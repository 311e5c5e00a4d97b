"""Lanes: decisions wait for nobody who only looks, and each lane is first come, first served."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.verb import Verb
from bot.engine.turns import Lane, Turns, lane

T0 = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (Verb.STATUS, Lane.LOOK),
        (None, Lane.LOOK),
        (Verb.START, Lane.ASK),
        (Verb.ERRORS, Lane.ASK),
        (Verb.ABORT, Lane.DECIDE),
        (Verb.APPROVE, Lane.DECIDE),
    ],
)
def test_a_verb_has_its_lane(verb: Verb | None, expected: Lane) -> None:
    """Looking, asking others, and deciding are kept apart; what nobody understood only looks."""
    assert lane(verb) is expected


async def test_a_decision_does_not_wait_for_views_or_slow_executors() -> None:
    """With all other places taken and many waiting for them, a decision has its turn at once."""
    turns, free = Turns(lambda: T0), asyncio.Event()
    begun: list[Lane] = []

    async def one(which: Lane) -> None:
        async with turns.turn(which):
            begun.append(which)
            await free.wait()

    crowd = [asyncio.create_task(one(which)) for which in (Lane.LOOK, Lane.ASK) * 200]
    await asyncio.sleep(0)
    full = len(begun)
    decision = asyncio.create_task(one(Lane.DECIDE))
    await asyncio.sleep(0)

    assert full == Lane.LOOK.value + Lane.ASK.value
    assert begun[full:] == [Lane.DECIDE]
    free.set()
    await asyncio.gather(decision, *crowd)
    assert len(begun) == 401


async def test_the_first_in_a_lane_says_how_long_it_waits() -> None:
    """The delay is that of whoever waits longest; nobody waiting, or gone away, is none."""
    now = [T0]
    turns, free = Turns(lambda: now[0]), asyncio.Event()

    async def one() -> None:
        async with turns.turn(Lane.ASK):
            await free.wait()

    held = [asyncio.create_task(one()) for _ in range(Lane.ASK.value)]
    await asyncio.sleep(0)
    before = turns.delay(Lane.ASK)
    first = asyncio.create_task(one())
    await asyncio.sleep(0)
    now[0] += timedelta(seconds=3)
    second = asyncio.create_task(one())
    await asyncio.sleep(0)
    now[0] += timedelta(seconds=1)
    waiting = turns.delay(Lane.ASK)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert (before, waiting, turns.delay(Lane.ASK), turns.delay(Lane.LOOK)) == (0, 4, 1, 0)
    free.set()
    await asyncio.gather(second, *held)
    assert turns.delay(Lane.ASK) == 0


async def test_a_place_comes_back_after_a_fault() -> None:
    """What fails in its turn gives its place to the next one."""
    turns = Turns(lambda: T0)

    async def fails() -> None:
        async with turns.turn(Lane.ASK):
            raise KeyError("a bug")

    await asyncio.gather(*(fails() for _ in range(100)), return_exceptions=True)
    async with asyncio.timeout(5), turns.turn(Lane.ASK):
        assert turns.delay(Lane.ASK) == 0
