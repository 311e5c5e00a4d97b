"""Who is served next: what people said is recorded at once and done in turns, in three lanes.

A lane has its own places, so decisions never wait behind people who only look, nor behind an
executor or a log store that takes its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum, unique

from bot.core.verb import Verb


@unique
class Lane(Enum):
    """What somebody waits for; the value is how many of its kind are done at once."""

    DECIDE = 64
    """A decision: one transaction, after a look at who decides."""
    ASK = 16
    """An answer that executors or log stores must be asked for."""
    LOOK = 32
    """An answer from what is stored: cheap, and as many as there are people."""


_ASKS = frozenset({Verb.START, Verb.PLAN, Verb.ERRORS})
_LOOKS = frozenset(
    {Verb.STATUS, Verb.HISTORY, Verb.HELP, Verb.WHOAMI, Verb.PERMISSIONS, Verb.WATCH, Verb.UNWATCH}
)


def lane(verb: Verb | None) -> Lane:
    """The lane of a typed line (None: not understood, so only help is due)."""
    if verb is None or verb in _LOOKS:
        return Lane.LOOK
    return Lane.ASK if verb in _ASKS else Lane.DECIDE


class Turns:
    """The places of one process, each lane first come, first served."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._places = {lane_: asyncio.Semaphore(lane_.value) for lane_ in Lane}
        self._waiting: dict[Lane, dict[object, datetime]] = {lane_: {} for lane_ in Lane}

    @asynccontextmanager
    async def turn(self, lane_: Lane) -> AsyncIterator[None]:
        """Wait for a place in this lane and hold it."""
        me, waiting = object(), self._waiting[lane_]
        waiting[me] = self._now()
        try:
            await self._places[lane_].acquire()
        finally:
            del waiting[me]
        try:
            yield
        finally:
            self._places[lane_].release()

    def delay(self, lane_: Lane) -> float:
        """For how many seconds the first in this lane has been waiting for its turn."""
        first = next(iter(self._waiting[lane_].values()), None)
        return 0.0 if first is None else (self._now() - first).total_seconds()
