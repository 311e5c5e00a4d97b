"""What the bot's token must be allowed on Slack, and which method needs it."""

from __future__ import annotations

SCOPES: dict[str, str] = {
    "app_mentions:read": "the event app_mention: commands in channels and threads",
    "channels:read": "conversations.info of public channels: doctor sees where the bot is",
    "chat:write": "chat.postMessage, chat.update, chat.postEphemeral: cards and answers",
    "commands": "/release and the shortcuts",
    "groups:read": "conversations.info of private channels: doctor sees where the bot is",
    "im:history": "the event message.im: commands in the chat with the bot",
    "usergroups:read": "usergroups.users.list: people whose roles hang on a user group",
    "users:read": "users.info: who clicks, and whether they are a guest",
    "users:read.email": "users.lookupByEmail and the address in users.info: people by e-mail",
}
"""Exactly what manifest.yml asks for; a test compares, and doctor looks for what is missing."""
EVENTS = ("app_home_opened", "app_mention", "message.im")
"""The events that are heard."""
