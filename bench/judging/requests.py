"""What each request made services write, in order: counted in windows, from logs with trace ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bench.judging.worlds import Floats

LOCAL = timedelta(hours=8)
"""What the clock in the messages is ahead of UTC."""
BIN = 10
"""Seconds: where no line was written for so long, no file covers the time."""
_LINE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d+) +([A-Z]+) +(\S+#\d+) TraceID: (\w+)(.*)", re.DOTALL)
_LOST = "No instances available for"
"""A caller's words when the registry knows no instance of the service that it wants to call."""


@dataclass(frozen=True)
class Window:
    """Requests counted by statement; a request counts where it first wrote the statement."""

    reached: Floats
    """(keys,): that wrote the statement in the window and were followed on from there."""
    wrote: Floats
    """(keys, keys): of those that reached the second, how many wrote the first by the end."""
    followed: Floats
    """(keys, keys): and how many wrote the first right after the second."""


@dataclass(frozen=True)
class Requests:
    """When each request first wrote each statement of each service."""

    keys: tuple[tuple[str, str], ...]
    """(service, level and statement)."""
    places: NDArray[np.intp]
    """(requests, keys): the place among all lines; their number where it was never written."""
    ends: NDArray[np.intp]
    """(requests,): the last place until which a lost request is followed; -1 for the others."""
    seconds: Floats
    """(lines,), ascending: seconds of the day, UTC."""

    @property
    def services(self) -> tuple[str, ...]:
        """Everything that wrote a statement."""
        return tuple(sorted({service for service, _ in self.keys}))

    def covers(self, begin: float, end: float) -> bool:
        """Whether the files hold a window: lines in each ten seconds of it."""
        edges = np.searchsorted(self.seconds, np.arange(begin, end + BIN, BIN))
        return bool((np.diff(edges) > 0).all())

    def window(self, begin: float, end: float) -> Window:
        """Count from second `begin` until before `end`, by what was written before `end`."""
        low, high = np.searchsorted(self.seconds, [begin, end])
        inside = (self.places >= low) & (self.places < high)
        here = inside.any(axis=1)
        places, inside = self.places[here], inside[here]
        order = np.argsort(places, axis=1, kind="stable")
        written = np.take_along_axis(inside, order, axis=1)
        pairs = written[:, :-1] & written[:, 1:]
        followed = np.zeros((len(self.keys),) * 2)
        np.add.at(followed, (order[:, 1:][pairs], order[:, :-1][pairs]), 1)
        reached = (inside & (places != self.ends[here, None])).astype(float)
        return Window(reached.sum(axis=0), (places < high).T.astype(float) @ reached, followed)


def read(lines: Iterable[tuple[str, str]]) -> Requests:
    """Read (service, message) by the messages' own clock; what has no clock or trace is left out.

    A request that finds no instance of a service is followed until the line before it said so, and
    what that line leads to is unknown: pods come and go, which says nothing of the code.
    """
    rows: list[tuple[float, tuple[str, str], str, bool]] = []
    for service, message in lines:
        found = _LINE.match(message)
        if found is None:
            continue
        hour, minute, second, word, statement, trace, said = found.groups()
        clock = int(hour) * 3600 + int(minute) * 60 + float(second) - LOCAL.total_seconds()
        rows.append((clock, (service, f"{word} {statement}"), trace, _LOST in said))
    rows.sort(key=lambda row: row[0])
    keys = tuple(sorted({key for _, key, _, _ in rows}))
    index = {key: n for n, key in enumerate(keys)}
    kept, ends = _kept([(trace, lost) for _, _, trace, lost in rows])
    places = np.full((len(kept), len(keys)), len(rows), dtype=np.intp)
    for request, own in enumerate(kept):
        for place in reversed(own):
            places[request, index[rows[place][1]]] = place
    return Requests(keys, places, ends, np.array([row[0] for row in rows]))


def _kept(rows: list[tuple[str, bool]]) -> tuple[list[list[int]], NDArray[np.intp]]:
    """The places of each request's lines, and where it is lost."""
    kept: dict[str, list[int]] = {}
    ends: dict[str, int] = {}
    for place, (trace, lost) in enumerate(rows):
        own = kept.setdefault(trace, [])
        if trace in ends:
            continue
        if lost:
            ends[trace] = own[-1] if own else -1
        else:
            own.append(place)
    return list(kept.values()), np.array([ends.get(trace, -1) for trace in kept], dtype=np.intp)
