"""Slack messages: Slack accepts every card, nothing in it is markup, and every cut is seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import sample_story
from bot.chat.samples import HOSTILE
from bot.chat.slack import blocks, render
from bot.chat.texts import Words
from bot.core import view
from bot.core.card import Action, Card, Chart, Confirm, Row, Series, Style, Table
from bot.core.release import StepKind
from bot.core.value import Text, text
from tests.support.chaos import Chaos, any_release
from tests.support.slack_oracle import check_message

SAY = Words("Asia/Tokyo")
MARKUP = HOSTILE[6]


def _said(said: str) -> Text:
    return text("said.line", line=said)


def _card(word: str, rows: int, buttons: int) -> Card:
    return Card(
        kind="board",
        title=_said(word),
        text=_said(word),
        release=42,
        state="running",
        lines=tuple([word, _said(word)] * 3),
        fields=tuple((_said(f"{n}{word}"), word) for n in range(8)),
        table=Table(
            caption=_said(word),
            header=(_said(word), text("column.step")),
            rows=tuple(Row(cells=(f"{n}{word}", _said(word)), state="done") for n in range(rows)),
        ),
        chart=Chart(
            title=_said(word),
            categories=tuple(f"{word}{n}" for n in range(rows)),
            series=(
                Series(name=_said(word), values=tuple(float(n) for n in range(rows))),
                Series(name=_said(word), values=tuple(-1.5 for _ in range(rows))),
            ),
        ),
        actions=tuple(
            Action(
                verb="rollback",
                label=_said(word),
                value=f"v1|42|{n}|a|b",
                style=list(Style)[n % 3],
                confirm=Confirm(title=_said(word), body=_said(word)) if n % 2 else None,
            )
            for n in range(buttons)
        ),
        footer=word,
    )


@pytest.mark.scenario(33, 76)
@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("rows", [0, 1, 7, 100])
def test_hostile_cards_are_accepted(word: str, rows: int) -> None:
    """Long, emoji, right-to-left and hostile texts in every place, with buttons reachable."""
    made = render.message(_card(word, rows, 8), SAY, ["U0ANNA"])

    check_message(made)
    buttons = [e for b in made["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert len(buttons) == 8


@settings(max_examples=25)
@given(word=st.text(max_size=400), rows=st.integers(0, 120), buttons=st.integers(0, 30))
def test_any_card_is_accepted(word: str, rows: int, buttons: int) -> None:
    """Whatever stands in a card, Slack takes the message."""
    check_message(render.message(_card(word, rows, buttons), SAY))


@pytest.mark.scenario(33)
def test_nothing_in_a_card_is_markup() -> None:
    """Data stands only where Slack reads no markup; in the text it is escaped."""
    made = render.message(_card(MARKUP, 2, 2), SAY)

    kinds = set(_types(made["blocks"]))
    assert "mrkdwn" not in kinds
    assert "user" not in kinds
    assert "<" not in made["text"]
    assert "&lt;!channel&gt;" in made["text"]


def _types(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["type"]] if isinstance(value.get("type"), str) else []
        return own + [t for item in value.values() for t in _types(item)]
    return [t for item in value for t in _types(item)] if isinstance(value, list) else []


@pytest.mark.scenario(76)
def test_rows_that_do_not_fit_are_counted() -> None:
    """A table of too many rows says how many are left out."""
    card = _card("a", 140, 1)
    made = render.message(card, SAY)
    table = next(b for b in made["blocks"] if b["type"] == "table")

    assert len(table["rows"]) == 100
    assert table["rows"][-1][0]["text"] == "+42 \N{HORIZONTAL ELLIPSIS}"
    assert "+120 \N{HORIZONTAL ELLIPSIS}" in made["text"]


def test_a_wide_table_has_four_columns_and_every_cell() -> None:
    """On a phone more would be scrolled sideways: all others share the last one, in order."""
    card = sample_story.errors(7)
    assert card.table is not None
    [table] = [b for b in render.card_blocks(card, SAY) if b["type"] == "table"]

    assert [cell["text"] for cell in table["rows"][0]] == [
        "Component · Error type",
        "Before",
        "After",
        "Rate · Known · First after · Sample",
    ]
    # The names of its bars are cut, so its rows are numbered as they are.
    for number, (row, drawn) in enumerate(
        zip(card.table.rows, table["rows"][1:], strict=True), start=1
    ):
        said = " · ".join(cell["text"] for cell in drawn).removeprefix(f"{number}. ")
        told = [cell if isinstance(cell, str) else SAY(cell) for cell in row.cells]
        assert said == render.marked(row.state, " · ".join(told))
    assert table["column_settings"] == [{"is_wrapped": True}] * 4


def test_error_types_of_one_package_are_told_apart() -> None:
    """A label of a chart loses its middle: the ends of class names are what differs."""
    names = [f"com.example.openchat.storage.{name}Exception" for name in ("Read", "Write", "Read")]
    [drawn] = blocks.chart("Bars", names, [("Before", [1, 2, 3])])

    assert drawn["chart"]["axis_config"]["categories"] == [
        "com.ex…ReadException",
        "com.ex…riteException",
        "com.e…eadException 2",
    ]


def test_cut_texts_end_with_an_ellipsis() -> None:
    """A title of 50,000 characters is cut to what a header holds, and one sees it."""
    made = render.message(_card("x" * 50_000, 1, 1), SAY)
    title = made["blocks"][0]["text"]["text"]

    assert len(title) == 150
    assert title.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert made["text"].endswith("\N{HORIZONTAL ELLIPSIS}")


def test_numbers_of_a_chart_are_in_the_text() -> None:
    """Who hears the message hears the numbers: the table is repeated in words."""
    card = _card("boom", 3, 0)

    assert "2boom" in render.fallback(card, SAY)


@pytest.mark.parametrize("seed", range(12))
def test_cards_of_any_release_are_accepted(seed: int) -> None:
    """Board, questions, checks, shares and results of releases in every state."""
    chance = Random(seed)
    release = any_release(chance)
    chaos = Chaos(release)
    for _ in range(6):
        release = chaos.release
        for card in _cards(release):
            made = render.message(card, SAY, ["U0ANNA", "U0BEN"])
            check_message(json.loads(json.dumps(made)))
        for _ in range(8):
            chaos.act(chance)


def _cards(release: Any) -> list[Card]:
    cards = [view.board(release, datetime(2026, 8, 6, tzinfo=UTC)), view.rollback(release)]
    cards += [view.question(release, question, ["anna"]) for question in release.questions]
    cards += [view.check(release, s) for s in release.steps if s.kind is StepKind.CHECK]
    cards += [view.expired(release, question) for question in release.questions]
    cards += [view.paused(release, pause) for pause in release.pauses]
    return cards
