"""How late documents arrive: as the log store says, else as counting minutes again shows."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta

from bot.core.arrivals import Arrivals
from bot.core.counts import CountRequest, Counts, LogStoreError, Window, WindowCounts
from bot.core.minutes import bin_of, moment_of
from bot.core.verdict.situation import Situation
from bot.ports import LogStore

LOOKED_BACK = 10
"""Minutes that are counted for nothing but their lag, where a round counts none by itself."""
_KEPT = 64
"""Components of which arrivals are remembered."""


class Lags:
    """What this process has seen of arrivals; another one begins anew."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, timedelta], Arrivals] = OrderedDict()

    async def known(
        self, counts: Counts, request: CountRequest, where: Situation, *, logs: tuple[str, LogStore]
    ) -> Counts:
        """The same counts with their lag, if anything can be said of it.

        `logs` is the log store and its name. Minutes that cannot be counted say nothing.
        """
        if counts.ingest_lag is not None:
            return counts
        name, log_store = logs
        minutes = counts.windows[0]
        if not request.alive or request.bucket != where.minute:
            try:
                minutes = await _minutes(log_store, where)
            except LogStoreError:
                return counts
        arrivals = self._arrivals((name, where.component, where.minute))
        arrivals.note(minutes, where.now)
        lag = arrivals.lag((tuple(where.restarted), where.control))
        return counts.model_copy(update={"ingest_lag": lag})

    def _arrivals(self, place: tuple[str, str, timedelta]) -> Arrivals:
        found = self._kept.setdefault(place, Arrivals(place[2]))
        self._kept.move_to_end(place)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


async def _minutes(log_store: LogStore, where: Situation) -> WindowCounts:
    """The last minutes, by host and minute."""
    end = bin_of(where.now, where.minute)
    window = Window(start=moment_of(end - LOOKED_BACK, where.minute), end=where.now)
    asked = CountRequest(
        component=where.component,
        windows=(window,),
        levels=where.policy.levels,
        bucket=where.minute,
        alive=True,
    )
    return (await log_store.count(asked)).windows[0]
