"""What `doctor` says about Slack: what is configured, who answers, and what is missing."""

from __future__ import annotations

from typing import Any

from bot.chat.slack.doctor import examine
from bot.core.config import RoomConfig, SlackRoom
from bot.environment import Environment
from tests.support.second_slack import APP_TOKEN, BOT_TOKEN, CHANNEL, SECRET, SecondSlack
from tests.support.slack_proxy import SCOPES

ROOMS: dict[str, RoomConfig] = {"release": SlackRoom(kind="slack", channel=CHANNEL)}


def _environment(**given: Any) -> Environment:
    return Environment.model_validate(given)


async def test_offline_says_what_is_configured() -> None:
    """The way it is heard and its rooms; nothing is asked."""
    socket = _environment(slack_bot_token=BOT_TOKEN, slack_app_token=APP_TOKEN)
    http = _environment(
        slack_bot_token=BOT_TOKEN,
        slack_signing_secret=SECRET,
        public_url="https://release.example.com/",
    )

    assert await examine(socket, ROOMS, offline=True) == [
        "ok       slack: heard over Socket Mode; rooms: release"
    ]
    over = "HTTP at https://release.example.com/slack/events"
    assert await examine(http, ROOMS, offline=True) == [
        f"ok       slack: heard over {over}; rooms: release"
    ]


async def test_tokens_in_each_others_place_are_seen() -> None:
    """The two tokens begin differently, and something must be heard with."""
    swapped = _environment(slack_bot_token=APP_TOKEN, slack_app_token=BOT_TOKEN)
    deaf = _environment(slack_bot_token=BOT_TOKEN)

    found = await examine(swapped, ROOMS, offline=True)
    assert [line.split()[2] for line in found] == [
        "RELEASE_MASTER_SLACK_BOT_TOKEN",
        "RELEASE_MASTER_SLACK_APP_TOKEN",
    ]
    assert "nothing can be heard" in (await examine(deaf, {}, offline=True))[0]
    assert "SLACK_BOT_TOKEN is not set" in (await examine(_environment(), ROOMS, offline=True))[0]


async def test_online_names_missing_scopes_and_channels(socket_slack: SecondSlack) -> None:
    """Who we are, each missing scope with what needs it, and where the bot is not invited."""
    proxy = socket_slack.proxy
    environment = _environment(
        slack_bot_token=BOT_TOKEN, slack_app_token=APP_TOKEN, slack_api_url=socket_slack.api_url
    )
    proxy.faults.scopes = SCOPES.replace("usergroups:read,", "")
    rooms = ROOMS | {"lost": SlackRoom(kind="slack", channel="C0LOST")}
    lines = await examine(environment, rooms, offline=False)
    proxy.faults.revoked = True
    refused = await examine(environment, ROOMS, offline=False)

    assert any("T01ACME" in line for line in lines)
    missing = [line for line in lines if "scope" in line]
    assert len(missing) == 1
    assert missing[0].startswith(
        "PROBLEM  slack: the scope usergroups:read is missing (usergroups.users.list: people"
    )
    assert "ok       slack: the app-level token opens a socket" in lines
    assert any("room lost" in line and "channel_not_found" in line for line in lines)
    assert any(line.startswith("ok       slack: room release") for line in lines)
    assert refused[-1] == "PROBLEM  slack: Slack: auth.test: invalid_auth"
