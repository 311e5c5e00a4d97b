"""Tables on a phone: a row's name in bold, and below it what is known, each number named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from bot.chat.line import pieces
from bot.chat.line.limits import Message, cut
from bot.chat.line.pieces import DIM, box, words
from bot.core.card import Row
from bot.core.view.marks import NOTHING

_BARE = re.compile(r"\N{MULTIPLICATION SIGN}?\d[\d.,:]*(\s?[(\N{FULLWIDTH LEFT PARENTHESIS}].*)?")
"""A number or a time that says nothing without the name of its column."""


def more(count: int) -> Message:
    """How much is left out."""
    return words(f"+{count} …", size="xs", color=DIM)


def row(header: Sequence[str], cells: Sequence[str], state: str, *, names: int) -> Message:
    """One row: its name with its mark, and the other cells below it; empty ones are left out."""
    name = " · ".join(cell for cell in cells[:names] if cell.strip()) or NOTHING
    head = words(f"{pieces.mark(state)} {name}" if state else name, weight="bold", size="xs")
    said = " · ".join(_details(header[names:], cells[names:]))
    shade = pieces.colour(state) if state else DIM
    below = [words(said, size="xs", color=shade)] if said else []
    return box("vertical", [head, *below], margin="sm")


def fields(header: Sequence[str], cells: Sequence[str]) -> list[Message]:
    """The cells behind a row's name, each beside the name of its column."""
    named = zip(header[1:], cells[1:], strict=False)
    return [pieces.field(name, cell) for name, cell in named if cell.strip()]


def _details(header: Sequence[str], cells: Sequence[str]) -> list[str]:
    pairs = zip_longest(header[: len(cells)], cells, fillvalue="")
    shown = [(name, cell) for name, cell in pairs if cell.strip() and cell != NOTHING]
    return [f"{name} {cell}".strip() if _BARE.fullmatch(cell) else cell for name, cell in shown]


def calm(found: Row) -> bool:
    """Rows where something happens stand first when not all can be shown."""
    return found.state in {"", "waiting", "done", "left_out", "cancelled"}


def shortened(cells: Sequence[str], most: int) -> list[str]:
    """Cells of so many units each; a row without any has one with a sign for nothing."""
    return [cut(cell, most) for cell in cells] or [NOTHING]
