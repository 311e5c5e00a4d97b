"""A log store of made-up hosts that write at steady paces: ten days cost a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.core.calibrated import work
from bot.core.counts import (
    Alive,
    CountRequest,
    Counts,
    LogStoreError,
    Sample,
    TypeCount,
    Window,
    WindowCounts,
)
from bot.core.minutes import MINUTE, MinuteCounts, bin_of, key_of
from bot.core.value import Text

Times = NDArray[np.float64]
Span = tuple[datetime, datetime]
Key = tuple[str, str, str]
"""Level, type, host; the type of a sign of life is empty."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PACES = {("WARN", "Slow"): 2.0, ("ERROR", "Gone"): 0.2, ("INFO", "Accepted"): 4.0}
"""(level, type) -> lines a minute on each host."""


class SteadyLogs:
    """Three hosts a component; `broken` says what a host writes beside since it was restarted.

    `runs` tells what a host runs now. Moments are drawn once, with fixed seeds.
    """

    def __init__(self, end: datetime, runs: Callable[[str, str], str], *, days: int = 6) -> None:
        self.broken: dict[str, dict[tuple[str, str], float]] = {}
        """Version -> (level, type) -> lines a minute on each host that runs it."""
        self.silent: set[str] = set()
        """Hosts that write nothing from now on."""
        self.silent_since: dict[str, datetime] = {}
        self.silent_until: dict[str, datetime] = {}
        """Hosts that wrote something only before, or only after, a moment."""
        self.requests: list[CountRequest] = []
        self.failures: list[str] = []
        """What the next counts say instead of counting, in order."""
        self.stopped: dict[tuple[str, str], datetime] = {}
        """(level, type) -> from when on it is not written any more."""
        self.stopped_on: set[str] = set()
        """Only on these hosts; empty: on all."""
        self.gaps: tuple[Text, ...] = ()
        self.lag: timedelta | None = None
        self._runs = runs
        self.span = (end - timedelta(days=days), end + timedelta(days=1))
        """When the hosts write."""
        self._events: dict[str, dict[Key, Times]] = {}
        self._since: dict[str, float] = {}

    async def count(self, request: CountRequest) -> Counts:
        """Count each window exactly."""
        self.requests.append(request)
        if self.failures:
            raise LogStoreError(self.failures.pop(0))
        self._break(request)
        windows = tuple(self._window(request, window) for window in request.windows)
        return Counts(
            windows=windows,
            newest=max(window.end for window in request.windows) - timedelta(seconds=1),
            gaps=self.gaps,
            ingest_lag=self.lag,
        )

    async def close(self) -> None:
        """Nothing to give back."""

    def _of(self, component: str) -> dict[Key, Times]:
        if component not in self._events:
            self._events[component] = dict(_steady(component, *self.span))
        return self._events[component]

    def _break(self, request: CountRequest) -> None:
        """Let hosts that run something broken write it, from the end of their restart on."""
        name = request.component
        for host in hosts(name):
            more = self.broken.get(self._runs(name, host))
            if more is None or host in self._since or len(request.windows) < 2:
                continue
            since = _seconds(request.windows[-1].start)
            self._since[host] = since
            events = self._of(name)
            for (level, kind), pace in more.items():
                before = events.get((level, kind, host), np.zeros(0))
                added = _drawn(f"{host} {kind} broken", pace, since, _seconds(self.span[1]))
                events[level, kind, host] = np.sort(np.concatenate([before, added]))

    def _window(self, request: CountRequest, window: Window) -> WindowCounts:
        start, end = _seconds(window.start), _seconds(window.end)
        length = request.bucket.total_seconds() if request.bucket else 0.0
        types: list[TypeCount] = []
        alive: list[Alive] = []
        documents: dict[str, int] = {}
        for (level, kind, host), times in self._of(request.component).items():
            if host in self.silent:
                continue
            until = self._until(level, kind, host, end)
            since = max(start, _seconds(self.silent_until.get(host, window.start)))
            inside = times[np.searchsorted(times, since) : np.searchsorted(times, until)]
            if not len(inside):
                continue
            documents[host] = documents.get(host, 0) + len(inside)
            for bucket, count in _buckets(inside, length):
                if not kind:
                    alive.append(Alive(host=host, bucket=bucket or window.start, count=count))
                elif level in request.levels:
                    types.append(
                        TypeCount(
                            error_type=kind,
                            level=level,
                            host=host if request.by_host else "",
                            count=count,
                            bucket=bucket,
                        )
                    )
        names = sorted({row.error_type for row in types}) if request.samples else []
        return WindowCounts(
            window=window,
            types=tuple(types),
            documents=documents,
            samples=tuple(
                Sample(error_type=n, first_seen=window.start, message=f"{n} token=secret123")
                for n in names
            ),
            alive=tuple(alive) if request.alive else (),
            oldest=window.start,
        )

    def _until(self, level: str, kind: str, host: str, end: float) -> float:
        if host in self.silent_since:
            return min(end, _seconds(self.silent_since[host]))
        stopped = self.stopped.get((level, kind))
        if stopped is None or (self.stopped_on and host not in self.stopped_on):
            return end
        return min(end, _seconds(stopped))


