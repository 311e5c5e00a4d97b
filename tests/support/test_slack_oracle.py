"""The oracle itself: it takes what Slack takes and refuses what Slack refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.slack_oracle import RefusedError, check_message, check_view

PLAIN = {"type": "plain_text", "text": "x", "emoji": False}
HEADER = {"type": "header", "text": PLAIN}
CELL = {"type": "raw_text", "text": "a"}
TABLE = {"type": "table", "rows": [[CELL]]}
POINT = {"label": "a", "value": 1}
CHART = {
    "type": "data_visualization",
    "title": "t",
    "chart": {
        "type": "bar",
        "series": [{"name": "n", "data": [POINT]}],
        "axis_config": {"categories": ["a"]},
    },
}
BUTTON = {"type": "button", "action_id": "a", "text": PLAIN, "value": "v"}
MODAL = {"type": "modal", "title": PLAIN, "close": PLAIN, "blocks": [HEADER]}
INPUT = {
    "type": "input",
    "block_id": "b",
    "label": PLAIN,
    "element": {"type": "plain_text_input", "action_id": "b", "multiline": True},
    "optional": True,
}


def _message(*blocks: dict[str, Any], said: str = "text") -> dict[str, Any]:
    return {"text": said, "blocks": list(blocks)}


def test_good_messages_and_views_pass() -> None:
    """One of everything that the bot sends."""
    row = {"type": "actions", "elements": [BUTTON | {"style": "danger"}]}

    check_message(_message(HEADER, TABLE, CHART, CHART, row))
    check_view(MODAL)
    check_view(MODAL | {"submit": PLAIN, "blocks": [INPUT]})
    check_view({"type": "home", "blocks": [HEADER, TABLE]})


@pytest.mark.parametrize(
    "message",
    [
        _message(HEADER, said=" "),
        _message(),
        _message(*[HEADER] * 51),
        _message({"type": "alert", "text": PLAIN}),
        _message(HEADER | {"colour": "red"}),
        _message({"type": "header", "text": PLAIN | {"text": "x" * 151}}),
        _message({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
        _message({"type": "section", "text": PLAIN | {"text": ""}}),
        _message(TABLE, TABLE),
        _message({"type": "table", "rows": [[{"type": "raw_text", "text": "a" * 10_001}]]}),
        _message({"type": "table", "rows": [[CELL], [CELL, CELL]]}),
        _message(CHART, CHART, CHART),
        _message(CHART | {"title": "t" * 51}),
        _message({"type": "actions", "elements": [BUTTON, BUTTON]}),
        _message({"type": "actions", "elements": [BUTTON | {"style": "default"}]}),
        _message(HEADER | {"block_id": "a"}, HEADER | {"block_id": "a"}),
        _message(INPUT | {"hint": {"type": "plain_text", "text": "x" * 5000}}),
    ],
)
def test_what_slack_refuses_is_refused(message: dict[str, Any]) -> None:
    """Limits, unknown fields and blocks, and the rules that the library does not know."""
    with pytest.raises(RefusedError):
        check_message(message)


@pytest.mark.parametrize(
    "view",
    [
        MODAL | {"blocks": [INPUT]},
        MODAL | {"title": PLAIN | {"text": "x" * 25}},
        MODAL | {"blocks": [TABLE]},
        MODAL | {"private_metadata": "x" * 3001},
        MODAL | {"blocks": [HEADER] * 101},
    ],
)
def test_views_have_limits_of_their_own(view: dict[str, Any]) -> None:
    """An input wants a button to send, a title is short, a dialog shows no table."""
    with pytest.raises(RefusedError):
        check_view(view)
