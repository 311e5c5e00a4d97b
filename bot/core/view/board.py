"""The board: the one live message of a release, edited in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.core import access, tally
from bot.core.card import Card, Cell, Row, Table
from bot.core.deeds import by, named
from bot.core.question import Question, QuestionKind
from bot.core.release import IN_FLIGHT, SATISFIED, Phase, Release, Step, StepKind, StepState
from bot.core.value import Text, spell, text
from bot.core.verb import Verb
from bot.core.view import buttons
from bot.core.view.check import check_word
from bot.core.view.marks import NOTHING
from bot.core.view.rules import verdict_rules
from bot.core.view.upcoming import next_lines

NAMES = 4
"""So many people are named in one line."""


def state_word(release: Release) -> str:
    """The state that people read: the phase, or what a running release waits for."""
    if release.phase is not Phase.RUNNING:
        return str(release.phase)
    if any(q.kind is QuestionKind.GATE for q in release.open_questions):
        return "waiting_approval"
    if release.open_questions:
        return "waiting"
    busy = [s for s in release.steps if s.state in IN_FLIGHT]
    if busy and all(s.kind is StepKind.CHECK for s in busy):
        return "baking"
    return "running"


def board(
    release: Release, now: datetime, asked: Mapping[int, Iterable[str]] | None = None
) -> Card:
    """What, where, state, next; who and since when; a row a component; what can be pressed.

    `asked`: question id -> the names of those who may answer it; otherwise their role is named.
    """
    word = state_word(release)
    return Card(
        kind="board",
        release=release.id,
        state=word,
        title=text("board.title", release=release.id, target=release.target),
        text=text("board.text", release=release.id, target=release.target, state=word),
        lines=tuple(_lines(release, asked or {})),
        fields=tuple(_fields(release)),
        table=_table(release),
        actions=buttons.of_board(release),
        at=now,
        who=release.started_by.name,
        footer=tally.line(release),
    )


def _fields(release: Release) -> list[tuple[Text, Cell]]:
    fields: list[tuple[Text, Cell]] = [
        (text("field.started_by"), named(release.started_by)),
        (text("field.confirm"), text(f"confirm_mode.{release.confirm}")),
    ]
    if release.begun_at:
        fields.append((text("field.begun"), text("time", at=release.begun_at.isoformat())))
    if release.begun_at and release.ended_at:
        fields.append((text("field.took"), spell(release.ended_at - release.begun_at)))
    fields += verdict_rules(release.config)
    if release.note:
        fields.append((text("field.note"), release.note))
    if release.rollback_of:
        fields.append((text("field.rollback_of"), f"#{release.rollback_of}"))
    if release.rolled_back_by:
        fields.append((text("field.rolled_back_by"), f"#{release.rolled_back_by}"))
    return fields


def _lines(release: Release, asked: Mapping[int, Iterable[str]]) -> list[Cell]:
    lines: list[Cell] = list(next_lines(release))
    if release.pause:
        key = "board.paused_by" if release.pause.name else "board.paused"
        who = by(release.pause.name, release.pause.surface)
        lines.append(text(key, **who, at=release.pause.at.isoformat()))
        lines.append(release.pause.reason)
    lines += [_asked(release, q, asked.get(q.id, ())) for q in release.open_questions]
    lines += [s.detail for s in release.steps if s.state in IN_FLIGHT and s.detail]
    lines += [
        text("board.alert", component=a.component, name=a.name, at=a.at.isoformat())
        for a in release.alerts
        if a.firing
    ]
    lines += [
        text(
            "board.overridden",
            step=s.id,
            **by(s.override.name, s.override.surface),
            reason=s.override.reason,
            state=str(s.state),
        )
        for s in release.steps
        if s.override
    ]
    return lines


def _asked(release: Release, question: Question, names: Iterable[str]) -> Text:
    """Who is asked, since when, until when."""
    key = "board.asked_until" if question.expires_at else "board.asked"
    role = access.needed(access.ANSWERS.get(question.kind, Verb.RETRY), release.config.target)
    return text(
        key,
        kind=f"question.kind.{question.kind}",
        step=question.step or question.component or release.target,
        who=_some(tuple(names)) or f"{role}",
        at=question.asked_at.isoformat(),
        until=question.expires_at.isoformat() if question.expires_at else "",
        votes=len(question.votes),
        needed=question.needed,
    )


def _some(names: tuple[str, ...]) -> str:
    """The first names; how many there are beside them is said, too."""
    more = f" +{len(names) - NAMES}" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more


def _table(release: Release) -> Table:
    rows = [_row(release, item.component) for item in release.changes]
    header = ("column.component", "column.change", "column.step", "column.verdict")
    return Table(
        caption=text("board.table", target=release.target),
        header=tuple(text(key) for key in header),
        rows=tuple(rows),
    )


def _row(release: Release, component: str) -> Row:
    item = release.change(component)
    steps = release.of(component)
    state, cell = _progress(release, component, steps)
    verdict = _verdict(release, steps)
    way = [item.running or "?", item.candidate]
    if release.rollback_of is not None:
        way.reverse()
    return Row(cells=(component, " → ".join(way), cell, verdict), state=state)


def _progress(release: Release, component: str, steps: tuple[Step, ...]) -> tuple[str, Cell]:
    if component in release.rolled_back:
        return "rolled_back", text("row.rolled_back")
    current = _current(steps)
    if current is None:
        cancelled = any(s.state is StepState.CANCELLED for s in steps)
        word = "cancelled" if cancelled else "done"
        return word, text(f"row.{word}")
    if all(s.state is StepState.WAITING for s in steps):
        key = "row.waiting_start" if release.phase is Phase.PLANNED else "row.waiting"
        return "waiting", text(key)
    done = sum(s.state in SATISFIED for s in steps)
    waits = current.state is StepState.WAITING
    return str(current.state), text(
        "row.step",
        step=current.id.partition("/")[2],
        state="step_waiting" if waits else str(current.state),
        done=done,
        steps=len(steps),
        detail=_detail(current),
    )


def _current(steps: tuple[Step, ...]) -> Step | None:
    settled = SATISFIED | {StepState.CANCELLED}
    moving = [s for s in steps if s.state not in settled | {StepState.WAITING}]
    if moving:
        return moving[-1]
    waiting = [s for s in steps if s.state not in settled]
    return waiting[0] if waiting else None


def _detail(step: Step) -> str:
    done = sum(h.state == "succeeded" for h in step.hosts)
    return f"{done}/{len(step.hosts)}" if step.hosts else ""


def _verdict(release: Release, steps: tuple[Step, ...]) -> Cell:
    """The worst word about the component's checks; clean rounds alone are no verdict."""
    words = [word for s in steps if (word := check_word(s))]
    for word in ("fail", "inconclusive", "overridden", "skipped", "cancelled"):
        if word in words:
            return text(f"verdict.word.{word}")
    running = [s for s in steps if check_word(s) == "running"]
    if running:
        rounds = release.config.policies[running[0].component].rounds
        return text("verdict.word.running", round=running[0].round, rounds=rounds)
    return text("verdict.word.pass") if "pass" in words else NOTHING
