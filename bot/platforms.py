"""The chat platforms that this process speaks to: those whose secrets are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.chat.platform import Ground, Platform
from bot.core.config import LineRoom, RoomConfig
from bot.environment import Environment


def line(ground: Ground) -> Platform | None:
    """LINE, where its channel's secrets are set."""
    if not ground.environment.line_channel_secret.get_secret_value():
        return None
    # The library takes a second to load, which only a bot on LINE needs.
    from bot.chat.line.platform import LinePlatform

    return LinePlatform(ground)


async def examine_platforms(
    environment: Environment, rooms: Mapping[str, RoomConfig], *, offline: bool
) -> list[str]:
    """What the command `doctor` says about the platforms that are configured."""
    wanted = environment.line_channel_token.get_secret_value()
    if not wanted and not any(isinstance(room, LineRoom) for room in rooms.values()):
        return []
    from bot.chat.line.doctor import examine

    return await examine(environment, rooms, offline=offline)


MAKERS: tuple[Callable[[Ground], Platform | None], ...] = (line,)
"""Each makes its platform, or None where its secrets are not set."""


def make_platforms(ground: Ground) -> tuple[Platform, ...]:
    """Make every platform that is configured; nothing is connected yet."""
    made = (make(ground) for make in MAKERS)
    return tuple(platform for platform in made if platform is not None)
