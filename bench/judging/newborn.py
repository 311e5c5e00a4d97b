"""S3: births of templates in real logs: false alarms by new types, and which ones are seen."""

from __future__ import annotations

import csv
import gzip
import io
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.judging.figures import Share, share
from bot.core.verdict.calibrated.births import Births, births, judge_new

SOURCE = "https://github.com/logpai/loghub (Linux and Zookeeper, 2k)"
LOGS = ("Linux", "Zookeeper")
MEMORY = 14400
WINDOW = 15
STEP = 5
"""Minutes between healthy releases."""
SIZES = (1, 2, 3, 5, 10, 20)
_YEAR = 2005
"""Linux's log names no year."""

Lines = list[tuple[int, str]]


@dataclass
class Newborn:
    """What was found on all logs together."""

    false: Share
    found: dict[tuple[int, int], Share] = field(default_factory=dict)
    """(events, hosts) -> the share of injected new types that are an alarm."""
    watched: Share = field(default_factory=lambda: Share(0.0, 0.0, 1.0, 0))
    """The share of single events that are at least listed."""


def lines_of(folder: Path, name: str) -> Lines:
    """(minute, hand-made template) of each line of one log, in order."""
    path = folder / "loghub-2k" / name / f"{name}_2k.log_structured.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    rows = csv.DictReader(io.StringIO(text))
    return sorted((_minute(row), row["EventId"]) for row in rows)


def _minute(row: dict[str, str]) -> int:
    clock = row["Time"].split(",")[0]
    if "Month" in row:
        stamp = f"{_YEAR} {row['Month']} {row['Date']} {clock}"
        moment = datetime.strptime(stamp, "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    else:
        moment = datetime.fromisoformat(f"{row['Date']} {clock}+00:00")
    return int(moment.timestamp()) // 60


def sizes_at_birth(lines: Lines) -> dict[str, tuple[int, int]]:
    """Template -> the minute of its first line and its events within 15 minutes of that."""
    made: dict[str, tuple[int, int]] = {}
    for minute, key in lines:
        first, size = made.get(key, (minute, 0))
        made[key] = (first, size + (minute < first + WINDOW))
    return made


def known_at(lines: Lines, moment: int) -> tuple[set[str], Births]:
    """The templates of the ten days before, and the births among them after their first day."""
    past = _between(lines, moment - MEMORY, moment)
    made = sizes_at_birth(past)
    begin = moment - MEMORY + MEMORY // 10
    born = [value for value in made.values() if value[0] >= begin]
    return set(made), births(born, days=(moment - begin) / 1440)


def _between(lines: Lines, begin: int, end: int) -> Lines:
    return lines[bisect_left(lines, (begin, "")) : bisect_left(lines, (end, ""))]


def run(folder: Path, *, injections: int, step: int = STEP) -> Newborn:
    """Healthy windows on both logs, and new types put into some of them."""
    hits: list[bool] = []
    days: list[int] = []
    found: dict[tuple[int, int], list[bool]] = {}
    watched: list[bool] = []
    for number, name in enumerate(LOGS):
        lines = lines_of(folder, name)
        moments = range(lines[0][0] + MEMORY, lines[-1][0] - WINDOW, step)
        every = max(1, len(moments) // injections)
        for at, moment in enumerate(moments):
            known, rate = known_at(lines, moment)
            hits.append(_false(lines, moment, known, rate))
            days.append(1000 * number + (moment - moments[0]) // 1440)
            if at % every == 0:
                _inject(rate, found, watched)
    shares = {key: share(np.array(values)) for key, values in found.items()}
    false = share(np.array(hits), np.array(days, dtype=np.int64))
    return Newborn(false, shares, share(np.array(watched)))


def _false(lines: Lines, moment: int, known: set[str], rate: Births) -> bool:
    now: dict[str, int] = {}
    for _, key in _between(lines, moment, moment + WINDOW):
        if key not in known:
            now[key] = now.get(key, 0) + 1
    return any(judge_new(key, events, 1, known=rate).alarm for key, events in now.items())


def _inject(rate: Births, found: dict[tuple[int, int], list[bool]], watched: list[bool]) -> None:
    for events in SIZES:
        for hosts in (1, 2):
            if hosts <= events:
                new = judge_new("injected", events, hosts, known=rate)
                found.setdefault((events, hosts), []).append(new.alarm)
    single = judge_new("injected", 1, 1, known=rate)
    watched.append(not single.alarm and single.events == 1)
