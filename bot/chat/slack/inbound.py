"""What Slack delivers, read without trusting it: lines, clicks and dialogs, each with its key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from bot.chat.slack.render import ASK
from bot.core.inbound import Inbound
from bot.engine import cards
from bot.engine.cards import SAY

Payload = Mapping[str, Any]

_NO_LINES = frozenset({"message_changed", "message_deleted", "bot_message", "thread_broadcast"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that one person did, where, and how they can be answered."""

    dedupe: str
    """The same for every delivery of the same thing."""
    user: str
    team: str
    """The workspace of the person; empty when Slack does not say."""
    channel: str = ""
    thread: str = ""
    """The message that the thread hangs on; empty outside threads."""
    text: str = ""
    verb: str = ""
    value: str = ""
    asks: bool = False
    """The button opens a dialog for a reason."""
    reason: str = ""
    response_url: str = ""
    trigger: str = ""
    """Opens a dialog, within three seconds."""
    private: bool = False
    """It came from a message that only this person sees."""
    direct: bool = False
    """It was said in the chat with the bot alone."""
    home: bool = False
    """It was clicked on the person's App Home."""
    room: str = ""
    """The room's key, where a dialog carries it."""


def command(body: Payload) -> Heard:
    """A slash command."""
    return Heard(
        dedupe=f"slack:command:{_text(body, 'trigger_id')}",
        user=_text(body, "user_id"),
        team=_text(body, "team_id"),
        channel=_text(body, "channel_id"),
        text=_text(body, "text"),
        response_url=_text(body, "response_url"),
        trigger=_text(body, "trigger_id"),
        direct=_is_direct(_text(body, "channel_id")),
    )


def line(body: Payload) -> Heard | None:
    """A mention or a direct message; None for edits, bots, and whatever nobody typed.

    A mention comes as two events in some rooms: both have the key of the message.
    """
    event: Payload = _part(body, "event")
    made_by_bot = event.get("bot_id") or event.get("bot_profile") or event.get("app_id")
    if made_by_bot or event.get("edited") or event.get("hidden"):
        return None
    if _text(event, "subtype") in _NO_LINES or not _text(event, "user"):
        return None
    direct = _text(event, "channel_type") == "im"
    if event.get("type") == "message" and not direct:
        return None
    team = _text(event, "user_team") or _text(event, "team") or _text(body, "team_id")
    channel, moment = _text(event, "channel"), _text(event, "ts")
    return Heard(
        dedupe=f"slack:message:{_text(body, 'team_id')}:{channel}:{moment}",
        user=_text(event, "user"),
        team=team,
        channel=channel,
        thread=_text(event, "thread_ts"),
        text=_text(event, "text"),
        direct=direct,
    )


def click(body: Payload) -> Heard | None:
    """A pressed button of a card; None for anything else that can be clicked."""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    action: Payload = first if isinstance(first, Mapping) else {}
    kind, _, rest = _text(action, "action_id").partition(".")
    verb = rest.partition(".")[0]
    user, container, message = _part(body, "user"), _part(body, "container"), _part(body, "message")
    place = _text(container, "message_ts") or _text(container, "view_id")
    if not verb or not place:
        return None
    parts = (_text(user, "id"), _text(action, "action_ts"), place, _text(action, "action_id"))
    heard = Heard(
        dedupe=f"slack:click:{':'.join(parts)}",
        user=_text(user, "id"),
        team=_text(user, "team_id") or _text(_part(body, "team"), "id"),
        channel=_text(_part(body, "channel"), "id") or _text(container, "channel_id"),
        thread=_text(message, "thread_ts") or _text(container, "thread_ts"),
        verb=verb,
        value=_text(action, "value"),
        asks=kind == ASK,
        response_url=_text(body, "response_url"),
        trigger=_text(body, "trigger_id"),
        private=bool(container.get("is_ephemeral")) or _is_private(message),
        direct=_is_direct(_text(_part(body, "channel"), "id") or _text(container, "channel_id")),
        home=_text(_part(body, "view"), "type") == "home",
    )
    return heard if heard.verb != SAY or heard.asks else typed(heard, heard.value)


