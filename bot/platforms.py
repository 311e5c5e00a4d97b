"""The chat platforms that this process speaks to: those whose secrets are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.chat.platform import Ground, Platform
from bot.core.config import RoomConfig, SlackRoom
from bot.environment import Environment


def slack(ground: Ground) -> Platform | None:
    """Slack, where its bot token is set."""
    token = ground.environment.slack_bot_token.get_secret_value()
    if not token:
        return None
    # The library takes most of a second to load, which only a bot on Slack needs.
    from bot.chat.slack.platform import SlackPlatform

    return SlackPlatform(ground, token)


async def examine_platforms(
    environment: Environment, rooms: Mapping[str, RoomConfig], *, offline: bool
) -> list[str]:
    """What the command `doctor` says about the platforms that are configured."""
    wanted = environment.slack_bot_token.get_secret_value()
    if not wanted and not any(isinstance(room, SlackRoom) for room in rooms.values()):
        return []
    from bot.chat.slack.doctor import examine

    return await examine(environment, rooms, offline=offline)


MAKERS: tuple[Callable[[Ground], Platform | None], ...] = (slack,)
"""Each makes its platform, or None where its secrets are not set."""


def make_platforms(ground: Ground) -> tuple[Platform, ...]:
    """Make every platform that is configured; nothing is connected yet."""
    made = (make(ground) for make in MAKERS)
    return tuple(platform for platform in made if platform is not None)
