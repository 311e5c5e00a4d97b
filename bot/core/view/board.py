"""The board: the one live message of a release, edited in place."""

from __future__ import annotations

from datetime import datetime

from bot.core import tally, undo
from bot.core.card import Card, Cell, Row, Table
from bot.core.flow import places
from bot.core.release import (
    IN_FLIGHT,
    OPERATIONS,
    SATISFIED,
    Phase,
    Question,
    QuestionKind,
    Release,
    Step,
    StepKind,
    StepState,
)
from bot.core.value import Text, spell, text
from bot.core.view import buttons


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


def board(release: Release, now: datetime) -> Card:
    """What, where, state, next; who and since when; a row a component; what can be pressed."""
    word = state_word(release)
    upcoming = next_line(release)
    return Card(
        kind="board",
        release=release.id,
        state=word,
        title=text("board.title", release=release.id, target=release.target),
        text=text("board.text", release=release.id, target=release.target, state=word),
        lines=tuple(_lines(release, upcoming)),
        fields=tuple(_fields(release)),
        table=_table(release),
        actions=buttons.of_board(release),
        at=now,
        who=release.started_by.name,
        footer=tally.line(release),
    )


def _fields(release: Release) -> list[tuple[Text, Cell]]:
    fields: list[tuple[Text, Cell]] = [
        (text("field.started_by"), release.started_by.name),
        (text("field.confirm"), text(f"confirm_mode.{release.confirm}")),
    ]
    if release.begun_at:
        fields.append((text("field.begun"), text("time", at=release.begun_at.isoformat())))
    if release.begun_at and release.ended_at:
        fields.append((text("field.took"), spell(release.ended_at - release.begun_at)))
    policies = {(p.comparison, str(p.on_fail)) for p in release.config.policies.values()}
    for comparison, on_fail in sorted(policies):
        wanted = on_fail == "roll_back" and not release.config.may_roll_back
        key = "policy.no_backtest" if wanted else "policy.line"
        fields.append((text("field.policy"), text(key, comparison=comparison, on_fail=on_fail)))
    if release.note:
        fields.append((text("field.note"), release.note))
    if release.rollback_of:
        fields.append((text("field.rollback_of"), f"#{release.rollback_of}"))
    if release.rolled_back_by:
        fields.append((text("field.rolled_back_by"), f"#{release.rolled_back_by}"))
    return fields


def _lines(release: Release, upcoming: Text) -> list[Cell]:
    lines: list[Cell] = [upcoming]
    if release.pause:
        key = "board.paused_by" if release.pause.name else "board.paused"
        at = release.pause.at.isoformat()
        lines.append(text(key, who=release.pause.name, at=at))
        lines.append(release.pause.reason)
    lines += [_asked(q) for q in release.open_questions]
    lines += [
        text("board.alert", component=a.component, name=a.name, at=a.at.isoformat())
        for a in release.alerts
        if a.firing
    ]
    lines += [
        text(
            "board.overridden",
            step=s.id,
            who=s.override.name,
            reason=s.override.reason,
            state=str(s.state),
        )
        for s in release.steps
        if s.override
    ]
    return lines


def _asked(question: Question) -> Text:
    key = "board.asked_until" if question.expires_at else "board.asked"
    return text(
        key,
        kind=f"question.kind.{question.kind}",
        step=question.step or question.component,
        at=question.asked_at.isoformat(),
        until=question.expires_at.isoformat() if question.expires_at else "",
        votes=len(question.votes),
        needed=question.needed,
    )


def next_line(release: Release) -> Text:
    """What happens next and when, in one line."""
    if not release.live:
        return text(f"next.{release.phase}")
    if release.phase is Phase.ABORTING:
        flying = [s for s in release.steps if s.kind in OPERATIONS and s.state in IN_FLIGHT]
        since = flying[0].started_at if flying else None
        step = flying[0].id if flying else ""
        return text("next.aborting", step=step, at=since.isoformat() if since else "")
    if release.phase is Phase.ROLLING_BACK:
        return _rolling_back(release)
    for question in release.open_questions:
        if question.act_at:
            at = question.act_at.isoformat()
            return text("next.countdown", component=question.component, at=at)
    if release.open_questions:
        return text("next.answer", step=release.open_questions[0].step or release.target)
    if release.phase is Phase.PAUSED:
        return text("next.resume")
    return _running(release)


def _rolling_back(release: Release) -> Text:
    waiting = undo.waiting_for(release)
    if waiting:
        return text("next.rollback_waits", step=waiting[0].id)
    steps = [s for s in release.steps if s.undo and s.state not in SATISFIED]
    return text("next.rolling_back", step=steps[0].id if steps else "")


def _running(release: Release) -> Text:
    busy = [s for s in release.steps if s.kind in OPERATIONS and s.state in IN_FLIGHT]
    if busy:
        return text("next.operation", step=busy[0].id)
    rounds = [(s.next_at, s.number, s) for s in release.steps if s.next_at]
    if rounds:
        due, _, first = min(rounds)
        policy = release.config.policies[first.component]
        return text(
            "next.round",
            round=first.round,
            rounds=policy.rounds,
            at=due.isoformat(),
            step=first.id,
        )
    return text("next.settling")


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
    return Row(
        cells=(component, f"{item.running} → {item.candidate}", cell, _verdict(steps)),
        state=state,
    )


def _progress(release: Release, component: str, steps: tuple[Step, ...]) -> tuple[str, Cell]:
    if component in release.rolled_back:
        return "rolled_back", text("row.rolled_back")
    current = _current(steps)
    if current is None:
        cancelled = any(s.state is StepState.CANCELLED for s in steps)
        word = "cancelled" if cancelled else "done"
        return word, text(f"row.{word}")
    if all(s.state is StepState.WAITING for s in steps):
        key = "row.waiting" if len(places(release)) else "row.waiting_start"
        return "waiting", text(key)
    done = sum(s.state in SATISFIED for s in steps)
    return str(current.state), text(
        "row.step",
        step=current.id.partition("/")[2],
        state=str(current.state),
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
    if step.kind is StepKind.CHECK and step.state is StepState.RUNNING:
        return f"#{step.round}"
    done = sum(h.state == "succeeded" for h in step.hosts)
    return f"{done}/{len(step.hosts)}" if step.hosts else ""


def _verdict(steps: tuple[Step, ...]) -> Cell:
    results = [s.result for s in steps if s.result is not None]
    if not results:
        return "–"
    worst = max(results, key=lambda r: r.badness)
    return text(f"result.{worst}")