def typed(heard: Heard, line: str) -> Heard:
    """The same as if this person had typed a line there."""
    return replace(heard, verb="", value="", text=line)


def submitted(body: Payload, secret: Mapping[str, str]) -> Heard:
    """A dialog that was sent; `secret` is what its private metadata held.

    The same dialog with other words in it is another thing.
    """
    user, view = _part(body, "user"), _part(body, "view")
    state = json.dumps(view.get("state"), sort_keys=True, default=str)
    digest = hashlib.sha256(state.encode()).hexdigest()[:16]
    return Heard(
        dedupe=f"slack:view:{_text(view, 'id')}:{_text(user, 'id')}:{digest}",
        user=_text(user, "id"),
        team=_text(user, "team_id") or _text(_part(body, "team"), "id"),
        channel=secret.get("channel", ""),
        thread=secret.get("thread", ""),
        verb=secret.get("verb", ""),
        value=secret.get("value", ""),
        response_url=secret.get("response_url", ""),
        room=secret.get("room", ""),
        direct=_is_direct(secret.get("channel", "")),
    )


def shortcut(body: Payload) -> Heard:
    """A shortcut, of a message or of the whole workspace."""
    user = _part(body, "user")
    return Heard(
        dedupe=f"slack:shortcut:{_text(body, 'trigger_id')}",
        user=_text(user, "id"),
        team=_text(user, "team_id") or _text(_part(body, "team"), "id"),
        channel=_text(_part(body, "channel"), "id"),
        thread=_text(_part(body, "message"), "thread_ts") or _text(_part(body, "message"), "ts"),
        text=_text(_part(body, "message"), "text"),
        response_url=_text(body, "response_url"),
        trigger=_text(body, "trigger_id"),
    )


def with_reason(heard: Heard, reason: str) -> Heard:
    """The same, for a reason."""
    if heard.verb == SAY:
        return typed(heard, cards.with_reason(heard.value, reason))
    return replace(heard, reason=reason)


def address(heard: Heard) -> str:
    """Who did it, where, and how they are answered: all that an inbox row does not hold anyway."""
    kept = {name: value for name in _KEPT if (value := getattr(heard, name))}
    return json.dumps(kept)


def restored(inbound: Inbound) -> Heard:
    """What was heard, from the inbox row of this process or of another one.

    Raises ValueError when the row has no address that this version understands.
    """
    found = json.loads(inbound.address)
    try:
        known = {name: value for name, value in found.items() if name in _KEPT}
        return Heard(**known, **{name: getattr(inbound, name) for name in _IN_THE_ROW})
    except (AttributeError, TypeError) as error:
        raise ValueError(inbound.address) from error


_IN_THE_ROW = ("dedupe", "text", "verb", "value", "reason")
_PASSING = frozenset({*_IN_THE_ROW, "trigger", "asks"})
_KEPT = tuple(field.name for field in fields(Heard) if field.name not in _PASSING)


def values(body: Payload) -> dict[str, str]:
    """What was typed or chosen in a dialog: block id -> value; what is empty is left out."""
    found: dict[str, str] = {}
    state = _part(_part(_part(body, "view"), "state"), "values")
    for block, actions in state.items():
        for action in actions if isinstance(actions, Mapping) else ():
            item = _part(actions, action)
            said = _text(item, "value") or _text(_part(item, "selected_option"), "value")
            if said.strip():
                found[str(block)] = said.strip()
    return found


def _is_direct(channel: str) -> bool:
    """Whether this is the chat of one person with another or with the bot: those begin so."""
    return channel.startswith("D")


def _is_private(message: Payload) -> bool:
    return _text(message, "subtype") == "ephemeral"


def _text(part: Payload, name: str) -> str:
    found = part.get(name)
    return found if isinstance(found, str) else ""


def _part(part: Payload, name: str) -> Payload:
    found = part.get(name)
    return found if isinstance(found, Mapping) else {}
