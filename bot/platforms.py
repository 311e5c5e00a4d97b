"""The chat platforms that this process speaks to: those whose secrets are set."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat.platform import Ground, Platform


def line(ground: Ground) -> Platform | None:
    """LINE, where its channel's secrets are set."""
    if not ground.environment.line_channel_secret.get_secret_value():
        return None
    # The library takes a second to load, which only a bot on LINE needs.
    from bot.chat.line.platform import LinePlatform

    return LinePlatform(ground)


MAKERS: tuple[Callable[[Ground], Platform | None], ...] = (line,)
"""Each makes its platform, or None where its secrets are not set."""


def make_platforms(ground: Ground) -> tuple[Platform, ...]:
    """Make every platform that is configured; nothing is connected yet."""
    made = (make(ground) for make in MAKERS)
    return tuple(platform for platform in made if platform is not None)
