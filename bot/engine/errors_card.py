"""The card of `errors since deploy`: a table and bars, largest trouble first."""

from __future__ import annotations

from datetime import datetime

from bot.core.card import Card, Cell, Chart, Row, Series, Table
from bot.core.counts import Window
from bot.core.value import Text, Value, text
from bot.core.view.marks import NOTHING, times

TOP = 10
"""How many error types are shown when nobody says how many."""
MOST = 50
"""How many can be asked for with `top`."""
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
    compared: bool = True
    """Whether there were logs before; without any, nothing can be called new."""


class Answer(Value):
    """What was found for one component, or why nothing can be said."""

    component: str
    release: int = 0
    """The release whose deployment it is counted from; 0: from a time that was said."""
    lines: tuple[Line, ...] = ()
    window: Window | None = None
    baseline: Window | None = None
    gaps: tuple[Text, ...] = ()
    """Those of several components that differ in `component` only become one sentence."""
    link: str = ""
    """A page that shows the documents, when the log store has one."""


class Shown(Value):
    """What the card is about."""

    subject: str
    """A target or a component."""
    zone: str
    kind: str = "since_deploy"
    """The kind of span that was asked for."""
    group: str = ""
    """The only host group that was counted; empty: every host."""


def card(shown: Shown, answers: list[Answer], *, top: int | None) -> Card:
    """Every component that cannot be counted says why; nothing is left out silently.

    The components of the newest release come first, in each new types before all others.
    """
    answers = sorted(answers, key=lambda a: -a.release)
    lines = [
        line for _, line in sorted(((a.release, x) for a in answers for x in a.lines), key=_rank)
    ]
    rows = lines[: top or TOP]
    counted = [a for a in answers if a.window and a.baseline]
    title = _title(shown, counted, lines)
    return Card(
        kind="errors",
        release=max((a.release for a in counted), default=0) or None,
        title=title,
        text=title,
        lines=_notes(shown, answers, counted=counted, more=(len(lines) - len(rows), len(lines))),
        fields=tuple(
            (text("errors.link", component=a.component), a.link) for a in answers if a.link
        ),
        table=_table(rows, len(lines)) if rows else None,
        chart=_chart(rows) if rows else None,
        footer=_footer(shown, counted),
    )


def _rank(found: tuple[int, Line]) -> tuple[int, bool, int, float, str, str]:
    release, line = found
    new, often = _known(line) == "errors.new", line.multiple or 0
    return -release, not new, -line.after, -often, line.error_type, line.component


def _title(shown: Shown, counted: list[Answer], lines: list[Line]) -> Text:
    windows = [a.window for a in counted if a.window]
    if not windows:
        return text("errors.nothing", subject=shown.subject)
    releases = sorted({a.release for a in counted}, reverse=True)
    key = {"between": "errors.title_between", "since": "errors.title_since"}.get(shown.kind)
    key = key or ("errors.title" if len(releases) == 1 else "errors.title_each")
    return text(
        key,
        subject=shown.subject,
        releases=", ".join(f"#{number}" for number in releases),
        since=min(w.start for w in windows).isoformat(),
        until=max(w.end for w in windows).isoformat(),
        rows=len(lines),
        new=sum(_known(x) == "errors.new" for x in lines),
    )


def _notes(
    shown: Shown, answers: list[Answer], *, counted: list[Answer], more: tuple[int, int]
) -> tuple[Cell, ...]:
    notes: list[Text] = []
    if shown.group:
        notes.append(text("errors.group", group=shown.group))
    if not _same(counted):
        notes += [text("errors.window_of", component=_from(a), **_ends(a)) for a in counted]
    notes += _merged([gap for a in answers for gap in a.gaps])
    hidden, all_ = more
    if hidden:
        key = "errors.more" if all_ - hidden < MOST else "errors.more_of"
        notes.append(text(key, count=hidden, rows=all_, top=min(all_, MOST)))
    return tuple(notes)


def _from(answer: Answer) -> str:
    return f"{answer.component} (#{answer.release})" if answer.release else answer.component


def _merged(gaps: list[Text]) -> list[Text]:
    """The same thing said of several components is one sentence that names them all."""
    kept: dict[str, Text] = {}
    for gap in gaps:
        rest = {k: v for k, v in gap.params.items() if k != "component"}
        same = f"{gap.key} {sorted(rest.items(), key=str)}"
        if same not in kept:
            kept[same] = gap
        elif "component" in gap.params:
            names = f"{kept[same].params['component']}, {gap.params['component']}"
            kept[same] = text(gap.key, component=names, **rest)
    return list(kept.values())


def _same(counted: list[Answer]) -> bool:
    return len({(str(a.baseline), str(a.window)) for a in counted}) <= 1


def _ends(answer: Answer) -> dict[str, str]:
    base, window = answer.baseline, answer.window
    if base is None or window is None:
        return {}
    return {
        "base": base.start.isoformat(),
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
    }


def _footer(shown: Shown, counted: list[Answer]) -> Text | None:
    if not counted:
        return None
    if not _same(counted):
        return text("errors.windows_each", zone=shown.zone)
    return text("errors.windows", zone=shown.zone, **_ends(counted[0]))


def _table(lines: list[Line], rows: int) -> Table:
    header = ("component", "type", "before", "after", "multiple", "known", "first_seen", "sample")
    return Table(
        caption=text("errors.table", shown=len(lines), rows=rows),
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
    alone = len({x.component for x in lines}) == 1
    return Chart(
        title=text("check.chart"),
        categories=tuple(
            x.error_type if alone else f"{x.component}: {x.error_type}" for x in lines
        ),
        series=(
            Series(name=text("column.before"), values=tuple(float(x.before) for x in lines)),
            Series(name=text("column.after"), values=tuple(float(x.after) for x in lines)),
        ),
    )
