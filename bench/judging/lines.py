"""Log lines of services with the statement and the request that wrote each, by their own clock."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.judging.worlds import Floats

LOCAL = timedelta(hours=8)
"""What the clock in the messages is ahead of UTC."""
BIN = 10
"""Seconds: where no line was written for so long, no file covers the time."""
_LINE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d+) +([A-Z]+) +(\S+#\d+) TraceID: (\w+)(.*)", re.DOTALL)
_POD = re.compile(r"-[0-9a-z]+-[0-9a-z]+$")


@dataclass(frozen=True)
class Lines:
    """Everything that was written on a day, in the order of its time."""

    keys: tuple[tuple[str, str], ...]
    """(service, level and statement), sorted."""
    seconds: Floats
    """(lines,), ascending: seconds of the day, UTC."""
    numbers: NDArray[np.intp]
    """(lines,): which of the keys."""
    traces: tuple[str, ...]
    """(lines,): the request."""
    said: tuple[str, ...]
    """(lines,): the rest of the message."""

    @property
    def services(self) -> tuple[str, ...]:
        """Everything that wrote a statement, sorted."""
        return tuple(sorted({service for service, _ in self.keys}))

    def between(self, begin: float, end: float) -> tuple[int, int]:
        """The places of the first line from second `begin`, and of the first from `end`."""
        low, high = np.searchsorted(self.seconds, [begin, end])
        return int(low), int(high)

    def covers(self, begin: float, end: float) -> bool:
        """Whether the files hold a window: lines in each ten seconds of it."""
        edges = np.searchsorted(self.seconds, np.arange(begin, end + BIN, BIN))
        return bool((np.diff(edges) > 0).all())


def read(messages: Iterable[tuple[str, str]]) -> Lines:
    """Read (service, message); what has no clock or no trace id, as a stack trace, is left out."""
    rows: list[tuple[float, tuple[str, str], str, str]] = []
    for service, message in messages:
        found = _LINE.match(message)
        if found is None:
            continue
        hour, minute, second, word, statement, trace, said = found.groups()
        clock = int(hour) * 3600 + int(minute) * 60 + float(second) - LOCAL.total_seconds()
        rows.append((clock, (service, f"{word} {statement}"), trace, said))
    rows.sort(key=lambda row: row[0])
    keys = tuple(sorted({key for _, key, _, _ in rows}))
    index = {key: n for n, key in enumerate(keys)}
    return Lines(
        keys,
        seconds=np.array([row[0] for row in rows]),
        numbers=np.array([index[row[1]] for row in rows], dtype=np.intp),
        traces=tuple(row[2] for row in rows),
        said=tuple(row[3] for row in rows),
    )


def stored(path: Path) -> Iterator[tuple[str, str]]:
    """(service, message) of a compressed table with a heading: time, pod and message by tabs."""
    with lzma.open(path, "rt") as table:
        next(table)
        for line in table:
            _, pod, message = line.rstrip("\n").split("\t", 2)
            yield service_of(pod), message


def service_of(pod: str) -> str:
    """A pod is an instance of a service, by its name."""
    return _POD.sub("", pod)
