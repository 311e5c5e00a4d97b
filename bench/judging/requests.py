"""What each request made services write, in order: counted in windows, from logs with trace ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judging.lines import Lines
from bench.judging.windows import Span
from bench.judging.worlds import Floats

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

    lines: Lines
    places: NDArray[np.intp]
    """(requests, keys): the place among all lines; their number where it was never written."""
    ends: NDArray[np.intp]
    """(requests,): the last place until which a lost request is followed; -1 for the others."""

    def window(self, span: Span) -> Window:
        """Count a span, by what was written before its end."""
        low, high = self.lines.between(*span)
        inside = (self.places >= low) & (self.places < high)
        here = inside.any(axis=1)
        places, inside = self.places[here], inside[here]
        order = np.argsort(places, axis=1, kind="stable")
        written = np.take_along_axis(inside, order, axis=1)
        pairs = written[:, :-1] & written[:, 1:]
        followed = np.zeros((len(self.lines.keys),) * 2)
        np.add.at(followed, (order[:, 1:][pairs], order[:, :-1][pairs]), 1)
        reached = (inside & (places != self.ends[here, None])).astype(float)
        return Window(reached.sum(axis=0), (places < high).T.astype(float) @ reached, followed)


def read(lines: Lines) -> Requests:
    """Put together what each request wrote.

    A request that finds no instance of a service is followed until the line before it said so, and
    what that line leads to is unknown: pods come and go, which says nothing of the code.
    """
    lost = [_LOST in said for said in lines.said]
    kept, ends = _kept(list(zip(lines.traces, lost, strict=True)))
    places = np.full((len(kept), len(lines.keys)), len(lines.said), dtype=np.intp)
    for request, own in enumerate(kept):
        for place in reversed(own):
            places[request, lines.numbers[place]] = place
    return Requests(lines, places, ends)


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
