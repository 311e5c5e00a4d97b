"""App Home: what runs, what waits for the one who looks, what they watch, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.slack import blocks, render
from bot.chat.slack.blocks import Block
from bot.chat.slack.render import Say
from bot.core import view
from bot.core.card import Card
from bot.core.release import Release
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine.cards import SAY
from bot.store import WatchRow

BLOCKS = 100
RUNNING = 15
WAITING = 10
WATCHES = 15
ACTIONS = 5
"""Buttons of one question; the others are on its card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands on one person's Home."""

    running: Sequence[tuple[Release, str]] = ()
    """Releases with the addresses of their boards (empty: none)."""
    waiting: Sequence[Card] = ()
    watches: Sequence[WatchRow] = ()
    history: Card


def home(shown: Shown, say: Say) -> Block:
    """The view."""
    content = [blocks.header(say(text("slack.home.title"))), *_waiting(shown.waiting, say)]
    content += [*_running(shown.running, say), *_watches(shown.watches, say)]
    content += _history(shown.history, say)
    return {"type": "home", "blocks": content[:BLOCKS]}


def stranger(say: Say) -> Block:
    """What somebody sees who may not use the bot."""
    return {"type": "home", "blocks": blocks.lines([say(text("slack.home.stranger"))])}


def _title(said: str) -> Block:
    return blocks.rich([blocks.bold(said)])


def _running(running: Sequence[tuple[Release, str]], say: Say) -> list[Block]:
    found = [_title(say(text("slack.home.running")))]
    if not running:
        return [*found, *blocks.lines([say(text("slack.home.nothing"))])]
    for release, address in running[:RUNNING]:
        state = view.state_word(release)
        said = say(text("board.text", release=release.id, target=release.target, state=state))
        line = f"{render.marked(state, said)}\n{say(view.next_line(release))}"
        row: Block = {"type": "section", "text": blocks.plain(line, blocks.SECTION)}
        if address.startswith(("https://", "http://")):
            label = say(text("slack.home.open"))
            made = blocks.button(f"open.{release.id}", label, str(release.id))
            row["accessory"] = made | {"url": address}
        found.append(row)
    if len(running) > RUNNING:
        found += blocks.context([say(text("slack.home.more", count=len(running) - RUNNING))])
    return found


def _waiting(waiting: Sequence[Card], say: Say) -> list[Block]:
    found = [_title(say(text("slack.home.waiting")))]
    if not waiting:
        return [*found, *blocks.lines([say(text("slack.home.quiet"))])]
    for place, card in enumerate(waiting[:WAITING]):
        found += blocks.lines([say(card.title), say(card.text)])
        shown = card.model_copy(update={"actions": card.actions[:ACTIONS]})
        buttons = render.buttons(shown, say)
        for row in buttons:
            row["block_id"] = f"waiting.{place}"
        found += buttons
    if len(waiting) > WAITING:
        found += blocks.context([say(text("slack.home.more", count=len(waiting) - WAITING))])
    return found


def _watches(watches: Sequence[WatchRow], say: Say) -> list[Block]:
    found = [_title(say(text("slack.home.watches")))]
    if not watches:
        return [*found, *blocks.lines([say(text("slack.home.unwatched"))])]
    label = say(text("slack.home.mute"))
    for place, row in enumerate(watches[:WATCHES]):
        events = f"watch.events.{row.events}"
        said = say(text("slack.home.watched", what=row.subject, events=events))
        line = f"{Verb.UNWATCH} {row.subject}"
        found.append(
            {
                "type": "section",
                "block_id": f"watch.{place}",
                "text": blocks.plain(said, blocks.SECTION),
                "accessory": blocks.button(f"{render.PRESS}.{SAY}.{place}", label, line),
            }
        )
    if len(watches) > WATCHES:
        found += blocks.context([say(text("slack.home.more", count=len(watches) - WATCHES))])
    return found


def _history(history: Card, say: Say) -> list[Block]:
    found = [_title(say(text("slack.home.history")))]
    if history.table is None:
        return [*found, *blocks.lines([say(history.title)])]
    return [*found, render.table(history.table, say)]
