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


async def test_slow_recording_leaves_fewer_places_until_it_is_over() -> None:
    """While recording is slow fewer things are done at once, decisions most; then all again."""
    now = [T0]
    turns = Turns(lambda: now[0])
    calm = [turns.places(which) for which in Lane]
    for _ in range(20):
        turns.recorded(1.0)
    pressed = [turns.places(which) for which in Lane]
    now[0] += timedelta(seconds=10)
    after = [turns.places(which) for which in Lane]

    assert calm == after == [which.value for which in Lane]
    assert pressed == [8, 2, 1]


async def test_places_come_back_when_the_storm_is_over() -> None:
    """Those who wait are served by the one place that is left, and soon by all of them."""
    now = [T0]
    turns, at_once = Turns(lambda: now[0]), []
    for _ in range(20):
        turns.recorded(1.0)

    async def one() -> None:
        async with turns.turn(Lane.LOOK):
            now[0] += timedelta(milliseconds=100)
            at_once.append(turns.places(Lane.LOOK))
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await asyncio.gather(*(one() for _ in range(100)))

    assert at_once[0] == 1
    assert at_once[-1] == Lane.LOOK.value


async def test_who_goes_away_while_waiting_takes_no_place() -> None:
    """Cancelled before, and in the very moment in which the place is given: none gets lost."""
    turns = Turns(lambda: T0)

    async def one(free: asyncio.Event) -> None:
        async with turns.turn(Lane.ASK):
            await free.wait()

    gates = [asyncio.Event() for _ in range(Lane.ASK.value)]
    held = [asyncio.create_task(one(gate)) for gate in gates]
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(one(gates[0])) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    gates[1].set()
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for gate in gates:
        gate.set()
    await asyncio.gather(*held)
    done = [asyncio.create_task(one(gates[0])) for _ in range(Lane.ASK.value)]
    async with asyncio.timeout(5):
        await asyncio.gather(*done)

    assert turns.delay(Lane.ASK) == 0
