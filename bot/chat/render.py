"""A card as JSON: the same field names with strings instead of texts, for the web room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.chat.texts import Words
from bot.core.card import Action, Card, Cell, Chart, Table
from bot.core.value import Text, text

Say = Callable[[Text], str]
"""Turns a message key and its parameters into a sentence."""


class ViewerWords(Words):
    """Says texts with moments as ISO 8601: the page shows them in each viewer's own zone."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Word one parameter; a moment stays exact to the second, with its zone."""
        if format_spec in {"time", "day"} and value:
            return datetime.fromisoformat(str(value)).isoformat(timespec="seconds")
        if format_spec == "zone":
            return self._word("zone.viewer", "")
        return super().format_field(value, format_spec)


def card_json(card: Card, say: Say) -> dict[str, object]:
    """Render a card to values that json.dumps takes; every string is data, never markup.

    `state_word` is the state in words. A field whose text key ends in `link` and whose value is an
    http(s) address moves to `links`.
    """
    links, fields = [], []
    for name, cell in card.fields:
        value = _cell(cell, say)
        if name.key.rpartition(".")[2] == "link" and value.startswith(("https://", "http://")):
            links.append({"label": say(name), "url": value})
        else:
            fields.append([say(name), value])
    return {
        "kind": card.kind,
        "title": say(card.title),
        "text": say(card.text),
        "release": card.release,
        "state": card.state,
        "state_word": _state_word(card.state, say),
        "lines": [_cell(line, say) for line in card.lines],
        "fields": fields,
        "links": links,
        "table": _table(card.table, say),
        "chart": _chart(card.chart, say),
        "actions": [_action(action, say) for action in card.actions],
        "mentions": list(card.mentions),
        "at": card.at.isoformat() if card.at else None,
        "who": card.who,
        "footer": None if card.footer is None else _cell(card.footer, say),
    }


def _state_word(state: str, say: Say) -> str:
    key = f"state.{state}"
    said = say(text(key)) if state else ""
    return state.replace("_", " ") if said == key else said


def _cell(cell: Cell, say: Say) -> str:
    return cell if isinstance(cell, str) else say(cell)


def _table(table: Table | None, say: Say) -> dict[str, object] | None:
    if table is None:
        return None
    rows = [{"cells": [_cell(c, say) for c in row.cells], "state": row.state} for row in table.rows]
    header = [say(name) for name in table.header]
    return {"caption": say(table.caption), "header": header, "rows": rows}


def _chart(chart: Chart | None, say: Say) -> dict[str, object] | None:
    if chart is None:
        return None
    series = [{"name": say(s.name), "values": list(s.values)} for s in chart.series]
    return {"title": say(chart.title), "categories": list(chart.categories), "series": series}


def _action(action: Action, say: Say) -> dict[str, object]:
    confirm = action.confirm
    return {
        "verb": action.verb,
        "label": say(action.label),
        "value": action.value,
        "style": action.style.value,
        "confirm": confirm
        and {
            "title": say(confirm.title),
            "body": say(confirm.body),
            "reason": confirm.reason,
        },
    }
