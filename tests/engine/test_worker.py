"""The worker process: other arithmetic, low priority, and gone with its bot."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

import pytest

from bot.engine.worker import Worker, WorkerLostError
from tests.examples.target import gone, wait_for
from tests.support.source import ROOT

pytestmark = pytest.mark.thorough


def about() -> tuple[int, int]:
    """The process and its priority."""
    return os.getpid(), os.nice(0)


def burn(seconds: float) -> float:
    """Compute for a while without giving way."""
    end, value = time.monotonic() + seconds, 1.0
    while time.monotonic() < end:
        value = value * 1.0000001 + 1e-9
    return value


def take(size: int) -> int:
    """Want memory."""
    return len(bytearray(size))


def die() -> None:
    """End without a word."""
    os._exit(3)


async def longest_pause(until: asyncio.Task[float]) -> float:
    """The longest time, in seconds, that the event loop did not come round."""
    longest, last = 0.0, time.monotonic()
    while not until.done():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        longest, last = max(longest, now - last - 0.005), now
    return longest


async def test_work_is_done_elsewhere_at_low_priority() -> None:
    """Twice in the same process, which is nicer than this one."""
    worker = Worker(nice=3)
    try:
        first, second = await worker.run(about), await worker.run(about)
    finally:
        worker.close()

    assert first == second
    assert first[0] != os.getpid()
    assert first[1] == min(os.nice(0) + 3, 19)
    wait_for(lambda: gone([first[0]]), 5.0)


async def test_the_event_loop_does_not_wait_for_it() -> None:
    """A second of arithmetic holds up nothing for a quarter of a second.

    A busy machine may stop everything for longer: one of three tries must be undisturbed.
    """
    worker = Worker()
    pauses = []
    try:
        await worker.run(about)
        for _ in range(3):
            work = asyncio.create_task(worker.run(burn, 1.0))
            pauses.append(await longest_pause(work))
            assert await work > 1.0
            if pauses[-1] < 0.25:
                break
    finally:
        worker.close()

    assert min(pauses) < 0.25


async def test_too_much_memory_fails_the_work_and_not_the_machine() -> None:
    """The limit holds in the worker only; the next work is done."""
    worker = Worker(memory=1024**3)
    try:
        with pytest.raises(MemoryError):
            await worker.run(take, 2 * 1024**3)
        assert await worker.run(take, 1024) == 1024
    finally:
        worker.close()


async def test_a_worker_that_dies_is_replaced() -> None:
    """Its work is lost, which is said; the next one finds a new process."""
    worker = Worker()
    try:
        with pytest.raises(WorkerLostError):
            await worker.run(die)
        assert (await worker.run(about))[0] != os.getpid()
    finally:
        worker.close()


async def test_closing_ends_work_that_is_going_on() -> None:
    """A bot that stops does not wait for a calibration."""
    worker = Worker()
    process, _ = await worker.run(about)
    work = asyncio.create_task(worker.run(burn, 60.0))
    await asyncio.sleep(0)
    begun = time.monotonic()
    await asyncio.to_thread(worker.close)
    with pytest.raises((WorkerLostError, asyncio.CancelledError)):
        await work

    assert time.monotonic() - begun < 10
    assert gone([process])


_HOLDER = """
import asyncio
from bot.engine.worker import Worker
from tests.engine.test_worker import about

async def hold():
    worker = Worker()
    print((await worker.run(about))[0], flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(hold())
"""


async def test_it_ends_with_a_killed_bot() -> None:
    """After kill -9 nobody is left to compute for."""
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLDER, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert bot.stdout is not None
    process = int(await bot.stdout.readline())
    os.kill(bot.pid, signal.SIGKILL)
    await bot.wait()

    wait_for(lambda: gone([process]), 5.0)
