"""S4: injected code defects in real logs of microservices, statement by statement.

The files hold a minute before each fault and two behind it, and no days: no release can be played
on them. Rate and over-dispersion of each statement of a service come from the minutes before the
faults of other services; scores and limits are those of the policy for young baselines, two-sided.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench.judging.figures import Share, share
from bench.judging.worlds import Floats
from bot.core.verdict.calibrated import level, scores, tails

SOURCE = "https://github.com/IntelligentDDS/Nezha (2023-01-29)"
LOGS = "trainticket-2023-01-29.tsv.xz"
FAULTS = "2023-01-29-fault_list.json"
DAY = datetime(2023, 1, 29, tzinfo=UTC)
LOCAL = timedelta(hours=8)
"""What the clock in the messages is ahead of UTC."""
DEFECTS = ("return", "exception")
BIN = 10
"""Seconds."""
WITHIN = 100
"""Seconds in which a defect is to be found."""
LOOKS = (5, 10)
"""Bins after the fault."""
FALSE_A_WINDOW = 1 / 20
_LINE = re.compile(r"(\d\d):(\d\d):(\d\d)\.\d+ +([A-Z]+) +(\S+#\d+)(?: TraceID: (\w+))?")
_POD = re.compile(r"-[0-9a-z]+-[0-9a-z]+$")


@dataclass(frozen=True)
class Fault:
    """One defect, put into one service."""

    second: int
    """Of the day, UTC."""
    service: str
    kind: str


@dataclass(frozen=True)
class Counted:
    """What was written and how many requests there were, in bins of the day."""

    keys: tuple[tuple[str, str], ...]
    """(service, level and statement)."""
    counts: Floats
    """(keys, bins)."""
    requests: Floats
    """(bins,): distinct traces; 0 where no file covers the time."""

    @property
    def services(self) -> frozenset[str]:
        """Everything that wrote a statement."""
        return frozenset(service for service, _ in self.keys)

    def covers(self, begin: int, bins: int) -> bool:
        """Whether all bins of a window are in the files."""
        return bool((self.requests[begin : begin + bins] > 0).all())


@dataclass(frozen=True)
class Found:
    """How many defects were found in their service, and how many services were blamed falsely."""

    found: Share
    false_a_window: float
    windows: int
    """So many, each before a fault."""
    seconds: float | None
    """Median, to the detection."""

    def as_json(self) -> dict[str, object]:
        """For the JSON object."""
        return {
            "found": self.found.as_json(),
            "false_services_a_window": round(self.false_a_window, 4),
            "windows": self.windows,
            "seconds": self.seconds,
        }


def run(folder: Path) -> Found:
    """Judge all services in the minute before each fault, and the faulty one behind it.

    Effects show up to 50 s before some injections by the list's clock, also in the services that
    call the faulty one, so that not every blame before a fault is a false one; all are counted.
    """
    counted = count(_lines(folder / LOGS))
    faults = faults_of(folder / FAULTS)
    begins = [fault.second // BIN - LOOKS[0] for fault in faults]
    whole = [n for n, at in enumerate(begins) if counted.covers(at, LOOKS[0])]
    blamed, at = 0, []
    for service in sorted(counted.services):
        others = [n for n in whole if faults[n].service != service]
        for n in others:
            healthy = [begins[m] for m in others if m != n]
            blamed += bool(_Judge(counted, service, healthy).blames(begins[n], LOOKS[:1]))
        judge = _Judge(counted, service, [begins[n] for n in others])
        at += [
            judge.blames(-(-fault.second // BIN), LOOKS) or np.inf
            for fault in faults
            if fault.service == service and fault.kind in DEFECTS
        ]
    hits = np.isfinite(np.array(at))
    seconds = float(np.median(np.array(at)[hits])) * BIN if hits.any() else None
    return Found(share(hits), blamed / max(len(whole), 1), len(whole), seconds)


def faults_of(path: Path) -> list[Fault]:
    """Every fault of the list, by the time of its injection."""
    found = []
    for rows in json.loads(path.read_text()).values():
        for row in rows:
            moment = datetime.fromisoformat(row["inject_time"]).replace(tzinfo=UTC)
            second = int((moment - DAY).total_seconds())
            found.append(Fault(second, _POD.sub("", row["inject_pod"]), row["inject_type"]))
    return found


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    with lzma.open(path, "rt") as lines:
        next(lines)
        for line in lines:
            _, pod, message = line.rstrip("\n").split("\t", 2)
            yield _POD.sub("", pod), message


def count(lines: Iterator[tuple[str, str]]) -> Counted:
    """Count statements of (service, message) by their own clock; lines without one are left out."""
    cells: dict[tuple[str, str], list[int]] = {}
    traces: dict[int, set[str]] = {}
    for service, message in lines:
        read = _LINE.match(message)
        if read is None:
            continue
        hour, minute, second, word, statement, trace = read.groups()
        day = int(hour) * 3600 + int(minute) * 60 + int(second) - int(LOCAL.total_seconds())
        cells.setdefault((service, f"{word} {statement}"), []).append(day // BIN)
        traces.setdefault(day // BIN, set()).add(trace or "")
    bins = 86_400 // BIN
    keys = tuple(sorted(cells))
    counts = np.array([np.bincount(cells[key], minlength=bins)[:bins] for key in keys], dtype=float)
    requests = np.zeros(bins)
    for at, names in traces.items():
        requests[at] = len(names)
    return Counted(keys, counts, requests)


class _Judge:
    """What healthy windows say of the statements of one service."""

    def __init__(self, counted: Counted, service: str, healthy: list[int]) -> None:
        self.counted = counted
        self.rows = [n for n, (name, _) in enumerate(counted.keys) if name == service]
        windows = [self._window(at, LOOKS[0]) for at in healthy]
        seen = np.stack([one for one, _ in windows], axis=1)
        asked = np.array([requests for _, requests in windows])
        self.rates = (seen.sum(axis=1) + 0.5) / asked.sum()
        self.over = level.overdispersion(seen, self.rates[:, None] * asked)
        past = np.stack([self._scores(at, LOOKS[0]) for at in healthy], axis=1)
        tests = 2 * len(self.rows) * len(LOOKS)
        alpha = FALSE_A_WINDOW / len(counted.services)
        bound = tails.bounded(past, tests=tests, moments=len(healthy), alpha=alpha)
        self.cut = bound.cut(alpha)

    def _window(self, begin: int, bins: int) -> tuple[Floats, float]:
        here = slice(begin, begin + bins)
        seen = self.counted.counts[self.rows, here].sum(axis=1)
        return seen, float(self.counted.requests[here].sum())

    def _scores(self, begin: int, bins: int) -> Floats:
        seen, asked = self._window(begin, bins)
        cells = (seen[:, None, None], (self.rates * asked)[:, None, None], self.over[:, None])
        return np.asarray(np.maximum(scores.rise(*cells), scores.fall(*cells))[:, 0, 0])

    def blames(self, begin: int, looks: tuple[int, ...]) -> int:
        """The bins after `begin` at which the service is blamed, 0 where it is not."""
        for look in looks:
            if not self.counted.covers(begin, look):
                break
            if self._scores(begin, look).max() > self.cut:
                return look
        return 0
