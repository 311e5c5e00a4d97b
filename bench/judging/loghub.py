"""Reads samples of logs in loghub-2k's form: lines with the template that people gave each."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

SOURCE = "https://github.com/logpai/loghub (loghub-2k), corrected: github.com/logpai/loghub-2.0"
_SUFFIXES = ("_2k.log_structured.csv", "_2k.log_structured_corrected.csv")
_ZIPPED = ".gz"
_NAMED: tuple[str, ...] = ("%Y %b %d",)
_DATES: tuple[str, ...] = (
    "%Y-%m-%d",
    "%Y.%m.%d",
    "%Y/%m/%d",
    "%y/%m/%d",
    "%y%m%d",
    "%m-%d",
    "%Y%m%d",
)
_CLOCKS = ("%H:%M:%S", "%H%M%S")


@dataclass(frozen=True)
class Sample:
    """One system's lines."""

    name: str
    lines: tuple[str, ...]
    truth: tuple[str, ...]
    """The event of each line, by its id, or its template where the ids are those of other lines."""
    times: tuple[datetime, ...]
    """The time of each line; empty where a time could not be read. Years are made up if missing."""
    corrected: bool
    """Whether this is the later, corrected truth."""


def samples(folder: Path) -> Iterator[Sample]:
    """The samples in a folder and those below it, by name. Packed files (.gz) are read as well.

    Raises ValueError, naming the file, for a table without the columns Content and EventId.
    """
    for path in sorted(folder.rglob("*_2k.log_structured*.csv*")):
        for suffix in _SUFFIXES:
            name = path.name.removesuffix(_ZIPPED)
            if name.endswith(suffix) and not _replaced(path, name):
                yield _read(path, name.removesuffix(suffix))


def _replaced(path: Path, name: str) -> bool:
    """Whether a corrected table of the same lines stands beside this one."""
    corrected = path.name.replace(_SUFFIXES[0], _SUFFIXES[1])
    return (
        name.endswith(_SUFFIXES[0])
        and corrected != path.name
        and path.with_name(corrected).is_file()
    )


def _read(path: Path, name: str) -> Sample:
    read: Callable[..., IO[str]] = gzip.open if path.suffix == _ZIPPED else open
    with read(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"Content", "EventId", "EventTemplate"} <= rows[0].keys():
        raise ValueError(f"{path}: wanted a table with Content, EventId and EventTemplate")
    corrected = "corrected" in path.name
    truth = "EventTemplate" if corrected else "EventId"
    return Sample(
        name=name,
        lines=tuple(row["Content"] for row in rows),
        truth=tuple(row[truth] for row in rows),
        times=_times(rows),
        corrected=corrected,
    )


def _times(rows: list[dict[str, str]]) -> tuple[datetime, ...]:
    found = [_time(row) for row in rows]
    return tuple(one for one in found if one) if all(found) else ()


def _time(row: dict[str, str]) -> datetime | None:
    if (row.get("Timestamp") or "").isdigit():
        return datetime.fromtimestamp(int(row["Timestamp"]), UTC)
    clock = (row.get("Time") or "").replace(".", ",").partition(",")[0]
    date, forms = row.get("Date") or "", _DATES
    if row.get("Month"):
        date, forms = f"2001 {row['Month']} {date}", _NAMED
    for form in forms:
        for hours in _CLOCKS:
            try:
                return datetime.strptime(f"{date} {clock}", f"{form} {hours}").replace(tzinfo=UTC)
            except ValueError:
                continue
    return None
