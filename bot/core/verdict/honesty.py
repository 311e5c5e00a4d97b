"""The honesty rules: when counts may not be called a pass, and why.

Source: docs/architecture.md, "What a verdict may say": missing lines are unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.config.policy import Policy
from bot.core.counts import Counts
from bot.core.value import Text, spell, text

MISSED_ALL = "honesty.missed_all"
"""The reason of a round that came after all rounds should have been over: people are asked."""


def reasons(
    counts: Counts,
    *,
    policy: Policy,
    restarted: Iterable[str],
    restart_ended: datetime,
    time_scale: float,
) -> tuple[Text, ...]:
    """Each reason why these counts prove nothing, in order of weight; empty: they may pass.

    `restarted` are the hosts that were restarted: every one of them must have written at least
    one line of any level in the last window of `counts` (the time since the restart ended).
    """
    liveness = counts.windows[-1]
    found: list[Text] = list(counts.gaps)
    if not sum(liveness.documents.values()):
        found.append(text("honesty.no_documents"))
    else:
        silent = sorted(set(restarted) - set(liveness.documents))
        if silent:
            found.append(
                text("honesty.silent_hosts", hosts=", ".join(silent[:5]), count=len(silent))
            )
    found.extend(_lag(counts, limit=policy.max_lag / time_scale, since=restart_ended))
    return tuple(reason for n, reason in enumerate(found) if reason not in found[:n])


def _lag(counts: Counts, *, limit: timedelta, since: datetime) -> list[Text]:
    end = counts.windows[-1].window.end
    if counts.newest is None or end - since <= limit:
        return []
    lag = end - counts.newest
    return [text("honesty.lag", lag=spell(lag), limit=spell(limit))] if lag > limit else []


def too_late(due: datetime, now: datetime, *, policy: Policy, time_scale: float) -> Text | None:
    """Why a round that runs now instead of at `due` measures nothing; None when it is in time."""
    if now - due <= policy.late_limit / time_scale:
        return None
    return text("honesty.missed", late=spell(now - due))
