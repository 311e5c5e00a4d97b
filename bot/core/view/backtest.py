"""The cards of a backtest: how far it is, and what it found."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.backtest.backtest import Backtest
from bot.core.backtest.score import FEWEST, Score, Share, cases, parts
from bot.core.card import Card, Cell, Chart, Row, Series, Table
from bot.core.value import Text, text
from bot.core.view.marks import NOTHING

WORKING, FINISHED, FAILED = "running", "done", "failed"
_COLUMNS = ("policy", "component", "false_fails", "at_most", "missed", "unmeasured", "minutes")


def progress(target: str, done: int, of: int, what: Text) -> Card:
    """How far it is: `done` of `of` parts of equal weight, and what it is at."""
    share = round(100 * done / of) if of else 0
    title = text("backtest.running", target=target, percent=share)
    return Card(kind="backtest", state=WORKING, title=title, text=title, lines=(what,))


def broken(target: str, why: Text) -> Card:
    """It came to nothing, and why; what was kept before stays."""
    title = text("backtest.failed", target=target)
    return Card(kind="backtest", state=FAILED, title=title, text=title, lines=(why,))


def result(found: Backtest, limit: float) -> Card:
    """What it found; `limit` is the share of false fails under which a policy may roll back."""
    scores = found.scores
    whole = [s for s in scores if not s.component]
    title = text("backtest.done", target=found.target)
    lines: list[Cell] = [_counted(found)]
    lines += [_summary(score, parts(scores, score), limit) for score in whole]
    lines += list(found.notes)
    return Card(
        kind="backtest",
        state=FINISHED,
        title=title,
        text=title,
        lines=tuple(lines),
        table=_table(scores, limit) if scores else None,
        chart=_chart(whole) if whole else None,
        at=found.at,
    )


def _counted(found: Backtest) -> Text:
    judged = cases(found.found)
    return text("backtest.cases", real=judged.releases, bad=judged.bad, pseudo=judged.pseudo)


def _summary(score: Score, of: Sequence[Score], limit: float) -> Text:
    """What the policy may do: a release asks as soon as one of its components has to ask."""
    asks = [part.component for part in of if not part.allows(limit)]
    key = "backtest.may_some" if len(asks) < len(of) else "backtest.may_not"
    return text(
        key if asks else "backtest.may",
        components=", ".join(asks),
        policy=score.policy,
        fails=score.false_fails.count,
        of=score.false_fails.of,
        high=_percent(score.false_fails.high),
        limit=_percent(limit),
        fewest=FEWEST,
    )


def _table(scores: Sequence[Score], limit: float) -> Table:
    return Table(
        caption=text("backtest.table"),
        header=tuple(text(f"column.{name}") for name in _COLUMNS),
        rows=tuple(
            Row(
                cells=(
                    s.policy,
                    s.component or text("backtest.all"),
                    _of(s.false_fails),
                    _percent(s.false_fails.high),
                    _of(s.missed) if s.missed.of else NOTHING,
                    _of(s.unmeasured),
                    NOTHING if s.minutes is None else f"{s.minutes:g}",
                ),
                state="pass" if all(one.allows(limit) for one in parts(scores, s)) else "",
            )
            for s in scores
        ),
    )


def _of(share: Share) -> Text:
    return text("backtest.of", count=share.count, all=share.of)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _chart(whole: Sequence[Score]) -> Chart:
    highs = tuple(round(100 * s.false_fails.high, 1) for s in whole)
    rates = tuple(round(100 * (s.false_fails.value or 0), 1) for s in whole)
    return Chart(
        title=text("backtest.chart"),
        categories=tuple(s.policy for s in whole),
        series=(
            Series(name=text("column.false_fails"), values=rates),
            Series(name=text("column.at_most"), values=highs),
        ),
    )
