"""The card of `errors since deploy`: a table and bars, largest trouble first."""

from __future__ import annotations

from datetime import datetime

from bot.core.card import Card, Cell, Chart, Row, Series, Table
from bot.core.counts import Window
from bot.core.value import Text, Value, text
from bot.core.view.marks import NOTHING, times

TOP = 10
"""How many error types are shown when nobody says how many."""
MISSED = 3.0
"""Expected events whose absence is worth a word: by Poisson's law, 1 in 20 sees none by chance."""


class Line(Value):
    """One error type of one component, before and after."""

    component: str
    error_type: str
    before: int
    after: int
    multiple: float | None
    expected: float = 0
    """How many there would be after at the rate of before."""
    first_seen: datetime | None = None
    sample: str = ""
    hosts: int = 0
    compared: bool = True
    """Whether there were logs before; without any, nothing can be called new."""


class Answer(Value):
    """What was found for one component, or why nothing can be said."""

    component: str
    lines: tuple[Line, ...] = ()
    window: Window | None = None
    gaps: tuple[Text, ...] = ()
    link: str = ""
    """A page that shows the documents, when the log store has one."""


class Shown(Value):
    """What the card is about."""

    target: str
    release: int
    """0 when the target was never released."""
    zone: str


def card(shown: Shown, answers: list[Answer], *, top: int | None) -> Card:
    """Every component that cannot be counted says why; nothing is left out silently."""
    lines = sorted(
        (line for a in answers for line in a.lines),
        key=lambda x: (
            -(_known(x) == "errors.new"),
            -x.after,
            -(x.multiple or 0),
            x.error_type,
        ),
    )
    rows = lines[: top or TOP]
    more = len(lines) - len(rows)
    notes: list[Cell] = []
    for item in answers:
        notes += [gap for gap in item.gaps if gap not in notes]
    if more > 0:
        notes.append(text("errors.more", count=more))
    windows = [a.window for a in answers if a.window]
    since = min(w.start for w in windows).isoformat() if windows else ""
    title = text(
        _title(shown) if windows else "errors.nothing",
        target=shown.target,
        release=shown.release,
        since=since,
        new=sum(_known(x) == "errors.new" for x in lines),
        types=sum(1 for x in lines if x.after),
    )
    return Card(
        kind="errors",
        release=shown.release or None,
        title=title,
        text=title,
        lines=tuple(notes),
        fields=tuple(
            (text("errors.link", component=a.component), a.link) for a in answers if a.link
        ),
        table=_table(rows) if rows else None,
        chart=_chart(rows) if rows else None,
        footer=text("errors.windows", zone=shown.zone),
    )


def _title(shown: Shown) -> str:
    return "errors.title" if shown.release else "errors.title_unreleased"


def _table(lines: list[Line]) -> Table:
    header = ("component", "type", "before", "after", "multiple", "known", "first_seen", "sample")
    return Table(
        caption=text("errors.table"),
        header=tuple(text(f"column.{k}") for k in header),
        rows=tuple(
            Row(
                cells=(
                    x.component,
                    x.error_type,
                    str(x.before),
                    str(x.after),
                    times(x.multiple),
                    text(_known(x)),
                    text("time", at=x.first_seen.isoformat()) if x.first_seen else NOTHING,
                    x.sample or NOTHING,
                ),
                state="new" if _known(x) == "errors.new" else "",
            )
            for x in lines
        ),
    )


def _known(line: Line) -> str:
    if not line.compared:
        return "errors.unknown"
    if line.before == 0:
        return "errors.new"
    gone = not line.after and line.expected >= MISSED
    return "errors.vanished" if gone else "errors.known"


def _chart(lines: list[Line]) -> Chart:
    return Chart(
        title=text("check.chart"),
        categories=tuple(f"{x.component}: {x.error_type}" for x in lines),
        series=(
            Series(name=text("column.before"), values=tuple(float(x.before) for x in lines)),
            Series(name=text("column.after"), values=tuple(float(x.after) for x in lines)),
        ),
    )
