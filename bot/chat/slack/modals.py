"""Dialogs: the reason of a decision, the start of a release, a note made of a message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.slack import blocks
from bot.chat.slack.blocks import Block
from bot.chat.slack.inbound import Heard
from bot.chat.slack.render import Say
from bot.core.card import Action
from bot.core.config import ConfirmMode
from bot.core.operation import Candidate
from bot.core.release import Release
from bot.core.value import text

TITLE, BUTTON = 24, 24
METADATA = 3000
REASON_MOST = 500
NOTE_MOST = 1000
OPTIONS = 100
OPTION, OPTION_VALUE = 75, 150
COMPONENTS = 40
"""Components whose version can be chosen in the dialog; a view has at most 100 blocks."""
NEWEST = "-"
"""Stands for the newest version, where one is listed."""

REASON, START, TARGET, NOTE = "reason", "start", "target", "note"
"""Callback ids of the dialogs."""


def modal(
    callback: str, title: str, content: list[Block], *, say: Say, secret: Mapping[str, str]
) -> Block:
    """A dialog; without an input it has nothing to send."""
    made: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": {"type": "plain_text", "text": blocks.cut(title, TITLE), "emoji": False},
        "close": {
            "type": "plain_text",
            "text": blocks.cut(say(text("slack.back")), BUTTON),
            "emoji": False,
        },
        "private_metadata": metadata(secret),
        "blocks": content,
    }
    if any(block["type"] == "input" for block in content):
        key = "slack.start.send" if callback == START else "slack.send"
        made["submit"] = blocks.plain(say(text(key)), BUTTON)
    return made


def metadata(secret: Mapping[str, str]) -> str:
    """What a dialog carries for us, as Slack keeps it."""
    return json.dumps(secret, separators=(",", ":"), ensure_ascii=False)


def secret_of(view: Mapping[str, Any]) -> dict[str, str]:
    """What a dialog carried for us; empty when it is not ours."""
    try:
        found = json.loads(str(view.get("private_metadata") or "{}"))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def carried(heard: Heard, room: str) -> dict[str, str]:
    """What a dialog must remember of the click or line that opened it."""
    kept = {
        "verb": heard.verb,
        "value": heard.value,
        "channel": heard.channel,
        "thread": heard.thread,
        "response_url": heard.response_url,
        "room": room,
    }
    return {name: value for name, value in kept.items() if value}


def reason(action: Action, say: Say, secret: Mapping[str, str]) -> Block:
    """Asks why, with what the card's own dialog says."""
    content: list[Block] = []
    if action.confirm is not None:
        content.append(section(say(action.confirm.title)))
        content.append(section(say(action.confirm.body)))
    needed = action.confirm is not None and action.confirm.reason
    label = say(text("slack.reason"))
    content.append(typed("reason", label, most=REASON_MOST, optional=not needed))
    return modal(REASON, say(action.label), content, say=say, secret=secret)


def loading(say: Say, secret: Mapping[str, str]) -> Block:
    """Stands while the executors are asked: a dialog must open within three seconds."""
    content = [section(say(text("slack.loading")))]
    return modal(START, say(text("slack.start.title")), content, say=say, secret=secret)


def nothing(say: Say, title: str, body: str) -> Block:
    """A dialog that only says something."""
    return modal("nothing", say(text(title)), [section(say(text(body)))], say=say, secret={})


def choose_target(targets: Sequence[str], say: Say, secret: Mapping[str, str]) -> Block:
    """Which target, where several are released from here."""
    label = say(text("slack.start.target"))
    content = [choice("target", label, [(name, name) for name in targets], first=True)]
    return modal(TARGET, say(text("slack.start.title")), content, say=say, secret=secret)


def start(
    target: str,
    found: Mapping[str, Sequence[Candidate]] | None,
    *,
    say: Say,
    secret: Mapping[str, str],
) -> Block:
    """Which versions; `found` is None when the executors did not tell them."""
    content = [section(f"{say(text('slack.start.target'))}: {target}")]
    if found is None:
        content.append(section(say(text("slack.start.unreachable"))))
    offered = [(name, some) for name, some in (found or {}).items() if some]
    newest = say(text("slack.start.newest"))
    for name, some in offered[:COMPONENTS]:
        options = [(NEWEST, newest)]
        options += [(c.version, f"{c.version} {c.title}".strip()) for c in some]
        content.append(choice(f"c.{name}", name, options, first=True))
    if len(offered) > COMPONENTS:
        more = text("slack.start.more", count=len(offered) - COMPONENTS)
        content.append(section(say(more)))
    modes = [(mode.value, say(text(f"confirm_mode.{mode.value}"))) for mode in ConfirmMode]
    content.append(choice("confirm", say(text("slack.start.confirm")), modes, optional=True))
    label = say(text("slack.start.note"))
    content.append(typed("note", label, most=200, optional=True, lines=False))
    kept = {**secret, "target": target}
    return modal(START, say(text("slack.start.title")), content, say=say, secret=kept)


def note(said: str, releases: Sequence[Release], say: Say, secret: Mapping[str, str]) -> Block:
    """Keeps a message of the channel in the journal of a release."""
    if not releases:
        return nothing(say, "slack.note.title", "slack.note.none")
    options = [(str(r.id), f"#{r.id} {r.target}") for r in releases]
    content = [
        choice("release", say(text("slack.note.release")), options, first=True),
        typed("note", say(text("slack.note.text")), most=NOTE_MOST, initial=said),
    ]
    return modal(NOTE, say(text("slack.note.title")), content, say=say, secret=secret)


def section(said: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": blocks.plain(said, blocks.SECTION)}


def typed(
    block: str,
    label: str,
    *,
    most: int,
    optional: bool = False,
    lines: bool = True,
    initial: str = "",
) -> Block:
    """A text field."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": block,
        "multiline": lines,
        "max_length": most,
    }
    if initial.strip():
        element["initial_value"] = blocks.cut(initial, most)
    return _input(block, label, element, optional=optional)


def choice(
    block: str,
    label: str,
    options: Sequence[tuple[str, str]],
    *,
    first: bool = False,
    optional: bool = False,
) -> Block:
    """A list to choose from; `first`: its first entry is chosen already."""
    entries = [
        {"text": blocks.plain(said, OPTION), "value": value}
        for value, said in options
        if len(value) <= OPTION_VALUE
    ][:OPTIONS]
    element: Block = {"type": "static_select", "action_id": block, "options": entries}
    if first:
        element["initial_option"] = entries[0]
    return _input(block, label, element, optional=optional)


def _input(block: str, label: str, element: Block, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": block[:255],
        "label": blocks.plain(label, 2000),
        "element": element,
        "optional": optional,
    }
