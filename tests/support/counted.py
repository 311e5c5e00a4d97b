"""Counts as a log store would give them, of a component that was deployed at a known moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.config import Policy
from bot.core.counts import Counts, TypeCount, WindowCounts
from bot.core.verdict import seed2020

DEPLOYED = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
RESTARTED = DEPLOYED + timedelta(minutes=2)
POLICY = Policy()


def counted(
    before: dict[str, int], after: dict[str, int], *, minutes: int = 15, host: str = "h1"
) -> Counts:
    """What a log store says about documents by type in both windows, on one host."""
    now = DEPLOYED + timedelta(minutes=minutes)
    windows = seed2020.request(
        POLICY,
        "auth",
        deploy_started=DEPLOYED,
        restart_ended=RESTARTED,
        now=now,
        time_scale=1.0,
    ).windows
    rows = (before, after, after)
    return Counts(
        windows=tuple(
            WindowCounts(
                window=window,
                types=tuple(
                    TypeCount(error_type=name, level="ERROR", host=host, count=count)
                    for name, count in sorted(types.items())
                ),
                documents={host: 100},
            )
            for window, types in zip(windows, rows, strict=True)
        ),
        newest=now,
    )
