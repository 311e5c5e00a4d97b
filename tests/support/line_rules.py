"""What LINE would refuse: the SDK's models, and limits from a data file that bot/ does not see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from linebot.v3.messaging import Message  # type: ignore[import-untyped] # it has no types

_FILE = Path(__file__).parents[1] / "data" / "line_limits.yml"
LIMITS: dict[str, int] = {
    row["name"]: row["value"] for row in yaml.safe_load(_FILE.read_text(encoding="utf-8"))
}
_UNLABELLED = {"uri", "clipboard"}


def units(text: str) -> int:
    """UTF-16 code units; a lone surrogate is no text and raises."""
    return len(text.encode("utf-16-le")) // 2


def complaints(messages: list[dict[str, Any]]) -> list[str]:
    """Everything that is wrong with the messages of one reply or push."""
    found = [] if 1 <= len(messages) <= LIMITS["messages"] else [f"{len(messages)} messages"]
    for message in messages:
        found += _message(message)
    return found


def _message(message: dict[str, Any]) -> Iterator[str]:
    model = Message.from_dict(message).to_dict()
    if model != message:
        yield f"the SDK's model drops or changes something of {message['type']}"
    for item in _objects(message):
        yield from _action(item)
    quick = message.get("quickReply", {"items": [{}]})["items"]
    if not 1 <= len(quick) <= LIMITS["quick_replies"]:
        yield f"{len(quick)} quick replies"
    yield from _KINDS[message["type"]](message)


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _longer(name: str, text: str) -> Iterator[str]:
    if units(text) > LIMITS[name]:
        yield f"{name}: {units(text)} units"


def _action(item: dict[str, Any]) -> Iterator[str]:
    if item.get("type") not in {"postback", "message", "datetimepicker"} or "label" not in item:
        return
    if not item["label"].strip():
        yield "an empty label"
    yield from _longer("label", item["label"])
    yield from _longer("data", item.get("data", ""))
    yield from _longer("display_text", item.get("displayText", ""))
    if item["type"] == "message":
        yield from _longer("message_text", item["text"])


def _text(message: dict[str, Any]) -> Iterator[str]:
    if not message["text"].strip():
        yield "an empty text"
    yield from _longer("text", message["text"])


def _text_v2(message: dict[str, Any]) -> Iterator[str]:
    yield from _text(message)
    places = set(re.findall(r"\{(\w+)\}", re.sub(r"\{\{|\}\}", "", message["text"])))
    if places != set(message["substitution"]):
        yield f"placeholders {places} for {set(message['substitution'])}"
    if len(message["substitution"]) > LIMITS["mentions"]:
        yield f"{len(message['substitution'])} mentions"


def _template(message: dict[str, Any]) -> Iterator[str]:
    template = message["template"]
    yield from _longer("alt_text", message["altText"])
    yield from _longer("confirm_text", template["text"])
    if template["type"] != "confirm" or len(template["actions"]) != LIMITS["confirm_actions"]:
        yield "no confirm template with two actions"


def _flex(message: dict[str, Any]) -> Iterator[str]:
    yield from _longer("alt_text", message["altText"])
    if not message["altText"].strip():
        yield "an empty altText"
    contents = message["contents"]
    bubbles = contents["contents"] if contents["type"] == "carousel" else [contents]
    if len(bubbles) > LIMITS["bubbles"] or _bytes(contents) > LIMITS["carousel_bytes"]:
        yield f"a carousel of {len(bubbles)} bubbles and {_bytes(contents)} bytes"
    for bubble in bubbles:
        if _bytes(bubble) > LIMITS["bubble_bytes"]:
            yield f"a bubble of {_bytes(bubble)} bytes"
        yield from _texts(bubble)


def _texts(bubble: dict[str, Any]) -> Iterator[str]:
    for item in _objects(bubble):
        if item.get("type") == "text" and not item["text"].strip():
            yield "an empty text in a bubble"
        if item.get("type") == "box" and not item["contents"]:
            yield "a box without contents"


def _bytes(value: object) -> int:
    return len(json.dumps(value).encode())


_KINDS = {"text": _text, "textV2": _text_v2, "template": _template, "flex": _flex}
