"""The counts of one component as lines: each error type before and after, and what is lacking."""

from __future__ import annotations

from datetime import timedelta

from bot.core.counts import Counts, WindowCounts
from bot.core.redact import cut, redact
from bot.core.value import Text, spell, text
from bot.core.verdict.seed2020 import multiple
from bot.engine.errors_card import Answer, Line

DETAIL = 160
"""Characters of a log message, or of a log store's words, that are shown."""
WHOLE = 0.95
"""Logs that fill this share of the baseline fill it: a quiet beginning is no lack of logs."""


def counted(name: str, counts: Counts, *, hosts: tuple[str, ...] | None) -> Answer:
    """What was counted on these hosts (None: on every host), before and after.

    The samples must be those of the same hosts: nothing in them says whose they are.
    """
    base, seen = counts.windows
    covered = _covered(base)
    before, after = _totals(base, hosts), _totals(seen, hosts)
    compared = bool(_documents(base, hosts))
    lines = [
        _line(name, kind, seen).model_copy(
            update={
                "before": before.get(kind, 0),
                "after": after.get(kind, 0),
                "multiple": multiple(
                    before.get(kind, 0),
                    after.get(kind, 0),
                    baseline=covered,
                    observed=seen.window.length,
                ),
                "expected": before.get(kind, 0) * (seen.window.length / covered),
                "compared": compared,
            }
        )
        for kind in sorted(set(before) | set(after))
    ]
    gaps = [gap for gap in counts.gaps if gap.key != "gap.no_documents"]
    if not _documents(seen, hosts):
        gaps.append(text("errors.silent", component=name))
    gaps += _lacking(name, base, compared=compared, covered=covered)
    return Answer(
        component=name,
        lines=tuple(lines),
        window=seen.window,
        baseline=base.window,
        gaps=tuple(gaps),
        link=counts.link,
    )


def _lacking(
    name: str, base: WindowCounts, *, compared: bool, covered: timedelta
) -> tuple[Text, ...]:
    if not compared:
        return (text("errors.no_baseline", component=name),)
    if covered == base.window.length:
        return ()
    said = f"{name} {spell(covered)}"
    return (text("errors.short", component=said, asked=spell(base.window.length)),)


def _covered(base: WindowCounts) -> timedelta:
    """How much of the baseline has logs: all of it, or what is behind the oldest document."""
    whole = base.window.length
    if base.oldest is None:
        return whole
    since = base.window.end - base.oldest
    return whole if since >= whole * WHOLE else since


def _totals(window: WindowCounts, hosts: tuple[str, ...] | None) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in window.types:
        if hosts is None or row.host in hosts:
            totals[row.error_type] = totals.get(row.error_type, 0) + row.count
    return totals


def _documents(window: WindowCounts, hosts: tuple[str, ...] | None) -> int:
    return sum(n for host, n in window.documents.items() if hosts is None or host in hosts)


def _line(name: str, kind: str, seen: WindowCounts) -> Line:
    """One error type with its sample, if there is one."""
    sample = next((s for s in seen.samples if s.error_type == kind), None)
    if sample is None:
        return Line(component=name, error_type=kind, before=0, after=0, multiple=None)
    return Line(
        component=name,
        error_type=kind,
        before=0,
        after=0,
        multiple=None,
        first_seen=sample.first_seen,
        sample=cut(redact(sample.message), DETAIL),
    )
