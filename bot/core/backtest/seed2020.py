"""One case judged anew by `seed-2020`, from the minutes of the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.backtest.told import told
from bot.core.backtest.visible import Visible
from bot.core.calibrated.comparison import Outcome
from bot.core.config.policy import Policy
from bot.core.counts import Counts, TypeCount, Window, WindowCounts
from bot.core.minutes import MinuteCounts, bin_length, bin_of
from bot.core.value import Text, text
from bot.core.verdict import seed2020
from bot.core.verdict.verdict import Result, Verdict

FEWEST_KNOWN = 0.3
"""The part of a baseline that must be known: three days of ten."""


def replay(
    case: Case,
    known: Visible,
    policy: Policy,
    *,
    called: str = "seed-2020",
    scale: float = 1,
) -> Replayed:
    """Judge the rounds of a case as the engine would have, at their own moments.

    What is not known of the baseline or of what was watched is inconclusive. A minute is one of
    60 s / `scale`.
    """
    reported: list[str] = []
    worst: Replayed | None = None
    for now in rounds(case, policy, scale):
        verdict = _round(case, known, policy, now=now, scale=scale, reported=reported)
        types = tuple(f.error_type for f in verdict.findings)
        found = told(case, called, Outcome(verdict.result, types, verdict.reasons), at=now)
        if worst is None or found.result.badness > worst.result.badness:
            worst = found
        if verdict.result is Result.FAIL:
            break
        reported += [f.error_type for f in verdict.findings]
    if worst is None:
        raise ValueError("a policy has at least one round")
    return worst


def rounds(case: Case, policy: Policy, scale: float) -> tuple[datetime, ...]:
    """The moments of the rounds."""
    numbers = range(1, policy.rounds + 1)
    return tuple(case.ended + policy.interval * number / scale for number in numbers)


def _round(
    case: Case,
    known: Visible,
    policy: Policy,
    *,
    now: datetime,
    scale: float,
    reported: Iterable[str],
) -> Verdict:
    minute, history, seen = bin_length(scale), known.history, known.at(now)
    before = Window(start=case.began - policy.baseline / scale, end=case.began)
    after = Window(start=case.began, end=now)
    windows = (_counted(history, before, minute), _counted(seen, after, minute))
    reasons = _unknown(_part(history, before, minute), _part(seen, after, minute))
    counts = Counts(windows=windows, newest=now)
    return seed2020.judge(counts, reported=reported, reasons=reasons)


@dataclass(frozen=True)
class _Part:
    """The minutes of a window, as far as they are known."""

    counts: MinuteCounts
    length: int


def _part(counts: MinuteCounts, window: Window, minute: timedelta) -> _Part:
    begin, end = bin_of(window.start, minute), bin_of(window.end, minute)
    return _Part(counts.between(begin, end), end - begin)


def _counted(counts: MinuteCounts, window: Window, minute: timedelta) -> WindowCounts:
    totals = _part(counts, window, minute).counts.totals()
    rows = tuple(
        TypeCount(error_type=error_type, level=level, host="", count=count)
        for key, count in totals.items()
        if count
        for level, _, error_type in (key.partition(" "),)
    )
    return WindowCounts(window=window, types=rows)


def _unknown(before: _Part, after: _Part) -> tuple[Text, ...]:
    """Minutes of which nothing is known; a baseline may have some, what was watched may not."""
    missing = after.length - after.counts.known
    reasons = [text("backtest.missing_minutes", count=missing)] if missing else []
    known = before.counts.known / max(before.length, 1)
    if known < FEWEST_KNOWN:
        reasons.append(text("backtest.short_baseline", share=round(known, 2)))
    return tuple(reasons)
