"""manifest.yml asks for exactly what the code uses, within Slack's own limits."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import yaml

from bot.chat.slack import listeners
from bot.chat.slack.scopes import EVENTS, SCOPES
from tests.support.source import ROOT, modules

# slackapi/manifest-schema, schemas/manifest.schema.2.0.0.json
LIMITS = {"name": 35, "description": 140, "display_name": 80}
LONG = (175, 4000)
METHOD_SCOPES = {
    "apps.connections.open": None,
    "auth.test": None,
    "chat.getPermalink": None,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.info": "channels:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "users.lookupByEmail": "users:read.email",
    "views.open": None,
    "views.publish": None,
    "views.update": None,
}
"""Method -> its scope; None: none is needed. From the methods' pages on docs.slack.dev."""
EVENT_SCOPES = {"app_mention": "app_mentions:read", "message.im": "im:history"}
_METHOD = re.compile(r"[a-z]+(\.[A-Za-z]+){1,2}")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The Slack app manifest."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return loaded


def _called() -> set[str]:
    """The Web API methods that the code names in its calls."""
    return {
        str(argument.value)
        for module in modules("bot/chat/slack")
        for name, call in module.calls()
        if name.rpartition(".")[2] in {"read", "write", "_answer"}
        for argument in call.args[:1]
        if isinstance(argument, ast.Constant) and _METHOD.fullmatch(str(argument.value))
    }


def test_scopes_are_those_of_the_calls(manifest: dict[str, Any]) -> None:
    """Every called method has its scope and no scope is left over."""
    needed = {METHOD_SCOPES[method] for method in _called()} | set(EVENT_SCOPES.values())
    wanted = {scope for scope in needed if scope} | {"commands", "groups:read"}

    assert set(manifest["oauth_config"]["scopes"]["bot"]) == wanted == set(SCOPES)


def test_events_are_those_that_are_heard(manifest: dict[str, Any]) -> None:
    """Each subscribed event has a listener, and the other way round."""
    events = manifest["settings"]["event_subscriptions"]["bot_events"]

    assert tuple(events) == EVENTS
    assert {event.partition(".")[0] for event in events} == set(listeners.EVENTS)


def test_commands_and_shortcuts_have_listeners(manifest: dict[str, Any]) -> None:
    """`/release`, escaped, and both shortcuts."""
    features = manifest["features"]
    shortcuts = {s["type"]: s["callback_id"] for s in features["shortcuts"]}

    assert [c["command"] for c in features["slash_commands"]] == [listeners.COMMAND]
    assert features["slash_commands"][0]["should_escape"] is True
    assert shortcuts == {
        "global": listeners.START_SHORTCUT,
        "message": listeners.NOTE_SHORTCUT,
    }
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150
    assert features["app_home"]["home_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False


def test_texts_keep_their_limits(manifest: dict[str, Any]) -> None:
    """No key that Slack does not know, and no text that is too long for it."""
    about, bot = manifest["display_information"], manifest["features"]["bot_user"]
    shortest, longest = LONG

    assert set(manifest) == {
        "_metadata", "display_information", "features", "oauth_config", "settings",
    }  # fmt: skip
    assert set(manifest["features"]) == {"app_home", "bot_user", "shortcuts", "slash_commands"}
    assert set(about) == {"name", "description", "long_description", "background_color"}
    assert len(about["name"]) <= LIMITS["name"]
    assert len(about["description"]) <= LIMITS["description"]
    assert shortest <= len(about["long_description"]) <= longest
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", about["background_color"])
    assert len(bot["display_name"]) <= LIMITS["display_name"]
    for command in manifest["features"]["slash_commands"]:
        assert set(command) == {"command", "description", "usage_hint", "should_escape"}
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def test_a_socket_is_the_first_way(manifest: dict[str, Any]) -> None:
    """One paste installs without a public address."""
    settings = manifest["settings"]

    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["socket_mode_enabled"] is True
    assert settings["org_deploy_enabled"] is False
    assert settings["token_rotation_enabled"] is False
