"""What LINE's webhook brings: the signature over the raw body, then one event at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from enum import StrEnum, unique
from typing import Any

from linebot.v3.webhooks import (  # type: ignore[import-untyped] # it has no types
    Event,
    FollowEvent,
    JoinEvent,
    MessageEvent,
    PostbackEvent,
    TextMessageContent,
    UserMentionee,
)
from pydantic import field_validator

from bot.core.value import Moment, Value, storable

SIGNATURE = "X-Line-Signature"


@unique
class Kind(StrEnum):
    """What an event is to the bot."""

    TEXT = "text"
    TAP = "tap"
    JOINED = "joined"
    OTHER = "other"
    """Kept, and nothing is done: edits, unsent messages, pictures, and all that is to come."""


class Heard(Value):
    """One event, as far as the bot reads it."""

    kind: Kind
    id: str
    """LINE's own id of the event; a redelivery has the same."""
    chat: str = ""
    user: str = ""
    """Empty where LINE does not say who it was: no consent, or no mobile client."""
    token: str = ""
    """The reply token."""
    at: Moment
    """When it happened; a redelivery keeps its place in time."""
    alone: bool = False
    """Said to the bot one to one."""
    called: bool = False
    """The bot was mentioned."""
    text: str = ""
    """What was typed, without the mention of the bot."""
    data: str = ""
    """What the pressed button carries."""
    picked: str = ""
    """The date and time that were picked, without a zone."""

    _storable = field_validator("*", mode="before")(storable)


def signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether these very bytes were signed with the channel secret."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode("utf-8", "replace"))


def split(body: bytes) -> list[dict[str, Any]]:
    """The events of a verified body. Raises ValueError when it is no webhook of LINE's."""
    whole = json.loads(body)
    events = whole.get("events") if isinstance(whole, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        msg = "no list of events"
        raise ValueError(msg)
    return events


def read(event: dict[str, Any]) -> Heard | None:
    """One event; None for what is not for this bot or cannot be read. Never raises."""
    try:
        found = Event.from_dict(event)
        return None if found.mode == "standby" else _heard(found, event)
    except Exception:  # noqa: BLE001 - strangers write it, and the library's models raise anything
        return None


def _heard(found: Any, event: dict[str, Any]) -> Heard:
    source = found.source.to_dict() if found.source else {}
    chat = source.get("groupId") or source.get("roomId") or source.get("userId") or ""
    fields: dict[str, Any] = {
        "id": found.webhook_event_id,
        "chat": chat,
        "user": source.get("userId") or "",
        "token": event.get("replyToken") or "",
        "at": datetime.fromtimestamp(found.timestamp / 1000, UTC),
        "alone": source.get("type") == "user",
    }
    if isinstance(found, MessageEvent) and isinstance(found.message, TextMessageContent):
        said, called = _said(found.message)
        return Heard(kind=Kind.TEXT, text=said, called=called, **fields)
    if isinstance(found, PostbackEvent):
        params = event["postback"].get("params") or {}
        picked = str(params.get("datetime") or "")
        return Heard(kind=Kind.TAP, data=found.postback.data, picked=picked, **fields)
    if isinstance(found, (JoinEvent, FollowEvent)):
        return Heard(kind=Kind.JOINED, **fields)
    return Heard(kind=Kind.OTHER, **fields)


def _said(message: Any) -> tuple[str, bool]:
    """The text without mentions of the bot, and whether there were any."""
    units = message.text.encode("utf-16-le", "surrogatepass")
    called = False
    mentionees = message.mention.mentionees if message.mention else ()
    for who in sorted(mentionees, key=lambda m: m.index, reverse=True):
        if isinstance(who, UserMentionee) and who.is_self:
            # LINE counts in UTF-16 units.
            units = units[: 2 * who.index] + units[2 * (who.index + who.length) :]
            called = True
    return units.decode("utf-16-le", "replace").strip(), called
