"""Cards that rooms only hear: start, canary, finish, reminders, overrides, the result."""

from __future__ import annotations

from bot.core import tally
from bot.core.card import Card
from bot.core.deeds import by
from bot.core.question import Question, QuestionKind
from bot.core.release import Pause, Phase, Release, Step, StepState
from bot.core.value import Params, text
from bot.core.view.check import types_table


def share(release: Release, step: Step, *, digest: bool) -> Card:
    """A sharing message: of one component, or one for the whole release (`digest`)."""
    change = release.change(step.component)
    scope = "digest" if digest else "each"
    names = ", ".join(c.component for c in release.changes)
    key = f"share.{step.group}.{scope}"
    params: Params = {
        "release": release.id,
        "target": release.target,
        "component": step.component,
        "components": names,
        "count": len(release.changes),
        "running": change.running,
        "candidate": change.candidate,
        **by(release.started_by.name, release.started_by.surface),
    }
    return Card(
        kind="share",
        release=release.id,
        state=step.group,
        title=text(key, **params),
        text=text(key, **params),
        at=step.finished_at,
        who=release.started_by.name,
    )


def result(release: Release) -> Card:
    """How the release ended, with the seed's arithmetic."""
    params: Params = {
        "release": release.id,
        "target": release.target,
        "state": str(release.phase),
        "rolled_back": ", ".join(release.rolled_back),
    }
    lines = [tally.line(release)]
    if release.rolled_back:
        lines.insert(0, text("result.rolled_back", components=", ".join(release.rolled_back)))
    types = [t for s in release.steps for r in s.rounds[-1:] for t in r.verdict.types if t.after]
    return Card(
        kind="result",
        release=release.id,
        state=str(release.phase),
        title=text("result.title", **params),
        text=text("result.text", **params),
        lines=tuple(lines),
        table=types_table(tuple(types[:10])) if types and release.rolled_back else None,
        at=release.ended_at,
        footer=None,
    )


def reminder(
    release: Release, question: Question, *, last: bool, mentions: tuple[str, ...]
) -> Card:
    """A question said again; only the escalation mentions people."""
    key = "reminder.escalation" if last else "reminder.again"
    params: Params = {
        "release": release.id,
        "kind": f"question.kind.{question.kind}",
        "step": question.step or question.component or release.target,
        "at": question.asked_at.isoformat(),
    }
    return Card(
        kind="reminder",
        release=release.id,
        state="asked",
        title=text(key, **params),
        text=text(key, **params),
        mentions=mentions,
    )


def override(release: Release, step: Step) -> Card:
    """Told to the whole room: a check or a step was waved through, by whom and why."""
    given = step.override
    params: Params = {
        "release": release.id,
        "step": step.id,
        "state": str(step.state),
        **(by(given.name, given.surface) if given else {}),
        "reason": given.reason if given else "",
    }
    return Card(
        kind="notice",
        release=release.id,
        state=str(step.state),
        title=text("override.title", **params),
        text=text("override.text", **params),
        lines=(text("override.text", **params),),
        at=given.at if given else None,
        who=given.name if given else "",
    )


def expired(release: Release, question: Question) -> Card:
    """Nobody answered in time: told to whoever started the release."""
    closed = question.closed
    params: Params = {
        "release": release.id,
        "kind": f"question.kind.{question.kind}",
        "step": question.step or question.component or release.target,
    }
    title = text("expired.start" if question.kind is QuestionKind.START else "expired", **params)
    return Card(
        kind="notice",
        release=release.id,
        state="expired",
        title=title,
        text=title,
        mentions=(release.started_by.person,) if release.started_by.person else (),
        at=closed.at if closed else None,
    )


def paused(release: Release, pause: Pause) -> Card:
    """Told to those who only hear: the release stands still, since when, why, and by whom."""
    who = by(pause.name, pause.surface)
    params: Params = {"release": release.id, "target": release.target, **who}
    title = text("paused.by" if pause.name else "paused.rule", **params)
    return Card(
        kind="notice",
        release=release.id,
        state=str(Phase.PAUSED),
        title=title,
        text=title,
        lines=(pause.reason,),
        at=pause.at,
        who=pause.name,
    )


def rollback(release: Release) -> Card:
    """A rollback began, or how it ended, with the manual steps when it failed."""
    going = release.rollback
    names = ", ".join(going.components if going else release.rolled_back)
    failed = [s for s in release.steps if s.undo and s.state is StepState.FAILED]
    key = "rollback.running" if going else "rollback.done"
    if not release.live and release.phase is not Phase.ROLLED_BACK:
        key = "rollback.stopped" if going else "rollback.by_hand"
    elif failed:
        key = "rollback.failed"
    params: Params = {
        "release": release.id,
        "components": names,
        **(by(going.name, going.surface) if going and going.name else {"who": "policy"}),
    }
    return Card(
        kind="notice",
        release=release.id,
        state="rolling_back" if going and release.live else str(release.phase),
        title=text(key, **params),
        text=text(key, **params),
        lines=tuple(s.detail for s in failed if s.detail),
        at=going.at if going else release.ended_at,
    )
