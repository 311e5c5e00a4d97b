"""A card as LINE messages: a Flex bubble that stands alone, made smaller until it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.chat.line import pieces, tables
from bot.chat.line.limits import (
    ALT_TEXT,
    BUBBLE_BYTES,
    LABEL,
    MENTIONS,
    QUICK_REPLIES,
    TEXT,
    Message,
    cut,
    shown,
    size,
    width,
)
from bot.chat.line.pieces import DIM, words
from bot.chat.texts import Words
from bot.core.card import Action, Card, Cell, Chart, Table
from bot.core.value import Text, text
from bot.core.verdict.verdict import Result

HINT = "hint.try"
"""The message key of a line that can be typed as it is: it becomes a quick reply."""


@dataclass(frozen=True)
class Fold:
    """How much of a card is shown; chat.md 6.6 has the order in which it shrinks."""

    footer: bool = True
    lines: int = 24
    fields: int = 12
    rows: int = 30
    drawn: bool = True
    """Bars as boxes; otherwise their numbers in words."""
    categories: int = 12
    text: int = pieces.ONE_TEXT


FOLDS = (
    Fold(),
    Fold(footer=False),
    Fold(footer=False, lines=6, fields=3),
    Fold(footer=False, lines=6, fields=3, rows=12),
    Fold(footer=False, lines=4, fields=0, rows=6, drawn=False, text=300),
    Fold(footer=False, lines=2, fields=0, rows=3, drawn=False, categories=4, text=160),
    Fold(footer=False, lines=1, fields=0, rows=0, drawn=False, categories=0, text=80),
)
"""Each shows less than the one before it; the last one always fits."""


FIRST = {"errors": 3, "verdict": 3}
"""Rows that a card shows at first where [More] shows all of them; others show FIRST_ROWS."""
FIRST_ROWS, FIRST_CATEGORIES = 12, 6


class Renderer:
    """Draws cards in the words of one room."""

    def __init__(self, say: Words) -> None:
        self._say = say

    def message(self, card: Card, *, more: str = "", quick: Sequence[Message] = ()) -> Message:
        """The card as one Flex message, with quick replies for lines that can be typed.

        `more`: what a button [More] carries, where something is left out; without it as much as
        fits is shown at once.
        """
        found: Message = {
            "type": "flex",
            "altText": shown(self._say(card.text), ALT_TEXT),
            "contents": self.bubble(card, more),
        }
        items = [*quick, *self.typed(card)][:QUICK_REPLIES]
        return found | ({"quickReply": {"items": items}} if items else {})

    def bubble(self, card: Card, more: str = "") -> Message:
        """The card as a bubble of at most 30 KB."""
        drawn = self._bubble(card, FOLDS[0], more)
        for fold in FOLDS[1:]:
            if size(drawn) <= BUBBLE_BYTES:
                break
            drawn = self._bubble(card, fold, more)
        return drawn

    def _bubble(self, card: Card, fold: Fold, more: str) -> Message:
        fold = _at_first(card, fold) if more else fold
        body = self.head(card, fold)
        if card.table and card.table.rows:
            body += self._caption(card, card.table) + self._table(card.table, fold)
        if card.chart:
            body += self._chart(card.chart, fold)
        if card.footer is not None and fold.footer:
            body.append(words(self.cell(card.footer), size="xxs", color=DIM, margin="md"))
        buttons = [pieces.button(self.label(a), a) for a in card.actions if pieces.fits(a)]
        if more and _folded(card, fold):
            buttons.append(pieces.link(self._say(text("button.more")), more))
        return pieces.bubble(body, buttons)

    def head(self, card: Card, fold: Fold) -> list[Message]:
        """What stands above tables and bars: title, state, lines and fields."""
        body = [words(self._say(card.title), weight="bold", size="md")]
        body += self._state(card)
        body += self._lines(card, fold)
        fields = [pieces.field(self._say(n), self.cell(v)) for n, v in card.fields]
        return [*body, *self._some(fields, fold.fields)]

    def said(self, what: Text) -> str:
        """A sentence in the room's words."""
        return self._say(what)

    def label(self, action: Action) -> str:
        """What a button says in at most twenty units: its short form where there is one."""
        whole = self._say(action.label)
        if width(whole) <= LABEL:
            return whole
        shorter = pieces.short(action.label)
        said = self._say(shorter)
        return cut(whole if said.startswith(shorter.key) else said, LABEL)

    def _state(self, card: Card) -> list[Message]:
        if card.state == "asked":
            # What is asked says more than that it is asked.
            same = card.text == card.title
            return [] if same else [words(self._say(card.text), color=pieces.BLUE)]
        shade, sign = pieces.heading(card)
        if not shade:
            return []
        return [words(f"{sign} {self._word(card.state)}", color=shade, weight="bold")]

    def _lines(self, card: Card, fold: Fold) -> list[Message]:
        said = [self.cell(line) for line in card.lines if not _typable(line)]
        said += [a.value for a in card.actions if not pieces.whole(a, self.label(a))]
        found = [words(cut(line, fold.text)) for line in said if line.strip()]
        return self._some(found, fold.lines)

    def _caption(self, card: Card, table: Table) -> list[Message]:
        said = self._say(table.caption)
        # A list that is the whole card is named once.
        same = said == self._say(card.title)
        return [] if same else [words(said, size="xs", color=DIM, margin="md")]

    def _table(self, table: Table, fold: Fold) -> list[Message]:
        header = [self._say(name) for name in table.header]
        calm_last = len(table.rows) > fold.rows
        rows = sorted(table.rows, key=tables.calm) if calm_last else list(table.rows)
        names = table.naming
        drawn = [
            tables.row(
                header,
                tables.shortened([self.cell(c) for c in row.cells], fold.text),
                row.state,
                names=names,
            )
            for row in rows[: fold.rows]
        ]
        left = len(rows) - len(drawn)
        return [*drawn, *([tables.more(left)] if left else [])]

    def _chart(self, chart: Chart, fold: Fold) -> list[Message]:
        names = chart.categories[: fold.categories]
        if not names:
            return []
        series = [(self._say(s.name), s.values) for s in chart.series]
        most = max((v for _, values in series for v in values), default=0.0)
        found = [words(self._say(chart.title), size="xs", color=DIM, margin="md")]
        for index, name in enumerate(names):
            values = [(said, v[index]) for said, v in series if index < len(v)]
            if fold.drawn:
                found.append(pieces.bars(cut(name, fold.text), values, most))
            else:
                found.append(words(f"{cut(name, fold.text)}: {pieces.text_bar(values)}", size="xs"))
        left = len(chart.categories) - len(names)
        return [*found, *([tables.more(left)] if left else [])]

    def _some(self, found: list[Message], most: int) -> list[Message]:
        left = len(found) - most
        return found if left <= 0 else [*found[:most], tables.more(left)]

    def _word(self, state: str) -> str:
        kind = "result" if state in set(Result) else "state"
        key = f"{kind}.{state}"
        said = self._say(text(key))
        return state.replace("_", " ") if said == key else said

    def cell(self, cell: Cell) -> str:
        """A cell or a line in the room's words."""
        return cell if isinstance(cell, str) else self._say(cell)

    def typed(self, card: Card) -> list[Message]:
        """Whole lines that the card suggests, each to be said by one tap."""
        lines = [_typable(line) for line in card.lines]
        return [say_it(line, f"release {line}") for line in lines if line and width(line) <= 280]


