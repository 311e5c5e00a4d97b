"""Lengths as LINE counts them, and cuts that are seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.line.limits import cut, shown, width
from tests.support.line_rules import units


@given(st.text(max_size=60), st.integers(1, 40))
def test_cutting_counts_utf16_units_and_is_visible(said: str, most: int) -> None:
    """A cut text fits, is whole characters, and ends in an ellipsis."""
    kept = cut(said, most)

    assert units(kept) <= most
    assert width(kept) == units(kept)
    assert kept == said or kept.endswith("…") or len(kept) < len(said)
    assert shown(said, most).strip()


def test_an_emoji_is_never_halved() -> None:
    """It is two units."""
    assert cut("\N{GRINNING FACE}" * 3, 5) == "\N{GRINNING FACE}" * 2 + "…"
    assert cut("\N{GRINNING FACE}" * 3, 6) == "\N{GRINNING FACE}" * 3
