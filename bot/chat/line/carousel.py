"""Long lists as bubbles beside each other: history, plans, and whatever [More] is pressed for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.chat.line import tables
from bot.chat.line.limits import (
    ALT_TEXT,
    BUBBLE_BYTES,
    BUBBLES,
    CAROUSEL_BYTES,
    Message,
    cut,
    shown,
    size,
)
from bot.chat.line.pieces import DIM, bubble, words
from bot.chat.line.render import Fold, Renderer
from bot.core.card import Card, Row, Table

LISTED = frozenset({"history", "plan"})
"""Kinds of cards whose table is a list to be leafed through from the start."""
ROWS, MOST_ROWS = 5, 10
"""Rows of a bubble, and of one where otherwise too many bubbles would be needed."""
_TEXTS = (600, 300, 160, 80, 40)
"""Units of one cell: less and less until everything fits."""


def carousel(draw: Renderer, card: Card) -> Message | None:
    """Every row of a card's table; None where there is at most one.

    What does not fit is counted in the last bubble.
    """
    table = card.table
    if table is None or len(table.rows) < 2:
        return None
    count = min(len(table.rows), BUBBLES * MOST_ROWS)
    while True:
        for most in _TEXTS:
            found = {"type": "carousel", "contents": list(_bubbles(draw, card, count, most))}
            if _fits(found):
                return {"type": "flex", "altText": _spoken(draw, card), "contents": found}
        count = count * 3 // 4


def _spoken(draw: Renderer, card: Card) -> str:
    return shown(draw.said(card.text), ALT_TEXT)


def _fits(found: Message) -> bool:
    bubbles = found["contents"]
    small = all(size(one) <= BUBBLE_BYTES for one in bubbles)
    return small and len(bubbles) <= BUBBLES and size(found) <= CAROUSEL_BYTES


def _bubbles(draw: Renderer, card: Card, count: int, most: int) -> Iterator[Message]:
    table = card.table
    if table is None:
        return
    rows = table.rows[:count]
    groups = _groups(card, rows)
    if card.kind == "plan":
        yield bubble(draw.head(card, Fold(text=most, lines=6)))
    left = len(table.rows) - len(rows)
    for place, (name, group) in enumerate(groups):
        last = place == len(groups) - 1
        body = [
            words(cut(name, most), weight="bold") if name else _caption(draw, table, most),
            *_drawn(draw, card, group, most),
            *([tables.more(left)] if last and left else []),
        ]
        yield bubble(body)


def _caption(draw: Renderer, table: Table, most: int) -> Message:
    return words(cut(draw.said(table.caption), most), size="xs", color=DIM)


def _groups(card: Card, rows: Sequence[Row]) -> list[tuple[str, Sequence[Row]]]:
    """What stands in one bubble: a component of a plan, a release, or some rows."""
    if card.kind == "plan":
        named: dict[str, list[Row]] = {}
        for found in rows:
            named.setdefault(str(found.cells[1]).partition("/")[0], []).append(found)
        if len(named) < BUBBLES:
            return list(named.items())
    if card.kind == "history" and len(rows) <= BUBBLES:
        return [("", (found,)) for found in rows]
    each = next((n for n in range(ROWS, MOST_ROWS) if len(rows) <= n * (BUBBLES - 1)), MOST_ROWS)
    return [("", rows[first : first + each]) for first in range(0, len(rows), each)]


def _drawn(draw: Renderer, card: Card, rows: Sequence[Row], most: int) -> Iterator[Message]:
    if card.table is None:
        return
    header = [draw.said(name) for name in card.table.header]
    names = card.table.naming
    for found in rows:
        cells = tables.shortened([draw.cell(cell) for cell in found.cells], most)
        if card.kind == "history" and len(rows) == 1:
            yield tables.row(header, cells[:1], found.state, names=1)
            yield from tables.fields(header, cells)
        else:
            yield tables.row(header, cells, found.state, names=names)