def _typable(line: Cell) -> str:
    """The line that a hint suggests; empty for every other line."""
    hint = not isinstance(line, str) and line.key == HINT
    return str(line.params.get("line", "")) if hint and isinstance(line, Text) else ""


def _at_first(card: Card, fold: Fold) -> Fold:
    """What is shown where [More] shows the rest; one single row is not worth a button."""
    rows = FIRST.get(card.kind, FIRST_ROWS)
    count = len(card.table.rows) if card.table else 0
    most = count if count == rows + 1 else rows
    return replace(
        fold, rows=min(fold.rows, most), categories=min(fold.categories, FIRST_CATEGORIES)
    )


def _folded(card: Card, fold: Fold) -> bool:
    """Whether rows are left out, which are what [More] shows."""
    return card.table is not None and len(card.table.rows) > max(fold.rows, 1)


def say_it(label: str, line: str) -> Message:
    """A quick reply that says a line."""
    return {"type": "action", "action": pieces.message(label, line)}


def mention(said: str, accounts: Mapping[str, str]) -> Message:
    """A text that mentions people once: name -> LINE user id. Braces of the text are data."""
    called = dict(list(accounts.items())[:MENTIONS])
    keys = {f"m{index}": user for index, user in enumerate(called.values())}
    marks = " ".join(f"{{{key}}}" for key in keys)
    body = cut(said, TEXT // 2).replace("{", "{{").replace("}", "}}")
    people = {
        key: {"type": "mention", "mentionee": {"type": "user", "userId": user}}
        for key, user in keys.items()
    }
    return {"type": "textV2", "text": f"{marks} {body}".strip(), "substitution": people}


def plain(said: str) -> Message:
    """A plain text message."""
    return {"type": "text", "text": shown(said, TEXT)}
