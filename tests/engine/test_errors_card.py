"""What `errors since deploy` calls each error type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.card import Card
from bot.core.counts import Window
from bot.core.value import Text
from bot.engine.errors_card import Answer, Line, Shown, card

AT = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
SHOWN = Shown(target="openchat", release=7, zone="UTC")


def line(kind: str = "Boom", *, before: int = 0, after: int = 0, expected: float = 0) -> Line:
    """One error type of the component `chat`."""
    return Line(
        component="chat",
        error_type=kind,
        before=before,
        after=after,
        multiple=None,
        expected=expected,
    )


def shown(*lines: Line, top: int | None = None) -> Card:
    """The card of some lines that were counted over a quarter of an hour."""
    window = Window(start=AT, end=AT + timedelta(minutes=15))
    return card(SHOWN, [Answer(component="chat", lines=lines, window=window)], top=top)


def word(found: Card) -> str:
    """What the first row says about its error type."""
    assert found.table is not None
    cell = found.table.rows[0].cells[5]
    assert isinstance(cell, Text)
    return cell.key


@pytest.mark.parametrize(
    ("before", "after", "expected", "said"),
    [
        (0, 1, 0, "errors.new"),
        (50, 250, 0.05, "errors.known"),
        (50, 0, 0.05, "errors.known"),
        (5000, 0, 2.9, "errors.known"),
        (5000, 0, 3.0, "errors.vanished"),
        (5000, 1, 9.0, "errors.known"),
    ],
)
def test_only_what_was_to_be_seen_can_vanish(
    before: int, after: int, expected: float, said: str
) -> None:
    """A rare type that was not seen for a moment is still a known one."""
    assert word(shown(line(before=before, after=after, expected=expected))) == said


def test_without_logs_before_nothing_is_called_new() -> None:
    """There was nothing to compare with."""
    assert word(shown(line(after=3).model_copy(update={"compared": False}))) == "errors.unknown"


def test_new_types_come_first_and_what_is_left_out_is_counted() -> None:
    """`top 2` of four: the new one, then the most frequent one; two more are mentioned."""
    found = shown(
        line("A", before=9, after=3),
        line("B", before=9, after=8),
        line("C", after=1),
        line("D", before=9, after=1),
        top=2,
    )
    assert found.table is not None

    assert [row.cells[1] for row in found.table.rows] == ["C", "B"]
    [more] = found.lines
    assert isinstance(more, Text)
    assert (more.key, more.params["count"]) == ("errors.more", 2)


def test_a_link_of_the_log_store_is_a_field_that_rooms_show_as_a_link() -> None:
    """One for each component whose log store has a page."""
    link = "https://kibana.example/#/chat"
    found = card(SHOWN, [Answer(component="chat", link=link), Answer(component="auth")], top=None)
    [(name, value)] = found.fields
    assert (name.key, name.params, value) == ("errors.link", {"component": "chat"}, link)
