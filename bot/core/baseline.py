"""Which minutes of a baseline are to be read next, and which may still change.

Minutes and days are numbered from the epoch; see `bot/core/minutes.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.config.log_store import LogStoreConfig, counted_as
from bot.core.counts import CountRequest, Counts, Window
from bot.core.level import level_name
from bot.core.minutes import MinuteCounts, bin_length, bin_of, day_of, moment_of
from bot.core.value import Duration, Text, Value
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY

PIECE = 360
"""Minutes that whoever wants a baseline asks for at once, a quarter of a day; more is read before.
"""
SMALLEST = 90
"""Minutes of a piece that is not cut any more, however long it takes or vague it is."""
SHORTEST_LAG = timedelta(seconds=60)
LONGEST_LAG = timedelta(minutes=5)
"""A minute is settled after the lag, kept between these two; only a pass waits for a longer one."""
UNKNOWN_LAG = timedelta(minutes=3)
"""Where nobody knows how late documents are: each minute is asked for again for so long."""

_OF_NOW = frozenset({"gap.late", "gap.clock_ahead", "gap.clock_behind", "gap.no_documents"})
"""They say something of the present, or nothing that the minutes do not say themselves."""
_OF_PIECE = frozenset({"gap.no_level", "gap.unreadable"})
"""They are about documents of these very minutes, and will be the same tomorrow."""


class Source(Value):
    """What a baseline is made of: one component in one log store, at some levels."""

    name: str
    """The log store's name, for people."""
    config: LogStoreConfig
    component: str
    levels: tuple[str, ...]
    baseline: Duration
    """How far back it reaches, before division by `time_scale`."""
    time_scale: float = 1.0

    @property
    def key(self) -> str:
        """SHA-256 of what makes counts comparable: change any of it, and the baseline is another.

        Neither credentials nor the length of the baseline are part of it.
        """
        what = {
            "counted": counted_as(self.config),
            "component": self.component,
            "levels": sorted({level_name(word) for word in self.levels}),
            "bin": self.bin.total_seconds(),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    @property
    def bin(self) -> timedelta:
        """The length of a minute of the comparison."""
        return bin_length(self.time_scale)

    def first_day(self, end: datetime) -> int:
        """The day that the baseline before `end` begins in."""
        return day_of(bin_of(end - self.baseline / self.time_scale, self.bin))

    def request(self, begin: int, end: int) -> CountRequest:
        """Ask for the minutes [begin, end)."""
        window = Window(start=moment_of(begin, self.bin), end=moment_of(end, self.bin))
        return CountRequest(
            component=self.component,
            windows=(window,),
            levels=self.levels,
            bucket=self.bin,
            by_host=False,
            alive=True,
        )

    def settled(self, now: datetime, lag: timedelta | None) -> int:
        """The first minute of which documents may still be under way at `now`."""
        return bin_of(watermark(now, lag, self.time_scale), self.bin)


@dataclass(frozen=True)
class Baseline:
    """The minutes before a moment, or why they are not there yet."""

    counts: MinuteCounts | None
    missing: Text | None = None
    """A reason for *inconclusive*; None where `counts` is there."""


def watermark(now: datetime, lag: timedelta | None, time_scale: float = 1.0) -> datetime:
    """What happened before this has arrived: now - max(60 s, lag), at most 5 minutes ago.

    `lag` is `Counts.ingest_lag`, on the clock; None (nobody knows) means 3 minutes. The bounds are
    divided by `time_scale`.
    """
    if lag is None:
        return now - UNKNOWN_LAG / time_scale
    return now - min(max(lag, SHORTEST_LAG / time_scale), LONGEST_LAG / time_scale)


def lasting(lag: timedelta | None, time_scale: float = 1.0) -> timedelta | None:
    """The lag where it is longer than the minute that is always waited for.

    It has no bound here: what is later than the log store's `max_ingest_lag` is a gap.
    """
    return None if lag is None or lag <= SHORTEST_LAG / time_scale else lag


def next_piece(
    settled: Mapping[int, int], begin: int, end: int, *, most: int = PIECE
) -> tuple[int, int] | None:
    """The first minutes in [begin, end) that may be wrong or are not there; None: all are right.

    `settled` is, for each day that is there, the first minute that may still change. A piece lies
    in one day and has at most so many minutes.
    """
    place = begin
    while place < end:
        day = day_of(place)
        after = (day + 1) * MINUTES_A_DAY
        known = settled.get(day, 0)
        if known < min(after, end):
            start = max(known, day * MINUTES_A_DAY)
            return start, min(start + most, after, end)
        place = after
    return None


def read_days(settled: Mapping[int, int], first: int, end: int) -> tuple[int, int]:
    """Of the days from `first` to the one before minute `end`: how many are there, of how many."""
    days = range(first, day_of(end - 1) + 1)
    there = [settled.get(day, 0) >= min((day + 1) * MINUTES_A_DAY, end) for day in days]
    return sum(there), len(days)


def hindrance(counts: Counts) -> Text | None:
    """The gap that may be gone tomorrow and makes these minutes wrong today; None without any."""
    return next((gap for gap in counts.gaps if gap.key not in _OF_NOW | _OF_PIECE), None)


def vague(counts: Counts) -> bool:
    """Whether documents of these minutes cannot be read: then nothing is known of them."""
    return any(gap.key in _OF_PIECE for gap in counts.gaps)


def wanted(sources: Iterable[Source]) -> dict[str, Source]:
    """The sources by key; of the same one the longest baseline is wanted."""
    found: dict[str, Source] = {}
    for source in sources:
        known = found.setdefault(source.key, source)
        if source.baseline > known.baseline:
            found[source.key] = source
    return found
