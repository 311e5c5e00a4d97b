"""The clock: an hour forward or back moves nothing that is under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import BELIEVED, Clock, SteadyClock


@dataclass
class Machine:
    """A machine whose clock somebody sets."""

    wall: float = 1_700_000_000.0
    elapsed: float = 500.0

    def pass_by(self, span: timedelta) -> None:
        """Time passes."""
        self.wall += span.total_seconds()
        self.elapsed += span.total_seconds()

    def clock(self) -> SteadyClock:
        """The bot's clock on this machine."""
        return SteadyClock(lambda: self.wall, lambda: self.elapsed)


HOUR = timedelta(hours=1)


@pytest.mark.scenario(87)
@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_jump_of_an_hour_moves_no_due_time(step: timedelta) -> None:
    """Five minutes after a jump five minutes have passed, so rounds and leases come in time."""
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.wall += step.total_seconds()
    clock.watch(idle=False)
    machine.pass_by(timedelta(minutes=5))
    clock.watch(idle=False)

    assert clock.now() - before == timedelta(minutes=5)
    assert clock.stepped == step


@pytest.mark.scenario(87)
def test_a_correction_is_not_taken_over_while_a_release_runs() -> None:
    """However long the new time stays, due times of a live release are kept; it is told instead."""
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.wall += HOUR.total_seconds()
    for _ in range(120):
        clock.watch(idle=False)
        machine.pass_by(timedelta(minutes=1))

    assert clock.now() - before == timedelta(minutes=120)
    assert clock.stepped == HOUR


def test_a_correction_that_stays_is_taken_over_when_nothing_runs() -> None:
    """Ten minutes of the new time make it the time; a jump and back within them does not."""
    machine = Machine()
    clock = machine.clock()
    machine.wall -= HOUR.total_seconds()
    clock.watch(idle=True)
    machine.pass_by(BELIEVED - timedelta(seconds=1))
    clock.watch(idle=True)
    assert clock.stepped == -HOUR
    machine.pass_by(timedelta(seconds=1))
    clock.watch(idle=True)

    assert clock.stepped == timedelta(0)
    assert clock.now() == datetime.fromtimestamp(machine.wall, UTC)


def test_a_jump_and_back_is_forgotten() -> None:
    """A second jump counts its ten minutes anew."""
    machine = Machine()
    clock = machine.clock()
    for _ in range(3):
        machine.wall += HOUR.total_seconds()
        clock.watch(idle=True)
        machine.pass_by(BELIEVED - timedelta(minutes=1))
        clock.watch(idle=True)
        machine.wall -= HOUR.total_seconds()
        clock.watch(idle=True)

    assert clock.now() == datetime.fromtimestamp(machine.wall, UTC)
    assert clock.stepped == timedelta(0)


def test_small_drift_is_followed() -> None:
    """A second off is no step: the time follows the machine's, which its keeper corrects."""
    machine = Machine()
    clock = machine.clock()
    machine.wall += 1.5
    clock.watch(idle=False)

    assert clock.now() == datetime.fromtimestamp(machine.wall, UTC)
    assert clock.stepped == timedelta(0)


def test_the_time_is_utc_and_that_of_the_machine() -> None:
    """Without a jump the clock is the machine's clock."""
    off = SteadyClock().now() - datetime.now(UTC)

    assert SteadyClock().now().tzinfo is UTC
    assert abs(off) < timedelta(seconds=1)


async def test_ticks_come_again_and_again_until_stopped() -> None:
    """The work is called in the event loop, and not any more after `stop`."""
    clock, came, calls = Clock(), asyncio.Event(), 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            came.set()

    clock.every(0.01, work, "test")
    clock.start()
    async with asyncio.timeout(5):
        await came.wait()
    await clock.stop()

    assert calls >= 2
