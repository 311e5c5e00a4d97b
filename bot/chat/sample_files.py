"""The command `doctor --cards`: every sample card as the JSON that would be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.chat.line import more
from bot.chat.line.carousel import LISTED, carousel
from bot.chat.line.dialogs import choose_target
from bot.chat.line.render import FIRST, FIRST_ROWS, Renderer, mention
from bot.chat.samples import HOSTILE, every, release
from bot.chat.slack import home, modals, render
from bot.chat.texts import Words
from bot.core import view
from bot.core.card import Card
from bot.core.config.language import Language
from bot.core.operation import Candidate
from bot.core.value import text
from bot.store import WatchRow

CHANNEL, USER, LINE_USER = "C0SAMPLE00", "U0SAMPLE00", "U" + "0" * 32
ZONE = "Asia/Tokyo"


def write(folder: Path) -> int:
    """Write `slack/*.json` and `line/*.json` below a folder; returns how many files."""
    count = 0
    for platform in ("slack", "line"):
        (folder / platform).mkdir(parents=True, exist_ok=True)
    samples = list(every())
    for language in Language:
        for path, body in bodies(samples, language):
            name = f"{path}.{language}.json"
            (folder / name).write_text(json.dumps(body) + "\n", encoding="ascii")
            count += 1
    return count


def bodies(
    samples: list[tuple[str, Card]], language: Language
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What would be sent of these samples in a room of this language: path and body."""
    say = Words(ZONE, language).on("slack")
    draw = Renderer(Words(ZONE, language).on("line"))
    for name, card in samples:
        called = [USER] if card.mentions else []
        yield f"slack/{name}", {"channel": CHANNEL, **render.message(card, say, called)}
        messages = [draw.message(card, more=more.of_card(f"release:{card.release}:board"))]
        if card.mentions:
            messages.append(mention(say(card.text), {"ren": LINE_USER}))
        yield f"line/{name}", {"messages": messages}
        listed = carousel(draw, card) if _long(card) else None
        if listed is not None:
            yield f"line/{name}-carousel", {"messages": [listed]}
    for name, made in _views(samples, say):
        yield f"slack/{name}", {"view": made}
    for count in (0, 1, 40):
        listed = choose_target([f"target-{n}" for n in range(count)], say)
        yield f"line/form-{count}", {"messages": [listed]}


def _long(card: Card) -> bool:
    """Whether it is shown in bubbles beside each other, at once or behind [More]."""
    rows = len(card.table.rows) if card.table else 0
    return card.kind in LISTED or rows > FIRST.get(card.kind, FIRST_ROWS)


def _views(samples: list[tuple[str, Card]], say: Words) -> Iterator[tuple[str, dict[str, Any]]]:
    """The dialogs and the App Home."""
    kept = {"verb": "reject", "value": "v1|42|a/gate|a1b2c3|00000001", "room": "room"}
    for name, card in samples:
        asking = [a for a in card.actions if a.confirm is not None and a.confirm.reason]
        for place, action in enumerate(asking if name.startswith(("running", "mis")) else []):
            yield f"modal-reason-{name}-{place}", modals.reason(action, say, kept)
    found = {f"component-{n}": [Candidate(version="2.0", title=HOSTILE[6])] for n in range(7)}
    yield "modal-start", modals.start("openchat", found, say=say, secret=kept)
    yield "modal-start-unreachable", modals.start("openchat", None, say=say, secret=kept)
    yield "modal-loading", modals.loading(say, kept)
    yield "modal-target", modals.choose_target(["openchat", "other"], say, kept)
    yield "modal-nothing", modals.nothing(say, "slack.start.title", "slack.start.none")
    running = release()
    for place, word in enumerate(HOSTILE):
        yield f"modal-note-{place}", modals.note(word, [running], say, kept)
    title = text("history.title", count=0, target="-")
    empty = Card(kind="history", title=title, text=title)
    cards = [view.question(running, question, ("ren",)) for question in running.open_questions]
    boards = [(running, "https://example.slack.com/archives/C0SAMPLE00")] * 20
    watches = [
        WatchRow(subject=what, person="ren", events=events, surface="slack")
        for what, events in (("#42", "all"), ("openchat", "failures"))
    ]
    full = home.Shown(running=boards, waiting=cards, watches=watches, history=empty)
    yield "home", home.home(full, say)
    yield "home-empty", home.home(home.Shown(history=empty), say)
    yield "home-stranger", home.stranger(say)
