"""A neutral card as a Slack message: blocks, and the text that stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.chat.slack import blocks, legend
from bot.chat.slack.blocks import Block
from bot.core.card import Action, Card, Cell, Style, Table
from bot.core.value import Text, text
from bot.engine.cards import SAY

Say = Callable[[Text], str]
"""Turns a message key and its parameters into a sentence."""

BLOCKS = 50
"""Blocks of one message."""
TEXT = 3900
"""Characters of the text: Slack advises against more than 4,000."""
TEXT_ROWS = 20
"""Rows of a table that the text repeats."""
ASK = "ask"
"""Begins the action ids of buttons that open a dialog for a reason."""
PRESS = "press"
"""Begins the action ids of all other buttons."""

WITH_REASON = frozenset({"abort", "rollback"})
"""Verbs whose dialog asks for a reason that may be left out."""

_MARKS = {
    "aborted": "\N{OCTAGONAL SIGN}",
    "aborting": "\N{OCTAGONAL SIGN}",
    "asked": "\N{RAISED HAND}",
    "baking": "\N{LEFT-POINTING MAGNIFYING GLASS}",
    "cancelled": "\N{HEAVY MINUS SIGN}",
    "closed": "\N{WHITE HEAVY CHECK MARK}",
    "done": "\N{WHITE HEAVY CHECK MARK}",
    "fail": "\N{CROSS MARK}",
    "failed": "\N{CROSS MARK}",
    "inconclusive": "\N{WHITE QUESTION MARK ORNAMENT}",
    "left_out": "\N{HEAVY MINUS SIGN}",
    "new": "\N{SQUARED NEW}",
    "overridden": "\N{WARNING SIGN}",
    "pass": "\N{WHITE HEAVY CHECK MARK}",
    "paused": "\N{DOUBLE VERTICAL BAR}",
    "planned": "\N{SPIRAL CALENDAR PAD}",
    "rolled_back": "\N{LEFTWARDS ARROW WITH HOOK}",
    "rolling_back": "\N{LEFTWARDS ARROW WITH HOOK}",
    "running": "\N{BLACK RIGHT-POINTING TRIANGLE}",
    "skipped": "\N{WARNING SIGN}",
    "stopping": "\N{OCTAGONAL SIGN}",
    "unsure": "\N{WHITE QUESTION MARK ORNAMENT}",
    "waiting": "\N{HOURGLASS WITH FLOWING SAND}",
    "waiting_approval": "\N{RAISED HAND}",
}
"""A sign for a state, always beside its word."""


def message(card: Card, say: Say, mentioned: Sequence[str] = ()) -> dict[str, Any]:
    """`text` and `blocks` of a card; `mentioned` are Slack ids of people to be called."""
    return {"text": fallback(card, say), "blocks": card_blocks(card, say, mentioned)}


def card_blocks(card: Card, say: Say, mentioned: Sequence[str] = ()) -> list[Block]:
    """The blocks of a card. Buttons are kept when something has to give way."""
    pressed = buttons(card, say)
    top = [blocks.header(marked(card.state, say(card.title))), *blocks.mentions(mentioned)]
    body = [*_lines(card, say), *_fields(card, say), *_evidence(card, say)]
    room = BLOCKS - len(top) - len(pressed) - 1
    return [*top, *body[:room], *pressed, *_footer(card, say)]


def buttons(card: Card, say: Say) -> list[Block]:
    """The buttons of a card."""
    kept = [(i, a) for i, a in enumerate(card.actions) if len(a.value) <= blocks.BUTTON_VALUE]
    return blocks.actions([_button(action, index, say) for index, action in kept])


def fallback(card: Card, say: Say) -> str:
    """The card in words, for notifications and screen readers: nothing in it is markup."""
    parts = [say(card.title), *_texts(card, say)]
    parts += [f"{say(name)}: {_cell(value, say)}" for name, value in card.fields]
    parts += _rows_in_words(card.table, say)
    if card.footer is not None:
        parts.append(_cell(card.footer, say))
    return blocks.escape(blocks.cut("\n".join(dict.fromkeys(filter(None, parts))), TEXT))


def marked(state: str, said: str) -> str:
    """The text behind the sign of a state."""
    mark = _MARKS.get(state, "")
    return f"{mark} {said}" if mark else said


def _cell(cell: Cell, say: Say) -> str:
    return cell if isinstance(cell, str) else say(cell)


def _texts(card: Card, say: Say) -> list[str]:
    """The sentence of the card and its lines, each once."""
    said = [say(card.text), *(_cell(line, say) for line in card.lines)]
    # A line to be said that no button shows whole.
    said += [a.value for a in card.actions if a.verb == SAY and len(a.value) > blocks.BUTTON]
    return [line for line in dict.fromkeys(said) if line and line != say(card.title)]


def _lines(card: Card, say: Say) -> list[Block]:
    return blocks.lines(_texts(card, say))


def _fields(card: Card, say: Say) -> list[Block]:
    named = [(say(name), _cell(value, say)) for name, value in card.fields]
    return blocks.fields(named)[:3]


def _evidence(card: Card, say: Say) -> Iterator[Block]:
    bars = _bars(card, say)
    if card.table is not None:
        yield table(card.table, say, numbered=bool(bars))
    if card.chart is not None:
        series = [(say(one.name), one.values) for one in card.chart.series]
        yield from blocks.chart(say(card.chart.title), bars or card.chart.categories, series)


def _bars(card: Card, say: Say) -> list[str]:
    """Short names of the bars that the table explains; empty where their own names do."""
    if card.chart is None or card.table is None:
        return []
    naming = card.table.naming
    names = [[_cell(cell, say) for cell in row.cells[:naming]] for row in card.table.rows]
    return legend.legend(card.chart.categories[: blocks.CHART_POINTS], names)


def table(found: Table, say: Say, *, numbered: bool = False) -> Block:
    """A table for a phone, too; what does not fit is counted in its last row."""
    rows = [
        [marked(row.state, first), *rest]
        for row in found.rows
        for first, *rest in [blocks.narrow([_cell(c, say) for c in row.cells], found.naming)]
    ]
    rows = legend.numbered(rows) if numbered else rows
    header = blocks.narrow([say(name) for name in found.header], found.naming)
    return blocks.table(header, rows, more=f"+{{count}} {blocks.ELLIPSIS}")


def _rows_in_words(found: Table | None, say: Say) -> Iterator[str]:
    if found is None:
        return
    for row in found.rows[:TEXT_ROWS]:
        yield ", ".join(_cell(cell, say) for cell in row.cells)
    if len(found.rows) > TEXT_ROWS:
        yield f"+{len(found.rows) - TEXT_ROWS} {blocks.ELLIPSIS}"


def _button(action: Action, index: int, say: Say) -> Block:
    asks = action.confirm is not None and (action.confirm.reason or action.verb in WITH_REASON)
    made = blocks.button(
        f"{ASK if asks else PRESS}.{action.verb}.{index}",
        say(action.label),
        action.value,
        style="" if action.style is Style.PLAIN else str(action.style),
    )
    if action.confirm is not None and not asks:
        made["confirm"] = blocks.confirm(
            say(action.confirm.title),
            say(action.confirm.body),
            yes=say(action.label),
            no=say(text("slack.back")),
            danger=action.style is Style.DANGER,
        )
    return made


def _footer(card: Card, say: Say) -> list[Block]:
    return blocks.context([] if card.footer is None else [_cell(card.footer, say)])
