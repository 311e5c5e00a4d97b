"""The clock: a time that does not jump, and the ticks that make the engine look at its rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import (  # type: ignore[import-untyped] # it has no types
    AsyncIOScheduler,
)

log = structlog.get_logger("release_master.clock")

STEP = timedelta(seconds=5)
"""A difference between the system's clock and ours above this is a step, not drift."""
BELIEVED = timedelta(minutes=10)
"""A step that stays for this long was a correction, not a mistake of a moment."""


def _elapsed() -> float:
    """Seconds that pass at one speed whatever happens to the system's clock, asleep or awake."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """UTC that goes on evenly when the system's clock is set an hour forward or back.

    Due times of checks, leases and deadlines are counted on it, so a round comes when its minutes
    have passed. `stepped` says how far the system's clock is away. A step that stays for ten
    minutes was a correction; it is taken over once no release is under way, or at the next start.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = _elapsed,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._anchor = wall() - elapsed()
        self._since: float | None = None

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.fromtimestamp(self._anchor + self._elapsed(), UTC)

    @property
    def stepped(self) -> timedelta:
        """How far the system's clock is from ours; zero when it only drifts."""
        off = timedelta(seconds=self._wall() - self._elapsed() - self._anchor)
        return off if abs(off) > STEP else timedelta(0)

    def watch(self, *, idle: bool) -> None:
        """Follow small drift at once, and a step when it has stayed long enough.

        `idle` says that nothing is under way whose due times a step would move.
        """
        step = self.stepped
        if not step:
            self._since = None
            self._anchor = self._wall() - self._elapsed()
            return
        if self._since is None:
            self._since = self._elapsed()
            log.warning("clock_stepped", seconds=step.total_seconds())
        elif idle and self._elapsed() - self._since >= BELIEVED.total_seconds():
            self._anchor = self._wall() - self._elapsed()
            self._since = None
            log.warning("clock_step_taken_over", seconds=step.total_seconds())


class Clock:
    """APScheduler as the source of ticks. Rows decide who acts; a missed tick loses nothing."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def every(self, seconds: float, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Do something again and again; a run that is still going is not started twice."""
        self._scheduler.add_job(work, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Begin to tick, in the running event loop."""
        self._scheduler.start()

    async def stop(self) -> None:
        """Tick no more."""
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)
