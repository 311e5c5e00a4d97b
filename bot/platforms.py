"""The chat platforms that this process speaks to: those whose secrets are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bot.chat.platform import Ground, Platform
from bot.core.config import RoomConfig
from bot.environment import Environment


def slack(ground: Ground) -> Platform | None:
    """Slack, where its bot token is set."""
    token = ground.environment.slack_bot_token.get_secret_value()
    if not token:
        return None
    # The library takes most of a second to load, which only a bot on Slack needs.
    from bot.chat.slack.platform import SlackPlatform

    return SlackPlatform(ground, token)


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
    lines: list[str] = []
    kinds = {room.kind for room in rooms.values()}
    if environment.slack_bot_token.get_secret_value() or "slack" in kinds:
        from bot.chat.slack import doctor as slack_doctor

        lines += await slack_doctor.examine(environment, rooms, offline=offline)
    if environment.line_channel_token.get_secret_value() or "line" in kinds:
        from bot.chat.line import doctor as line_doctor

        lines += await line_doctor.examine(environment, rooms, offline=offline)
    return lines


def write_cards(folder: Path) -> int:
    """Write every sample card as each platform would be sent it; returns how many files."""
    # It needs the libraries of all platforms, which nothing else does.
    from bot.chat import sample_files

    return sample_files.write(folder)


MAKERS: tuple[Callable[[Ground], Platform | None], ...] = (slack, line)
"""Each makes its platform, or None where its secrets are not set."""


def make_platforms(ground: Ground) -> tuple[Platform, ...]:
    """Make every platform that is configured; nothing is connected yet."""
    made = (make(ground) for make in MAKERS)
    return tuple(platform for platform in made if platform is not None)
