"""The building blocks of Slack messages, each within Slack's limits; cuts are visible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

Block = dict[str, Any]

HEADER = 150
SECTION = 3000
FIELDS, FIELD = 10, 2000
RICH = 3000
"""Characters of one rich text; Slack names no limit, its sections have this one."""
BUTTON, BUTTON_VALUE = 75, 2000
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
ACTIONS = 25
TABLE_ROWS, TABLE_COLUMNS, TABLE_CHARACTERS = 100, 20, 10_000
CELL = 300
"""Characters of one cell: a sample of a log line shall not eat the whole table."""
COLUMNS = 4
"""Columns beside each other: on a phone more of them have to be scrolled sideways."""
BETWEEN = " \N{MIDDLE DOT} "
"""Stands between cells that share a column."""
CHART_TITLE, CHART_LABEL, CHART_POINTS, CHART_SERIES = 50, 20, 20, 12
CONTEXT = 10
MENTIONS = 20
BLANK = "\N{EN DASH}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def cut(said: str, most: int) -> str:
    """The text, or its beginning with an ellipsis; never empty, as Slack wants no empty text.

    Without control characters, and without marks that turn the direction of what follows.
    """
    clean = _UNSEEN.sub("", said)
    whole = clean if clean.strip() else BLANK
    return whole if len(whole) <= most else whole[: most - 1] + ELLIPSIS


def escape(said: str) -> str:
    """Text for places where Slack reads markup: nothing in it links, pings or groups."""
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(said: str, most: int) -> Block:
    """Text in which Slack reads no markup at all."""
    return {"type": "plain_text", "text": cut(said, most), "emoji": False}


def header(said: str) -> Block:
    """The largest line."""
    return {"type": "header", "text": plain(said, HEADER)}


def lines(parts: Sequence[str], *, most: int = RICH) -> list[Block]:
    """Lines under each other as data: Slack makes no links and no pings of them."""
    text = "\n".join(parts)
    if not text.strip():
        return []
    return [rich([{"type": "text", "text": cut(text, most)}])]


def rich(elements: list[Block]) -> Block:
    """One paragraph of rich text."""
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def bold(said: str) -> Block:
    """A piece of rich text that stands out."""
    return {"type": "text", "text": cut(said, RICH), "style": {"bold": True}}


def fields(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Names and values beside each other, ten to a section."""
    shown = [plain(f"{name}\n{value}", FIELD) for name, value in pairs]
    return [
        {"type": "section", "fields": shown[first : first + FIELDS]}
        for first in range(0, len(shown), FIELDS)
    ]


def mentions(people: Sequence[str]) -> list[Block]:
    """People by their Slack ids, who are pinged when the message is posted."""
    if not people:
        return []
    elements: list[Block] = []
    for person in people[:MENTIONS]:
        elements += [{"type": "user", "user_id": person}, {"type": "text", "text": " "}]
    if len(people) > MENTIONS:
        elements.append({"type": "text", "text": f"+{len(people) - MENTIONS}"})
    return [rich(elements)]


def context(parts: Iterable[str]) -> list[Block]:
    """Small print."""
    shown = [plain(part, FIELD) for part in parts if part.strip()]
    return [{"type": "context", "elements": shown[:CONTEXT]}] if shown else []


def actions(buttons: list[Block]) -> list[Block]:
    """Buttons beside each other."""
    return [
        {"type": "actions", "elements": buttons[first : first + ACTIONS]}
        for first in range(0, len(buttons), ACTIONS)
    ]


def button(action_id: str, label: str, value: str, *, style: str = "") -> Block:
    """A button; `style` is primary, danger or nothing."""
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": cut(label, BUTTON), "emoji": False},
        "value": value,
    }
    return made | ({"style": style} if style else {})


def confirm(title: str, body: str, *, yes: str, no: str, danger: bool) -> Block:
    """The dialog in front of a button."""
    return {
        "title": plain(title, CONFIRM_TITLE),
        "text": plain(body, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON),
        "deny": plain(no, CONFIRM_BUTTON),
        "style": "danger" if danger else "primary",
    }


def table(header_: Sequence[str], rows: Sequence[Sequence[str]], *, more: str) -> Block:
    """A table of data cells; `more` says with `{count}` how many rows are left out."""
    width = min(len(header_), TABLE_COLUMNS)
    room = TABLE_CHARACTERS - len(more) - 8 - width
    kept: list[list[str]] = []
    for cells in (header_, *rows):
        line = [cut(cell, CELL) for cell in cells[:width]]
        size = sum(len(cell) for cell in line)
        if size > room or len(kept) == TABLE_ROWS - 1:
            break
        kept.append(line)
        room -= size
    left = len(rows) + 1 - len(kept)
    if left == 1 and len(kept) == TABLE_ROWS - 1 and _size(rows[-1], width) <= room:
        kept.append([cut(cell, CELL) for cell in rows[-1][:width]])
    elif left:
        kept.append([more.format(count=left), *[BLANK] * (width - 1)])
    made = [[{"type": "raw_text", "text": cell} for cell in line] for line in kept]
    return {"type": "table", "rows": made, "column_settings": [{"is_wrapped": True}] * width}


def narrow(cells: Sequence[str], names: int) -> list[str]:
    """At most four columns: the name of a row, two cells, and in the last one all others.

    `names` is how many cells at the beginning are the name. Cells that share a column keep their
    order, which is that of the header.
    """
    if len(cells) <= COLUMNS:
        return list(cells)
    name, rest = BETWEEN.join(cells[:names]), list(cells[names:])
    return [name, *rest[: COLUMNS - 2], BETWEEN.join(rest[COLUMNS - 2 :])]


def _size(cells: Sequence[str], width: int) -> int:
    return sum(len(cut(cell, CELL)) for cell in cells[:width])


def chart(
    title: str, categories: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]
) -> list[Block]:
    """Bars beside each other; labels that were cut stay different from each other."""
    labels = _different(categories[:CHART_POINTS])
    names = _different([name for name, _ in series[:CHART_SERIES]])
    if not labels or not names:
        return []
    bars = [
        {
            "name": name,
            "data": [
                {"label": label, "value": value}
                for label, value in zip(labels, values, strict=False)
            ],
        }
        for name, (_, values) in zip(names, series, strict=False)
    ]
    drawn = {"type": "bar", "series": bars, "axis_config": {"categories": labels}}
    return [{"type": "data_visualization", "title": cut(title, CHART_TITLE), "chart": drawn}]


def _both_ends(name: str, most: int) -> str:
    """The name without its middle: error types of one package differ at their ends."""
    whole = cut(name, len(name) or 1)
    if len(whole) <= most:
        return whole
    first = (most - 1) // 3
    return whole[:first] + ELLIPSIS + whole[first + 1 - most :]


def _different(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        label, number = _both_ends(name, CHART_LABEL), 2
        while label in found:
            tail = f" {number}"
            label, number = _both_ends(name, CHART_LABEL - len(tail)) + tail, number + 1
        found.append(label)
    return found