def hosts(component: str) -> tuple[str, ...]:
    """The hosts of a component."""
    return tuple(f"{component}-{number}" for number in (1, 2, 3))


@lru_cache(maxsize=16)
def minutes_of(
    component: str, written: Span, counted: Span, levels: tuple[str, ...]
) -> MinuteCounts:
    """The whole minutes of a span as a log store counts them, without asking one.

    `written` is the span in which the hosts write.
    """
    first, last = (bin_of(moment, MINUTE) for moment in counted)
    size = last - first
    rows: dict[str, Times] = {}
    for (level, kind, _), times in _steady(component, *written):
        if kind and level in levels:
            at = (times // 60).astype(int) - first
            row = np.bincount(at[(at >= 0) & (at < size)], minlength=size)
            rows[key_of(level, kind)] = rows.get(key_of(level, kind), np.zeros(size)) + row
    keys = tuple(sorted(rows))
    counts = np.array([rows[key] for key in keys], dtype=np.float64)
    return MinuteCounts(first, keys, counts, np.full(size, float(len(hosts(component)))))


async def fit_here(pieces: Sequence[bytes], span: tuple[int, int]) -> str:
    """Calibrate in this process, the same thing only once."""
    return _fitted(tuple(pieces), span)


@lru_cache(maxsize=16)
def _fitted(pieces: tuple[bytes, ...], span: tuple[int, int]) -> str:
    return work.fit(pieces, span, two_sided=True)


@lru_cache(maxsize=16)
def _steady(component: str, begin: datetime, end: datetime) -> tuple[tuple[Key, Times], ...]:
    first, last = _seconds(begin), _seconds(end)
    found: list[tuple[Key, Times]] = []
    for host in hosts(component):
        found.append((("INFO", "", host), np.arange(first, last, 30.0)))
        for (level, kind), pace in PACES.items():
            found.append(((level, kind, host), _drawn(f"{host} {kind}", pace, first, last)))
    return tuple(found)


def _drawn(seed: str, pace: float, begin: float, end: float) -> Times:
    rng = np.random.default_rng(list(f"1 {seed}".encode()))
    return np.sort(rng.uniform(begin, end, rng.poisson(pace * (end - begin) / 60)))


def _buckets(times: Times, length: float) -> list[tuple[datetime | None, int]]:
    if not length:
        return [(None, len(times))]
    numbers, counts = np.unique(times // length, return_counts=True)
    return [
        (_EPOCH + timedelta(seconds=float(n) * length), int(count))
        for n, count in zip(numbers, counts, strict=True)
    ]


def _seconds(moment: datetime) -> float:
    return (moment - _EPOCH).total_seconds()
