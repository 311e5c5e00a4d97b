"""One case judged anew by `seed-2020`, from the minutes of the history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.backtest.told import told
from bot.core.config.policy import Policy
from bot.core.counts import Counts, TypeCount, Window, WindowCounts
from bot.core.value import Text, text
from bot.core.verdict import seed2020
from bot.core.verdict.calibrated.panel import Panel
from bot.core.verdict.verdict import Result, Verdict

FEWEST_KNOWN = 0.3
"""The part of a baseline that must be known: three days of ten."""


def replay(
    case: Case, history: Panel, policy: Policy, *, called: str = "seed-2020", scale: float = 1
) -> Replayed:
    """Judge the rounds of a case as the engine would have, at their own moments.

    `history` holds the component's counts by minute (of 60 s / `scale`), from a baseline before
    the deploy to the last round; what it does not hold, or does not know, is inconclusive.
    """
    reported: list[str] = []
    worst: Replayed | None = None
    for number in range(1, policy.rounds + 1):
        now = case.ended + policy.interval * number / scale
        verdict = _round(case, history, policy, now=now, scale=scale, reported=reported)
        found = told(case, called, verdict, at=now)
        if worst is None or found.result.badness > worst.result.badness:
            worst = found
        if verdict.result is Result.FAIL:
            break
        reported += [f.error_type for f in verdict.findings]
    if worst is None:
        raise ValueError("a policy has at least one round")
    return worst


def _round(
    case: Case,
    history: Panel,
    policy: Policy,
    *,
    now: datetime,
    scale: float,
    reported: Iterable[str],
) -> Verdict:
    minute = timedelta(minutes=1) / scale
    before = Window(start=case.began - policy.baseline / scale, end=case.began)
    after = Window(start=case.began, end=now)
    windows = tuple(_counted(history, window, minute) for window in (before, after))
    reasons = _unknown(history, before, after, minute)
    counts = Counts(windows=windows, newest=now)
    return seed2020.judge(counts, reported=reported, reasons=reasons)


def _columns(window: Window, minute: timedelta) -> tuple[int, int]:
    begin, end = (int(t.timestamp() // minute.total_seconds()) for t in (window.start, window.end))
    return begin, end


def _counted(history: Panel, window: Window, minute: timedelta) -> WindowCounts:
    part = history.between(*_columns(window, minute))
    totals = np.nansum(part.counts, axis=1) if part.minutes else np.zeros(len(part.keys))
    rows = tuple(
        TypeCount(error_type=error_type, level=level, host="", count=int(count))
        for key, count in zip(part.keys, totals, strict=True)
        if count
        for level, _, error_type in (key.partition(" "),)
    )
    return WindowCounts(window=window, types=rows)


def _unknown(history: Panel, before: Window, after: Window, minute: timedelta) -> tuple[Text, ...]:
    """Minutes of which nothing is known; a baseline may have some, what was watched may not."""
    begin, end = _columns(after, minute)
    seen = history.between(begin, end)
    missing = end - begin - int(seen.known.sum())
    reasons = [text("backtest.missing_minutes", count=missing)] if missing else []
    first, last = _columns(before, minute)
    base = history.between(first, last)
    known = int(base.known.sum()) / max(last - first, 1)
    if known < FEWEST_KNOWN:
        reasons.append(text("backtest.short_baseline", share=round(known, 2)))
    return tuple(reasons)
