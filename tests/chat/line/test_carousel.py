"""Long lists in bubbles beside each other: every row once, within LINE's limits."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from bot.chat.line.carousel import carousel
from bot.chat.line.render import Renderer
from bot.chat.samples import HOSTILE
from bot.chat.texts import Words
from bot.core.card import Card, Row, Table
from bot.core.value import text
from tests.chat.line.test_render import CARD
from tests.support.line_rules import LIMITS, complaints

DRAW = Renderer(Words("Asia/Tokyo"))


def listed(kind: str, rows: int, word: str = "x") -> Card:
    """A card with so many rows, each with a name of its own."""
    header = ("column.number", "column.step", "column.kind")
    return Card(
        kind=kind,
        title=text("status.title", count=rows),
        text=text("status.title", count=rows),
        lines=("pay: 1.0 → 2.0",),
        table=Table(
            caption=text("errors.table", shown=rows, rows=rows),
            header=tuple(text(key) for key in header),
            rows=tuple(
                Row(cells=(f"<{n}>", f"{'pay' if n % 2 else 'chat'}/step-{n}", f"kind {word}"))
                for n in range(rows)
            ),
        ),
    )


@pytest.mark.parametrize(
    ("kind", "rows", "bubbles"),
    [
        ("history", 2, 2),  # a release each
        ("history", 12, 12),
        ("history", 50, 10),
        ("plan", 40, 3),  # what it is, and a component each
        ("errors", 2, 1),
        ("errors", 50, 10),
        ("board", 100, 10),
        ("board", 120, 12),
    ],
)
def test_every_row_is_shown_once(kind: str, rows: int, bubbles: int) -> None:
    """At most twelve bubbles, without any remainder."""
    message = carousel(DRAW, listed(kind, rows))
    said = json.dumps(message, ensure_ascii=False)

    assert message is not None
    assert complaints([message]) == []
    assert len(message["contents"]["contents"]) == bubbles
    assert all(said.count(f"<{n}>") == 1 for n in range(rows))
    assert "+" not in said


def test_what_does_not_fit_is_counted() -> None:
    """A hundred and more rows of long words lose their ends first, then the last rows."""
    message = carousel(DRAW, listed("board", 200, "\N{PILE OF POO}" * 500))
    said = json.dumps(message, ensure_ascii=False)

    assert message is not None
    assert complaints([message]) == []
    shown = next(n for n in range(200) if f"<{n}>" not in said)
    assert shown >= 20
    assert f"+{200 - shown} …" in said


@pytest.mark.parametrize("rows", [0, 1])
def test_one_row_is_no_list(rows: int) -> None:
    """It is shown as the card that it is."""
    assert carousel(DRAW, listed("history", rows)) is None


def test_a_release_of_the_history_names_its_columns() -> None:
    """A narrow bubble has room for each beside its name."""
    message = carousel(DRAW, listed("history", 3))
    said = json.dumps(message, ensure_ascii=False)

    assert '"text": "Kind"' in said
    assert '"text": "kind x"' in said


@pytest.mark.scenario(76)
@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_rows_fit(word: str) -> None:
    """Whatever logs and people say."""
    message = carousel(DRAW, listed("errors", 50, word))

    assert message is not None
    assert complaints([message]) == []


@given(CARD)
def test_any_card_fits(card: Card) -> None:
    """At least as much of it as LINE takes."""
    message = carousel(DRAW, card)

    assert (message is None) is (card.table is None or len(card.table.rows) < 2)
    if message is not None:
        assert complaints([message]) == []
        assert len(message["contents"]["contents"]) <= LIMITS["bubbles"]
