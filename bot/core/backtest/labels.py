"""What people know of the past: which releases were bad, and when there were incidents."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from bot.core.backtest.case import Label
from bot.core.counts import Window
from bot.core.value import Value

COLUMNS = ("release", "from", "to", "label")
INCIDENT = "incident"


class LabelError(ValueError):
    """The file of labels cannot be read; the message names the line and what would be right."""


class Labels(Value):
    """What a file of labels says."""

    releases: dict[int, Label] = {}
    incidents: tuple[Window, ...] = ()
    """Spans in which no pseudo-release is made: something was wrong, but no release of ours."""


def read_labels(text: str) -> Labels:
    """Read a CSV with the columns release, from, to, label.

    A row is about a release (`42,,,bad`; labels good and bad) or about a span
    (`,2026-11-03T10:00:00Z,2026-11-03T11:30:00Z,incident`). Raises LabelError.
    """
    rows = csv.reader(io.StringIO(text))
    header = next(rows, [])
    if tuple(header) != COLUMNS:
        said = ",".join(header)
        raise LabelError(f"line 1 is {said!r}; the first line is {','.join(COLUMNS)}")
    releases: dict[int, Label] = {}
    incidents: list[Window] = []
    for row in rows:
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise LabelError(f"line {rows.line_num}: {len(row)} columns, not {len(COLUMNS)}")
        release, begin, end, label = (cell.strip() for cell in row)
        if label == INCIDENT and not release:
            incidents.append(_span(begin, end, rows.line_num))
        else:
            releases[_number(release, rows.line_num)] = _label(label, rows.line_num)
    return Labels(releases=releases, incidents=tuple(incidents))


def _number(word: str, line: int) -> int:
    number = word.removeprefix("#")
    if not number.isdecimal():
        raise LabelError(f"line {line}: release {word!r}; write 42, or a span with {INCIDENT}")
    return int(number)


def _label(word: str, line: int) -> Label:
    try:
        return Label(word)
    except ValueError:
        raise LabelError(f"line {line}: label {word!r} of a release; write good or bad") from None


def _span(begin: str, end: str, line: int) -> Window:
    start, stop = (_moment(word, line) for word in (begin, end))
    if stop <= start:
        raise LabelError(f"line {line}: the span ends at {end!r}, not after {begin!r}")
    return Window(start=start, end=stop)


def _moment(word: str, line: int) -> datetime:
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise LabelError(f"line {line}: {word!r} is no time with a zone, as 2026-11-03T10:00:00Z")
    return moment
