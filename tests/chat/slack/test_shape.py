"""What is handed on to Bolt: every shape that Slack sends, and none that it would stumble over."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.slack.shape import is_known

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("found", "known"),
    [
        ({"type": "url_verification", "challenge": "x"}, True),
        ({"type": "event_callback", "event": {"type": "app_mention", "user": "U1"}}, True),
        ({"type": "event_callback", "event": {"type": "message", "channel": {"id": "C"}}}, True),
        ({"type": "a_type_to_come", "more": [1, None]}, True),
        ({"type": "block_actions", "actions": [{"type": "button", "action_id": "a"}]}, True),
        ({"type": "view_submission", "view": {"type": "modal", "state": {}}}, True),
        ({"type": "view_submission", "view": {"id": "V1"}}, False),
        ({"type": "view_submission"}, False),
        ({"type": "block_actions", "actions": []}, False),
        ({"type": "block_actions", "actions": [{"type": "button"}]}, False),
        ({"type": "event_callback", "event": ["message"]}, False),
        ({"type": "event_callback", "event": {"user": 1}}, False),
        ({"view": {}}, False),
        ({"team_id": "T1", "event": None}, False),
        ({"type": "a_type_to_come", "view": None}, False),
        ([], False),
        (None, False),
        ("text", False),
        (1, False),
    ],
)
def test_the_parts_that_are_read_have_their_kinds(found: Any, known: bool) -> None:
    """Whatever else is in a body, and whatever types of it are to come, does not matter."""
    said = json.dumps(found)

    assert is_known(said, "application/json") is known
    assert is_known(urlencode({"payload": said}), FORM) is known


def test_a_command_is_a_form() -> None:
    """Without a type, and not JSON."""
    assert is_known("command=%2Frelease&text=status&user_id=U1&team_id=T1", FORM)


@given(body=st.text(max_size=60), kind=st.sampled_from(["application/json", FORM, "", "x/y"]))
def test_nothing_makes_it_fail(body: str, kind: str) -> None:
    """Nonsense is not known, or it is an empty form."""
    assert is_known(body, kind) in {True, False}
