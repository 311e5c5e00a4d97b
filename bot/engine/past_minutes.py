"""The minutes of the past as a backtest reads them: all there is now, and what was seen when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.backtest.case import Case
from bot.core.baseline import Source, hindrance, vague
from bot.core.counts import CountRequest, Counts, LogStoreError
from bot.core.minutes import MinuteCounts, bin_of, counted, joined, unknown
from bot.core.redact import cut
from bot.core.value import Text, text
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY
from bot.engine.services import Services

DETAIL = 300


class BacktestError(Exception):
    """There is nothing to judge, or the logs cannot be counted; `why` says it."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.why = why


@dataclass(frozen=True)
class Past:
    """All minutes of a component that there are."""

    minutes: MinuteCounts
    arrivals: bool
    """Whether the log store knows when documents arrived."""


async def read(
    services: Services,
    source: Source,
    span: tuple[int, int],
    tell: Callable[[int, int], Awaitable[None]],
) -> Past:
    """Read the minutes [begin, end), a day of the comparison at a time.

    `tell` hears of each day and of how many there are. Raises BacktestError.
    """
    begin, end = span
    parts: list[MinuteCounts] = []
    arrivals = False
    starts = range(begin, end, MINUTES_A_DAY)
    for number, start in enumerate(starts):
        await tell(number, len(starts))
        stop = min(start + MINUTES_A_DAY, end)
        counts = await _count(services, source, source.request(start, stop))
        arrivals = arrivals or counts.ingest_lag is not None
        parts.append(_part(source, counts))
    return Past(joined(parts, start=begin, end=end), arrivals)


async def arrived(
    services: Services, source: Source, case: Case, moments: Iterable[datetime]
) -> dict[datetime, bytes]:
    """What had arrived of a case's minutes at each of these moments. Raises BacktestError."""
    begin = bin_of(case.began, source.bin)
    looks = [(now, max(bin_of(now, source.bin), begin + 1)) for now in moments]
    counts = await _count(services, source, _looked(source, begin, looks))
    if vague(counts) and len(looks) > 1:
        # The gap is of some look: which one is seen only where each is asked for alone.
        alone = [await arrived(services, source, case, (now,)) for now, _ in looks]
        return {now: packed for one in alone for now, packed in one.items()}
    return {now: _part(source, counts, number).pack() for number, (now, _) in enumerate(looks)}


def _looked(source: Source, begin: int, looks: Sequence[tuple[datetime, int]]) -> CountRequest:
    """Ask for the minutes from `begin` to each look's end, as they were seen at its moment."""
    asked = source.request(begin, begin)
    windows = tuple(source.request(begin, end).windows[0] for _, end in looks)
    return asked.model_copy(update={"windows": windows, "seen_by": tuple(now for now, _ in looks)})


async def _count(services: Services, source: Source, request: CountRequest) -> Counts:
    try:
        counts = await services.adapters.log_store(source.config).count(request)
    except (LogStoreError, ValueError) as error:
        detail = cut(services.clean(str(error)), DETAIL)
        why = text("backtest.log_store", component=source.component, detail=detail)
        raise BacktestError(why) from error
    gap = hindrance(counts)
    if gap is not None:
        raise BacktestError(gap)
    return counts


def _part(source: Source, counts: Counts, number: int = 0) -> MinuteCounts:
    """The minutes of one of the windows."""
    found = counts.windows[number]
    if vague(counts):
        begin, end = (bin_of(at, source.bin) for at in (found.window.start, found.window.end))
        return unknown(begin, end)
    return counted(found, source.bin)
