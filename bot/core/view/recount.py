"""The card of a recount: what has arrived or expired since the verdicts of a release."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.card import Card, Cell, Row, Table
from bot.core.recount import Change, arrived, expired
from bot.core.value import Moment, Text, Value, text

SHOWN = 20
"""Changes in the table, the largest ones."""


class Again(Value):
    """The last round of one check, counted again."""

    step: str
    round: int
    at: Moment | None = None
    """When it was counted for the verdict; None where what was kept cannot be read."""
    windows: tuple[tuple[Moment, Moment], ...] = ()
    """Start and end of each window, by the numbers that the changes have."""
    changes: tuple[Change, ...] = ()
    gaps: tuple[Text, ...] = ()
    """Why the new count may be too low."""
    trouble: Text | None = None
    """Why it could not be counted again; a text that says so by itself."""


def recount(release: int, found: Sequence[Again]) -> Card:
    """A line for each check, and the types that changed most."""
    lines: list[Cell] = []
    for again in found:
        lines.append(_line(again))
        if again.gaps:
            lines += [text("recount.gap", step=again.step), *again.gaps]
    changed = [(again, change) for again in found for change in again.changes]
    changed.sort(key=lambda one: (-abs(one[1].difference), one[0].step, one[1].key))
    more = len(changed) - SHOWN
    if more > 0:
        lines.append(text("recount.more", count=more))
    title = text("recount.title", release=release)
    return Card(
        kind="recount",
        release=release,
        title=title,
        text=title,
        lines=tuple(lines),
        table=_table(changed[:SHOWN]) if changed else None,
    )


def _line(again: Again) -> Text:
    if again.trouble is not None:
        return again.trouble
    at = again.at.isoformat() if again.at else ""
    if not again.changes:
        return text("recount.same", step=again.step, round=again.round, at=at)
    came, went = arrived(again.changes), expired(again.changes)
    return text(
        "recount.changed",
        step=again.step,
        round=again.round,
        at=at,
        arrived=came,
        expired=went,
    )


def _table(changed: Sequence[tuple[Again, Change]]) -> Table:
    header = ("step", "window", "type", "then", "now", "difference")
    return Table(
        caption=text("recount.table"),
        header=tuple(text(f"column.{name}") for name in header),
        rows=tuple(_row(again, change) for again, change in changed),
    )


def _row(again: Again, change: Change) -> Row:
    start, end = again.windows[change.window]
    return Row(
        cells=(
            again.step,
            text("recount.window", start=start.isoformat(), end=end.isoformat()),
            change.key,
            str(change.before),
            str(change.now),
            f"{change.difference:+d}",
        )
    )
