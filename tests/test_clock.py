"""The clock: even time when the system's clock jumps, and ticks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock, SteadyClock

NOON = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
HOUR = 3600.0


class Machine:
    """A machine whose system clock can be set, and whose time passes when told."""

    def __init__(self) -> None:
        self.set_by = 0.0
        self.passed = 0.0

    def wall(self) -> float:
        """Seconds since 1970 as the system's clock shows them."""
        return NOON.timestamp() + self.passed + self.set_by

    def elapsed(self) -> float:
        """Seconds that really passed."""
        return self.passed


@pytest.mark.scenario(87)
@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_of_an_hour_moves_no_due_time(jump: float) -> None:
    """The system's clock is set an hour on or back: time goes on evenly, the step is reported.

    A round due in five minutes is due when five minutes have passed, not at once and not in 65.
    """
    machine = Machine()
    clock = SteadyClock(machine.wall, machine.elapsed)
    due = clock.now() + timedelta(minutes=5)
    machine.passed += 60
    machine.set_by = jump
    clock.watch(idle=False)

    assert clock.now() == NOON + timedelta(minutes=1)
    assert clock.stepped == timedelta(seconds=jump)
    machine.passed += 240
    clock.watch(idle=False)
    assert clock.now() == due


def test_a_step_that_stays_is_taken_over_when_nothing_is_under_way() -> None:
    """After ten minutes a step was a correction: taken over, but never during a release."""
    machine = Machine()
    clock = SteadyClock(machine.wall, machine.elapsed)
    machine.set_by = HOUR
    clock.watch(idle=True)
    machine.passed += 601
    clock.watch(idle=False)
    during = clock.now()
    clock.watch(idle=True)

    assert during == NOON + timedelta(seconds=601)
    assert clock.now() == NOON + timedelta(seconds=601 + HOUR)
    assert clock.stepped == timedelta(0)


def test_small_drift_is_followed_at_once() -> None:
    """What time synchronisation corrects by a little is no step."""
    machine = Machine()
    clock = SteadyClock(machine.wall, machine.elapsed)
    machine.set_by = 2.0
    clock.watch(idle=False)

    assert clock.stepped == timedelta(0)
    assert clock.now() == NOON + timedelta(seconds=2)


async def test_ticks_come_again_and_again_until_stopped() -> None:
    """Work is done at its interval; after `stop` no more."""
    clock, came = Clock(), asyncio.Event()

    async def work() -> None:
        came.set()

    clock.every(0.01, work, "work")
    clock.start()
    await asyncio.wait_for(came.wait(), 5)
    came.clear()
    await asyncio.wait_for(came.wait(), 5)
    await clock.stop()
