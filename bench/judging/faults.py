"""S4: injected code defects in real logs of microservices, judged by counts and by requests.

The files hold a minute before each fault and two behind it, and no days: no release can be played
on them, so what is usual, and the limits, come from the 50 s before the faults of other services.
Both ways to judge see the same lines and windows. Counts are what a policy has; no policy reads
requests, and how they are followed was worked out on these faults.

The times in the list are loose. By the two statements between which each defect lies (the source's
own root_cause_ts.json) half of the defects are there before their injection: some for up to 50 s,
others in all of the minute before, as one put in earlier; others begin up to 50 s later. Nothing
documents a better time, so windows end with the list's. That a defect shows early is counted; it
blames its own service only, and what else is blamed before a fault counts as false, whatever
happened there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from bench.judging import counted, habits, lines, windows
from bench.judging.figures import Share, share
from bench.judging.lines import Lines
from bench.judging.windows import LOOKS, Span, Windows

SOURCE = "https://github.com/IntelligentDDS/Nezha (2023-01-29)"
DAY = datetime(2023, 1, 29, tzinfo=UTC)
DEFECTS = ("return", "exception")
COUNTS = "counts"
REQUESTS = "by requests"


@dataclass(frozen=True)
class Fault:
    """One defect, put into one service."""

    second: int
    """Of the day, UTC."""
    service: str
    kind: str


@dataclass(frozen=True)
class Found:
    """How many defects were found in their service, and how many services were blamed falsely."""

    found: Share
    false_a_window: float
    windows: int
    """So many, each before a fault."""
    seconds: float | None
    """Median, to the detection."""
    before: Share
    """Of the defects: their service was blamed before the list's time already."""
    others: float
    """Services blamed together with the faulty one, a defect found; callers are upset too."""

    def as_json(self) -> dict[str, object]:
        """For the JSON object."""
        return {
            "found": self.found.as_json(),
            "false_services_a_window": round(self.false_a_window, 4),
            "windows": self.windows,
            "seconds": self.seconds,
            "found_before": self.before.as_json(),
            "other_services_a_defect": round(self.others, 4),
        }


class Judge(Protocol):
    """A way to blame services, learnt from the windows before faults."""

    def blamed(self, span: Span, without: int | None = None) -> set[str]:
        """The services blamed in a span by the windows, of which `without` has no say."""


def logs(day: datetime = DAY) -> str:
    """The name of the file with all log lines of a day."""
    return f"trainticket-{day:%Y-%m-%d}.tsv.xz"


def listed(day: datetime = DAY) -> str:
    """The name of the list of its faults."""
    return f"{day:%Y-%m-%d}-fault_list.json"


def run(folder: Path, day: datetime = DAY) -> dict[str, Found]:
    """Judge all services in the 50 s before each fault, and behind it, in both ways."""
    return judge(lines.read(lines.stored(folder / logs(day))), faults_of(folder / listed(day), day))


def judge(told: Lines, faults: list[Fault]) -> dict[str, Found]:
    """Judge each fault by what the windows before faults of other services say, in both ways.

    Blamed before a fault of another service is blamed falsely, whatever the reason.
    """
    whole = [fault for fault in faults if told.covers(*windows.before(fault.second))]
    healthy = Windows(
        tuple(windows.before(fault.second) for fault in whole),
        tuple(fault.service for fault in whole),
    )
    defects = [fault for fault in faults if fault.kind in DEFECTS]
    ways: dict[str, Callable[[Lines, Windows], Judge]]
    ways = {COUNTS: counted.Judge, REQUESTS: habits.Judge}
    return {name: _found(way(told, healthy), whole, defects) for name, way in ways.items()}


def _found(judging: Judge, whole: list[Fault], defects: list[Fault]) -> Found:
    """Judge the windows before some faults, each by the others, and the time behind the defects."""
    blamed = [judging.blamed(windows.before(one.second), n) for n, one in enumerate(whole)]
    false = [names - {fault.service} for names, fault in zip(blamed, whole, strict=True)]
    early = {fault for names, fault in zip(blamed, whole, strict=True) if fault.service in names}
    looks = [_behind(judging, fault) for fault in defects]
    at = np.array([seconds for seconds, _ in looks])
    hits = np.isfinite(at)
    return Found(
        found=share(hits),
        false_a_window=sum(map(len, false)) / max(len(whole), 1),
        windows=len(whole),
        seconds=float(np.median(at[hits])) if hits.any() else None,
        before=share(np.array([fault in early for fault in defects])),
        others=sum(others for _, others in looks) / max(int(hits.sum()), 1),
    )


def _behind(judging: Judge, fault: Fault) -> tuple[float, int]:
    """The seconds after a fault when its service is blamed, and how many others are then."""
    for seconds, span in zip(LOOKS, windows.behind(fault.second), strict=True):
        blamed = judging.blamed(span)
        if fault.service in blamed:
            return seconds, len(blamed) - 1
    return np.inf, 0


def faults_of(path: Path, day: datetime = DAY) -> list[Fault]:
    """Every fault of the list, by the time of its injection."""
    found = []
    for rows in json.loads(path.read_text()).values():
        for row in rows:
            moment = datetime.fromisoformat(row["inject_time"]).replace(tzinfo=UTC)
            second = int((moment - day).total_seconds())
            found.append(Fault(second, lines.service_of(row["inject_pod"]), row["inject_type"]))
    return found
