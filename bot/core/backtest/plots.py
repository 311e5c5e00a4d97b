"""The drawings of a backtest's page, as SVG: intervals, waits, and cases along the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from bot.core.backtest.case import Label
from bot.core.backtest.score import Replayed, Score
from bot.core.verdict.verdict import Result

WIDE, LEFT, ROW = 860, 230, 26
_PLOT = WIDE - LEFT - 60


def intervals(scores: Sequence[Score], limit: float) -> str:
    """The share of false fails of each score with its interval, and the limit."""
    top = max([limit * 1.5, *(s.false_fails.high for s in scores if s.false_fails.of)])
    parts: list[str] = []
    for place, one in enumerate(scores):
        y = place * ROW + ROW / 2
        parts.append(_label(y, f"{one.policy} {one.component or 'all'}"))
        share = one.false_fails
        if share.value is None:
            parts.append(_note(LEFT, y, "nothing to count"))
            continue
        low, high = (_at(value / top) for value in (share.low, share.high))
        parts += [
            f'<line class=bar x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>',
            f'<circle cx="{_at(share.value / top):.1f}" cy="{y}" r="4"/>',
            _note(high + 8, y, f"{share.value:.1%}"),
        ]
    tall = len(scores) * ROW
    x = _at(limit / top)
    parts.append(f'<line class=limit x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{tall}"/>')
    return _svg(tall, parts, "Share of false fails by policy and component")


def waits(found: Sequence[Replayed]) -> str:
    """The minutes to the fail of each bad release that was caught, a row a policy."""
    caught = [r for r in found if r.case.label is Label.BAD and r.minutes is not None]
    longest = max((r.minutes for r in caught if r.minutes is not None), default=0) or 1
    parts: list[str] = []
    policies = list(dict.fromkeys(r.policy for r in found))
    for place, policy in enumerate(policies):
        y = place * ROW + ROW / 2
        minutes = sorted(r.minutes or 0 for r in caught if r.policy == policy)
        parts.append(_label(y, policy))
        parts += [f'<circle cx="{_at(m / longest):.1f}" cy="{y}" r="4"/>' for m in minutes]
        parts.append(_note(WIDE - 52, y, f"{longest:g} min" if minutes else "none"))
    return _svg(len(policies) * ROW, parts, "Minutes to the fail")


def timeline(found: Sequence[Replayed]) -> str:
    """Each case as a mark at its time: tall where the release was bad, coloured by result."""
    rows = list(dict.fromkeys((r.policy, r.case.component) for r in found))
    if not rows:
        return _svg(ROW, [_note(LEFT, ROW / 2, "no case")], "No case")
    times = [r.case.began.timestamp() for r in found]
    first, span = min(times), max(max(times) - min(times), 1.0)
    place = {row: number for number, row in enumerate(rows)}
    parts = [_label(n * ROW + ROW / 2, " ".join(row)) for row, n in place.items()]
    for one in found:
        y = place[one.policy, one.case.component] * ROW
        parts.append(_mark(one, _at((one.case.began.timestamp() - first) / span), y))
    return _svg(len(rows) * ROW, parts, "Every case by time")


def _mark(one: Replayed, x: float, y: float) -> str:
    bad, failed = one.case.label is Label.BAD, one.result is Result.FAIL
    tall = ROW - 4 if bad else ROW - 12
    said = f"{one.case.name} {one.case.began:%Y-%m-%d %H:%M}: {one.result} ({one.case.label})"
    return (
        f'<rect class={one.result} x="{x - 1:.1f}" y="{y + (ROW - tall) / 2}" '
        f'width="{3 if bad or failed else 2}" height="{tall}"><title>{escape(said)}</title></rect>'
    )


def _at(part: float) -> float:
    return LEFT + part * _PLOT


def _label(y: float, words: str) -> str:
    return f'<text x="0" y="{y + 4}">{escape(words[:36])}</text>'


def _note(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y + 4}">{escape(words)}</text>'


def _svg(tall: float, parts: Iterable[str], name: str) -> str:
    return (
        f'<svg role=img aria-label="{escape(name)}" viewBox="0 0 {WIDE} {tall}" width="{WIDE}">'
        f'<line class=axis x1="{LEFT}" x2="{LEFT}" y1="0" y2="{tall}"/>{"".join(parts)}</svg>'
    )
