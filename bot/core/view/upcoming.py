"""What happens next, and when: the first lines of a board."""

from __future__ import annotations

from bot.core import undo
from bot.core.question import STANDING, Question
from bot.core.release import IN_FLIGHT, OPERATIONS, SATISFIED, Phase, Release, Step
from bot.core.value import Text, text


def next_line(release: Release) -> Text:
    """What happens next and when, in one line."""
    return next_lines(release)[0]


def next_lines(release: Release) -> tuple[Text, ...]:
    """What happens next and when; behind the first line, the next round of every check."""
    if not release.live:
        return (text(f"next.{release.phase}"),)
    rounds = sorted((s for s in release.steps if s.next_at), key=_due)
    lines = [_first(release), *(_round(release, s) for s in rounds)]
    if lines[0].key == "next.settling" and rounds:
        del lines[0]
    return tuple(lines)


def _due(step: Step) -> tuple[str, int]:
    return (step.next_at.isoformat() if step.next_at else "", step.number)


def _first(release: Release) -> Text:
    if release.phase is Phase.ABORTING:
        return _operation(release, "next.aborting")
    question = _decisive(release)
    if question is not None and question.act_at:
        at = question.act_at.isoformat()
        return text("next.countdown", component=question.component, at=at)
    if question is not None:
        return text("next.answer", step=question.step or question.component or release.target)
    if release.phase is Phase.ROLLING_BACK:
        return _rolling_back(release)
    key = "next.resume" if release.phase is Phase.PAUSED else "next.operation"
    return text(key) if release.phase is Phase.PAUSED else _operation(release, key)


def _decisive(release: Release) -> Question | None:
    """The question that must be answered first: a countdown, then what holds the release."""
    found = [q for q in release.open_questions if _holds(release, q)]
    counting = [q for q in found if q.act_at]
    standing = [q for q in found if q.kind in STANDING]
    return next(iter((*counting, *standing, *found)), None)


def _holds(release: Release, question: Question) -> bool:
    """Whether an answer moves the release now; in a pause or a rollback some only wait."""
    if release.phase is Phase.ROLLING_BACK:
        return bool(question.step) and release.step(question.step).undo
    return release.phase is not Phase.PAUSED or question.kind in STANDING


def _rolling_back(release: Release) -> Text:
    waiting = undo.waiting_for(release)
    if waiting:
        return text("next.rollback_waits", step=waiting[0].id)
    steps = [s for s in release.steps if s.undo and s.state not in SATISFIED]
    return text("next.rolling_back", step=steps[0].id if steps else "")


def _operation(release: Release, key: str) -> Text:
    busy = [s for s in release.steps if s.kind in OPERATIONS and s.state in IN_FLIGHT]
    if not busy:
        return text("next.settling")
    since = busy[0].started_at or release.planned_at
    until = since + release.config.target.step_deadline
    return text(key, step=busy[0].id, at=since.isoformat(), until=until.isoformat())


def _round(release: Release, step: Step) -> Text:
    return text(
        "next.round",
        round=step.round,
        rounds=release.config.policies[step.component].rounds,
        at=step.next_at.isoformat() if step.next_at else "",
        step=step.id,
    )
