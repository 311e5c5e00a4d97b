"""The drawings of a backtest's page, as SVG: intervals, waits, and cases along the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from bot.core.backtest.axis import BELOW, LEFT, LONG, Axis, amounts, shares, times
from bot.core.backtest.case import Label
from bot.core.backtest.score import Replayed, Score
from bot.core.verdict.verdict import Result

WIDE, ROW, HEAD = LEFT + LONG + 60, 26, 22
_LONGEST = 32
"""Characters of a row's name that fit left of the axis."""


def intervals(scores: Sequence[Score], limit: float) -> str:
    """The share of false fails of each score with its interval, and the limit."""
    top = max([limit * 1.5, *(s.false_fails.high for s in scores if s.false_fails.of)])
    axis = shares(top, "false fails, share of the good releases that could be measured")
    bottom = HEAD + len(scores) * ROW
    parts = [axis.drawn(HEAD, bottom), _limit(axis, limit, bottom)]
    for place, one in enumerate(scores):
        y = _middle(place)
        parts.append(_label(y, f"{one.policy} {one.component or 'all'}"))
        share = one.false_fails
        if share.value is None:
            parts.append(_note(LEFT + 8, y, "nothing to count"))
            continue
        low, high = axis.at(share.low), axis.at(share.high)
        parts += [
            f'<line class=bar x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>',
            f'<circle cx="{axis.at(share.value):.1f}" cy="{y}" r="4"/>',
            _note(high + 8, y, f"{share.value:.1%}"),
        ]
    return _svg(bottom + BELOW, parts, "Share of false fails by policy and component")


def _limit(axis: Axis, limit: float, bottom: float) -> str:
    """The line that an interval must end left of, and what it is."""
    x = axis.at(limit)
    side = "start" if x < LEFT + LONG / 2 else "end"
    return (
        f'<line class=limit x1="{x:.1f}" x2="{x:.1f}" y1="{HEAD - 6}" y2="{bottom}"/>'
        f'<text class=bound text-anchor="{side}" x="{x:.1f}" y="{HEAD - 10}">'
        f"limit {limit:.1%}: the upper end must lie below</text>"
    )


def waits(found: Sequence[Replayed]) -> str:
    """The minutes to the fail of each bad release that was caught, a row a policy."""
    caught = [
        (r.policy, r.minutes) for r in found if r.case.label is Label.BAD and r.minutes is not None
    ]
    axis = amounts(max((m for _, m in caught), default=0) or 1, "minutes from the deploy")
    policies = list(dict.fromkeys(r.policy for r in found))
    bottom = len(policies) * ROW
    parts = [axis.drawn(0, bottom)]
    for place, policy in enumerate(policies):
        y = place * ROW + ROW / 2
        minutes = sorted(m for name, m in caught if name == policy)
        parts.append(_label(y, policy))
        parts += [f'<circle cx="{axis.at(m):.1f}" cy="{y}" r="4"/>' for m in minutes]
        if not minutes:
            parts.append(_note(LEFT + 8, y, "none"))
    return _svg(bottom + BELOW, parts, "Minutes to the fail")


def timeline(found: Sequence[Replayed]) -> str:
    """Each case as a mark at its time: tall where the release was bad, coloured by result."""
    rows = list(dict.fromkeys((r.policy, r.case.component) for r in found))
    if not rows:
        return _svg(ROW, [_note(LEFT, ROW / 2, "no case")], "No case")
    began = [r.case.began for r in found]
    axis = times(min(began), max(began), "time of the deploy (UTC)")
    bottom = HEAD + len(rows) * ROW
    place = {row: number for number, row in enumerate(rows)}
    parts = [axis.drawn(HEAD, bottom), _legend()]
    parts += [_label(_middle(number), " ".join(row)) for row, number in place.items()]
    for one in found:
        y = HEAD + place[one.policy, one.case.component] * ROW
        parts.append(_mark(one, axis.at(one.case.began.timestamp()), y))
    return _svg(bottom + BELOW, parts, "Every case by time")


def _legend() -> str:
    words = "".join(f"<tspan class={one}>■</tspan> {one}   " for one in Result)
    return f'<text class=legend x="{LEFT}" y="{HEAD - 10}">{words}tall: a bad release</text>'


def _mark(one: Replayed, x: float, y: float) -> str:
    bad, failed = one.case.label is Label.BAD, one.result is Result.FAIL
    tall = ROW - 4 if bad else ROW - 12
    said = f"{one.case.name} {one.case.began:%Y-%m-%d %H:%M}: {one.result} ({one.case.label})"
    return (
        f'<rect class={one.result} x="{x - 1:.1f}" y="{y + (ROW - tall) / 2}" '
        f'width="{3 if bad or failed else 2}" height="{tall}"><title>{escape(said)}</title></rect>'
    )


def _middle(place: int) -> float:
    return HEAD + place * ROW + ROW / 2


def _label(y: float, words: str) -> str:
    """What a row is about; a name that is too long is whole under the pointer."""
    short = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    return f'<text x="0" y="{y + 4}">{escape(short)}<title>{escape(words)}</title></text>'


def _note(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y + 4}">{escape(words)}</text>'


def _svg(tall: float, parts: Iterable[str], name: str) -> str:
    return (
        f'<svg role=img aria-label="{escape(name)}" viewBox="0 0 {WIDE} {tall}" width="{WIDE}">'
        f"{''.join(parts)}</svg>"
    )
