"""The chat platforms that this process speaks to: those whose secrets are set."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat.platform import Ground, Platform
from bot.chat.slack import make_slack

MAKERS: tuple[Callable[[Ground], Platform | None], ...] = (make_slack,)
"""Each makes its platform, or None where its secrets are not set."""


def make_platforms(ground: Ground) -> tuple[Platform, ...]:
    """Make every platform that is configured; nothing is connected yet."""
    made = (make(ground) for make in MAKERS)
    return tuple(platform for platform in made if platform is not None)
