"""The card of a question: what is asked, of whom, until when; afterwards, who decided."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.card import Card, Cell, Row, Table
from bot.core.deeds import by
from bot.core.question import STANDING, Question, QuestionKind
from bot.core.release import OPERATIONS, Release
from bot.core.value import Params, Text, text
from bot.core.view import buttons
from bot.core.view.marks import NOTHING
from bot.core.view.rules import verdict_rules


def question(release: Release, item: Question, asked: Iterable[str] = ()) -> Card:
    """The card of one question. `asked` are the people who may answer it (their keys)."""
    closed = item.closed
    change = release.change(item.component) if item.component else None
    params: Params = {
        "release": release.id,
        "step": item.step or item.component,
        "component": item.component,
        "target": release.target,
        "running": (change.running if change else "") or "?",
        "candidate": change.candidate if change else "",
    }
    return Card(
        kind="question",
        release=release.id,
        state="closed" if closed else "asked",
        title=text(f"question.{item.kind}.title", **params),
        text=text(f"question.{item.kind}.text", **params),
        lines=tuple(_lines(item)),
        fields=tuple(verdict_rules(release.config)) if item.kind is QuestionKind.START else (),
        table=_plan(release) if item.kind is QuestionKind.START else None,
        actions=buttons.of_question(release, item),
        mentions=() if closed else tuple(asked),
        at=item.asked_at,
        footer=None if closed else _silence(item),
    )


def _lines(item: Question) -> list[Cell]:
    lines: list[Cell] = []
    if item.context:
        lines.append(item.context)
    if item.needed > 1:
        # Where one is enough, the decision itself says who.
        lines += [
            text("question.vote", **by(v.name, v.surface), at=v.at.isoformat()) for v in item.votes
        ]
    if item.needed > 1 and item.closed is None:
        lines.append(text("question.votes", votes=len(item.votes), needed=item.needed))
    if item.closed:
        lines.append(_decision(item))
    return lines


def _decision(item: Question) -> Text:
    closed = item.closed
    if closed is None or not closed.name:
        verb = closed.verb if closed else ""
        return text(f"closed.{verb}", at=closed.at.isoformat() if closed else "")
    key = "closed.reason" if closed.reason else "closed.by"
    who = by(closed.name, closed.surface)
    at = closed.at.isoformat()
    return text(key, verb=closed.verb, **who, at=at, reason=closed.reason)


def _silence(item: Question) -> Text:
    """What happens if nobody acts."""
    if item.act_at:
        return text("silence.countdown", at=item.act_at.isoformat())
    if item.kind in STANDING or item.expires_at is None:
        return text("silence.stands")
    key = "silence.start" if item.kind is QuestionKind.START else "silence.pause"
    return text(key, at=item.expires_at.isoformat())


def _plan(release: Release) -> Table:
    rows = [
        Row(
            cells=(
                item.component,
                f"{item.running or '?'} → {item.candidate}",
                _canary(release, item.component),
                str(sum(s.kind in OPERATIONS for s in release.of(item.component))),
            ),
            state="mixed" if item.mixed else "",
        )
        for item in release.changes
    ]
    rows += [
        Row(cells=(name, _left_out(release, name), NOTHING, "0"), state="left_out")
        for name in release.left_out
    ]
    header = ("column.component", "column.change", "column.canary", "column.operations")
    return Table(
        caption=text("plan.table", target=release.target),
        header=tuple(text(key) for key in header),
        rows=tuple(rows),
    )


def _left_out(release: Release, component: str) -> Text:
    return text("plan.unwanted" if component in release.unwanted else "plan.left_out")


def _canary(release: Release, component: str) -> Cell:
    group = release.config.target.components[component].canary
    hosts = release.change(component).groups.get(group, ()) if group else ()
    return f"{group}: {', '.join(hosts)}" if hosts else NOTHING
