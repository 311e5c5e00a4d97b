"""manifest.yml asks for exactly what the code uses, within Slack's own limits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot.chat.slack import listeners
from bot.chat.slack.scopes import EVENTS, SCOPES
from tests.support.source import ROOT, modules

# slackapi/manifest-schema, schemas/manifest.schema.2.0.0.json of 2026-07-21: of its keys
# those that an app without functions of its own may use.
KEYS: dict[str, tuple[set[str], set[str]]] = {
    "": ({"display_information"}, {"_metadata", "features", "oauth_config", "settings"}),
    "_metadata": (set(), {"major_version", "minor_version"}),
    "display_information": ({"name"}, {"description", "background_color", "long_description"}),
    "features": (set(), {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains"}),
    "features.app_home": (
        set(),
        {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    ),
    "features.bot_user": ({"display_name"}, {"always_online"}),
    "features.shortcuts": ({"name", "type", "callback_id", "description"}, set()),
    "features.slash_commands": ({"command", "description"}, {"url", "usage_hint", "should_escape"}),
    "oauth_config": (set(), {"redirect_urls", "scopes"}),
    "oauth_config.scopes": (set(), {"bot", "bot_optional", "user", "user_optional"}),
    "settings": (
        set(),
        {
            "allowed_ip_address_ranges",
            "event_subscriptions",
            "interactivity",
            "org_deploy_enabled",
            "socket_mode_enabled",
            "token_rotation_enabled",
        },
    ),
    "settings.event_subscriptions": (set(), {"request_url", "bot_events", "user_events"}),
    "settings.interactivity": (
        {"is_enabled"},
        {"request_url", "message_menu_options_url"},
    ),
}
"""Where -> the keys that must be there, and those that may be there as well."""
COUNTS = {"shortcuts": 10, "slash_commands": 50, "bot_events": 100, "bot": 255}
"""Lists -> their most items; none of them may be empty."""
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
    """No text is too long for Slack, or too short."""
    about, bot = manifest["display_information"], manifest["features"]["bot_user"]
    shortest, longest = LONG

    assert len(about["name"]) <= LIMITS["name"]
    assert len(about["description"]) <= LIMITS["description"]
    assert shortest <= len(about["long_description"]) <= longest
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", about["background_color"])
    assert len(bot["display_name"]) <= LIMITS["display_name"]
    for command in manifest["features"]["slash_commands"]:
        assert command["command"].startswith("/")
        assert 2 <= len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def _parts(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every object and list in it, with the place where it stands."""
    yield where, value
    for key, inner in value.items() if isinstance(value, dict) else ():
        place = f"{where}.{key}".strip(".")
        items = inner if isinstance(inner, list) else (inner,)
        if isinstance(inner, list):
            yield place, inner
        for item in items:
            if isinstance(item, dict):
                yield from _parts(item, place)


def test_every_key_is_known_and_none_is_missing(manifest: dict[str, Any]) -> None:
    """Slack refuses a manifest for one key that it does not know, at any depth."""
    seen = set()
    for where, part in _parts(manifest):
        if isinstance(part, list):
            assert 1 <= len(part) <= COUNTS[where.rpartition(".")[2]], where
            continue
        needed, allowed = KEYS[where]
        assert needed <= set(part) <= needed | allowed, where
        seen.add(where)

    assert seen == set(KEYS)


def test_a_socket_is_the_first_way(manifest: dict[str, Any]) -> None:
    """One paste installs without a public address."""
    settings = manifest["settings"]

    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["socket_mode_enabled"] is True
    assert settings["org_deploy_enabled"] is False
    assert settings["token_rotation_enabled"] is False
