"""Whether a signed body has a shape that Slack sends: Bolt trusts it, and so does what reads it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from slack_bolt.request.internals import extract_content_type, parse_body

Part = dict[str, Any]


class _Action(BaseModel):
    """What was pressed."""

    model_config = ConfigDict(strict=True)

    type: str
    action_id: str
    block_id: str | None = None


class _Body(BaseModel):
    """The parts that are looked into; Slack leaves out most of them, and adds others freely."""

    model_config = ConfigDict(strict=True)

    type: str | None = None
    callback_id: str | None = None
    command: str | None = None
    trigger_id: str | None = None
    response_url: str | None = None
    team_id: str | None = None
    enterprise: Part | str | None = None
    team: Part | str | None = None
    user: Part | str | None = None
    channel: Part | str | None = None
    event: Part = {}
    container: Part | None = None
    message: Part | None = None
    authorizations: list[Part] | None = None
    actions: list[_Action] | None = Field(default=None, min_length=1)
    view: Part = {}


_NEEDS = {
    "block_actions": "actions",
    "event_callback": "event",
    "view_closed": "view",
    "view_submission": "view",
}
"""Type of a body -> the part without which it says nothing."""


_SOME = {"type": "any"}


def is_known(body: str, content_type: str) -> bool:
    """Whether the body can be handed on. Total: nonsense is simply not known."""
    try:
        found = parse_body(body, extract_content_type({"content-type": [content_type]}))
        read = _Body.model_validate(found)
        for inner in (read.view, read.event, read.message):
            _Body.model_validate(inner or {})
    except (ValidationError, ValueError, RecursionError):
        return False
    if not read.type:
        return "view" not in found
    return bool(getattr(read, _NEEDS.get(read.type, "type"))) and "type" in (read.view or _SOME)
