"""Rows on a phone: the name in bold, every number with the name of its column."""

from __future__ import annotations

import pytest

from bot.chat.line import tables

HEADER = ("Type", "Before", "After", "Rate", "Known", "First after")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            ("Boom", "0", "37", "–", "new", "14:12:00"),
            "Before 0 · After 37 · new · First after 14:12:00",
        ),
        (("Boom", "50", "250", "×7200.0"), "Before 50 · After 250 · Rate ×7200.0"),
        (("Boom", "7 (1 by people)", "7（人 1）"), "Before 7 (1 by people) · After 7（人 1）"),
        (("Boom", "1.0 → 2.0", "", " "), "1.0 → 2.0"),
        (("Boom", "1", "x", "x", "x", "x", "7"), "Before 1 · x · x · x · x · 7"),
    ],
)
def test_numbers_are_named(cells: tuple[str, ...], said: str) -> None:
    """What is empty is left out, and words speak for themselves."""
    drawn = tables.row(HEADER, cells, "", names=1)

    assert [part["text"] for part in drawn["contents"]] == ["Boom", said]


def test_a_row_without_anything_but_its_name_is_one_line() -> None:
    """LINE takes no empty text."""
    drawn = tables.row(HEADER, ("Boom", "–", ""), "fail", names=1)

    assert [part["text"] for part in drawn["contents"]] == ["✕ Boom"]
