"""What the command `doctor` says about Slack: what is configured, who we are, what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat.slack.api import Api, SlackError
from bot.chat.slack.scopes import SCOPES
from bot.core.config import RoomConfig, SlackRoom
from bot.environment import PREFIX, Environment

Channels = Mapping[str, str]
"""room key -> channel id."""


async def examine(
    environment: Environment, rooms: Mapping[str, RoomConfig], *, offline: bool
) -> list[str]:
    """One line a finding, as doctor prints them; `offline`: Slack is not asked."""
    channels = {key: room.channel for key, room in rooms.items() if isinstance(room, SlackRoom)}
    token = environment.slack_bot_token.get_secret_value()
    lines = _configured(environment, channels)
    if offline or not token:
        return lines
    api = Api(token, environment.slack_api_url)
    await api.open()
    try:
        return [*lines, *await _reached(api, environment, channels)]
    finally:
        await api.close()


def _configured(environment: Environment, channels: Channels) -> list[str]:
    bot = environment.slack_bot_token.get_secret_value()
    app = environment.slack_app_token.get_secret_value()
    secret = environment.slack_signing_secret.get_secret_value()
    lines = []
    if bot and not bot.startswith("xoxb-"):
        lines.append(f"PROBLEM  slack: {PREFIX}SLACK_BOT_TOKEN begins with xoxb-; this does not")
    if app and not app.startswith("xapp-"):
        lines.append(f"PROBLEM  slack: {PREFIX}SLACK_APP_TOKEN begins with xapp-; this does not")
    if not bot:
        lines.append(f"PROBLEM  slack: {PREFIX}SLACK_BOT_TOKEN is not set")
    if not app and not secret:
        either = f"{PREFIX}SLACK_APP_TOKEN or {PREFIX}SLACK_SIGNING_SECRET"
        lines.append(f"PROBLEM  slack: neither {either} is set: nothing can be heard")
    if not channels:
        lines.append("warning  slack: no room is a Slack channel")
    if lines:
        return lines
    how = "Socket Mode" if app else f"HTTP at {environment.base_url}/slack/events"
    named = ", ".join(channels)
    return [f"ok       slack: heard over {how}; rooms: {named}"]


async def _reached(api: Api, environment: Environment, channels: Channels) -> list[str]:
    try:
        who, granted = await api.scopes()
    except SlackError as error:
        return [f"PROBLEM  slack: {error}"]
    lines = [f"ok       slack: {who.get('user')} in {who.get('team')} ({who.get('team_id')})"]
    for scope, reason in SCOPES.items():
        if granted and scope not in granted:
            lines.append(f"PROBLEM  slack: the scope {scope} is missing ({reason})")
    app = environment.slack_app_token.get_secret_value()
    if app:
        lines.append(await _socket(environment, app))
    return lines + [await _channel(api, key, channel) for key, channel in channels.items()]


async def _socket(environment: Environment, token: str) -> str:
    api = Api(token, environment.slack_api_url)
    await api.open()
    try:
        await api.write("apps.connections.open")
    except SlackError as error:
        why = "it needs connections:write, and Socket Mode must be on"
        return f"PROBLEM  slack: the app-level token opens no socket: {error.code} ({why})"
    finally:
        await api.close()
    return "ok       slack: the app-level token opens a socket"


async def _channel(api: Api, key: str, channel: str) -> str:
    try:
        found = await api.read("conversations.info", channel=channel)
    except SlackError as error:
        return f"PROBLEM  slack: room {key} ({channel}): {error.code}"
    about = found.get("channel") or {}
    name = about.get("name", channel)
    if about.get("is_archived"):
        return f"PROBLEM  slack: room {key} (#{name}) is archived"
    if not about.get("is_member"):
        return f"PROBLEM  slack: room {key} (#{name}): say /invite @Release Master there"
    return f"ok       slack: room {key} (#{name})"
