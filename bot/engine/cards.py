"""The small cards of answers: refusals, previews, notices, and the echo of what was typed."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.core import intent
from bot.core.card import Action, Card, Cell, Confirm, Style
from bot.core.command import Command, Misunderstood, Trouble
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.redact import redact
from bot.core.release import Release
from bot.core.value import Text, spell, text
from bot.core.verb import Verb
from bot.core.words import BECAUSE
from bot.engine.services import Services
from bot.ports import RoomError

log = structlog.get_logger("release_master.cards")

SAY, FORM = "say", "form"
"""Buttons of what was not understood. They do nothing by themselves: the value of the one is a
line, which whoever presses it says, with the reason that the dialog asked for behind it; the value
of the other is the verb whose form the surface opens."""


def refused(
    why: Text,
    outcome: Outcome = Outcome.REFUSED,
    *,
    release: int | None = None,
    lines: tuple[Cell, ...] = (),
    actions: tuple[Action, ...] = (),
) -> Reply:
    """A private no, with the reason."""
    card = Card(
        kind="refusal",
        release=release,
        state=str(outcome),
        title=text(f"refusal.{outcome}"),
        text=why,
        lines=(why, *lines),
        actions=actions,
    )
    return Reply(outcome=outcome, card=card, release=release)


def number_meant(command: Command) -> tuple[Cell, ...]:
    """For a number that was read as a step: how it is written as a release; else nothing."""
    number = int(command.step) if command.step.isdecimal() else 0
    # What is skipped is a step: without one the line would say nothing.
    if not number or command.release is not None or command.verb is Verb.SKIP:
        return ()
    line = intent.spell(command.model_copy(update={"release": number, "step": ""}))
    return text("hint.number", release=number), text("hint.try", line=line)


def notice(what: Text) -> Card:
    """One line for the person who asked."""
    return Card(kind="answer", title=what, text=what)


def misunderstood(meant: Misunderstood) -> Reply:
    """What was wrong with the line, and whole lines that would be right, each of them a button."""
    lines: list[Cell] = [meant.text]
    if meant.example:
        lines.append(text("hint.example", line=meant.example))
    said = dict.fromkeys(line for line in meant.suggestions if line != meant.example)
    card = Card(
        kind="refusal",
        state="not_understood",
        title=text("refusal.not_understood"),
        text=meant.text,
        lines=tuple(lines),
        actions=(
            *_asked_for(meant),
            *(Action(verb=SAY, label=text("hint.try", line=line), value=line) for line in said),
        ),
    )
    return Reply(outcome=Outcome.NOT_UNDERSTOOD, card=card)


def needing_reason(line: str, names: intent.Names) -> Action | None:
    """The button that asks for the reason of this line; None when the line needs none now."""
    meant = intent.parse(line, wake=intent.Wake(required=False), names=names)
    if not isinstance(meant, Misunderstood):
        return None
    return next((a for a in _asked_for(meant) if a.verb == SAY and a.value == line), None)


def with_reason(line: str, reason: str) -> str:
    """A line with its reason behind it, as it is said."""
    return f"{line} {BECAUSE} {' '.join(reason.split())}"


def _asked_for(meant: Misunderstood) -> tuple[Action, ...]:
    """The form for what is missing; it comes first, so that a surface may open it at once."""
    if meant.code is not Trouble.MISSING or meant.verb is None:
        return ()
    if meant.verb is Verb.START and meant.what == "target":
        label = text("button.form")
        return (Action(verb=FORM, label=label, value=str(Verb.START), style=Style.PRIMARY),)
    if meant.what != "reason":
        return ()
    line = meant.line.removesuffix(f" {BECAUSE}")
    ask = Confirm(title=text("confirm.say.title", line=line), body=meant.text, reason=True)
    label = text("button.say_why")
    return (Action(verb=SAY, label=label, value=line, style=Style.PRIMARY, confirm=ask),)


def preview(
    command: Command,
    release: Release | None,
    *,
    scope: tuple[str, ...],
    value: str,
    seconds: timedelta,
) -> Reply:
    """What a typed destructive command would do, with *Do it* and *Keep*.

    `scope`: what a rollback takes back, in its order.
    """
    title = text(
        "draft.title" if release else "draft.title_lock",
        verb=str(command.verb),
        release=release.id if release else 0,
        target=release.target if release else command.target or command.component,
    )
    ended = command.verb is Verb.ROLLBACK and release is not None and not release.live
    key = "draft.rollback_ended" if ended else f"draft.{command.verb}"
    lines: list[Cell] = [text(key, step=command.step)]
    if release is not None:
        changes = [release.change(name) for name in scope]
        lines += [f"{c.component}: {c.candidate} → {c.running}" for c in changes]
    if command.reason:
        lines.append(text("draft.reason", reason=redact(command.reason)))
    lines.append(text("draft.expires", seconds=spell(seconds)))
    card = Card(
        kind="draft",
        release=release.id if release else None,
        title=title,
        text=title,
        lines=tuple(lines),
        actions=(
            Action(verb="do", label=text("button.do"), value=value, style=Style.DANGER),
            Action(verb="keep", label=text("button.keep"), value=value),
        ),
    )
    return Reply(outcome=Outcome.ANSWERED, card=card)


async def said(services: Services, inbound: Inbound, number: int) -> None:
    """Put what somebody typed into a room that has no memory of its own; best effort.

    A room that is out of order is no reason to leave a command undone.
    """
    room = services.adapters.room(inbound.room)
    if room is None or inbound.surface != "web":
        return
    person = services.file().people.get(inbound.person)
    who = person.name if person else "?"
    card = Card(
        kind="said",
        title=text("said", who=who, line=redact(inbound.text)),
        text=text("said.line", line=redact(inbound.text)),
        who=who,
        at=inbound.at,
    )
    try:
        await room.show(f"said:{number}", card, None)
    except RoomError as error:
        log.warning("echo_failed", room=inbound.room, error=str(error))
