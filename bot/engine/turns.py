"""Who is served next: what people said is recorded at once and done in turns, in three lanes.

A lane has its own places, so decisions never wait behind people who only look, nor behind an
executor or a log store that takes its time. When recording becomes slow there are fewer places:
the answers come later, so that acknowledgements stay in time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
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


CALM = 0.05
"""Seconds that recording may take before there are fewer places: acknowledging goes first."""
HALVES = 0.5
"""Seconds in which what is known of that counts half, when nothing comes any more."""
_FEWEST = {Lane.DECIDE: 8, Lane.ASK: 2, Lane.LOOK: 1}


class Turns:
    """The places of one process, each lane first come, first served."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._pressure = 0.0
        self._pressed = now()
        self._held = dict.fromkeys(Lane, 0)
        self._waiting: dict[Lane, deque[_Waiting]] = {lane_: deque() for lane_ in Lane}

    @asynccontextmanager
    async def turn(self, lane_: Lane) -> AsyncIterator[None]:
        """Wait for a place in this lane and hold it."""
        me = _Waiting(asyncio.get_running_loop().create_future(), self._now())
        self._waiting[lane_].append(me)
        self._give(lane_)
        try:
            await me.place
            yield
        finally:
            if me.place.done() and not me.place.cancelled():
                self._held[lane_] -= 1
            else:
                self._waiting[lane_].remove(me)
            self._give(lane_)

    def delay(self, lane_: Lane) -> float:
        """For how many seconds the first in this lane has been waiting for its turn."""
        waiting = self._waiting[lane_]
        return (self._now() - waiting[0].since).total_seconds() if waiting else 0.0

    def recorded(self, seconds: float) -> None:
        """Note how long it took to record something: the longer, the fewer places there are."""
        now = self._now()
        self._pressure = self._faded(now) + (seconds - self._faded(now)) / 4
        self._pressed = now

    def places(self, lane_: Lane) -> int:
        """How many may be done at once at this moment."""
        pressure = self._faded(self._now())
        share = CALM / pressure if pressure > CALM else 1.0
        return max(_FEWEST[lane_], int(lane_.value * share))

    def _faded(self, now: datetime) -> float:
        age = max(0.0, (now - self._pressed).total_seconds())
        return float(self._pressure * 0.5 ** (age / HALVES))

    def _give(self, lane_: Lane) -> None:
        """Give free places to those who have waited longest."""
        waiting = self._waiting[lane_]
        while waiting and self._held[lane_] < self.places(lane_):
            if waiting[0].place.done():
                # Its caller goes away at this moment, and takes it out of the line.
                break
            self._held[lane_] += 1
            waiting.popleft().place.set_result(None)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    place: asyncio.Future[None]
    since: datetime
