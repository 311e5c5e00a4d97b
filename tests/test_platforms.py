"""Chat platforms: made when their secrets are set, asked for their rooms, started and stopped."""

from __future__ import annotations

from bot.platforms import MAKERS


def test_each_platform_is_made_once() -> None:
    """A maker stands in the list once."""
    assert len(set(MAKERS)) == len(MAKERS)
