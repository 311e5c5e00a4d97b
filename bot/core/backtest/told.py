"""From a verdict to what a backtest keeps of it."""

from __future__ import annotations

from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.value import Moment
from bot.core.verdict.verdict import Result, Verdict

TYPES_KEPT = 5


def told(case: Case, called: str, verdict: Verdict, *, at: Moment) -> Replayed:
    """What the verdict of a policy says of a case; `at` is when it was given."""
    failed = verdict.result is Result.FAIL
    return Replayed(
        case=case,
        policy=called,
        result=verdict.result,
        minutes=(at - case.began).total_seconds() / 60 if failed else None,
        types=tuple(f.error_type for f in verdict.findings[:TYPES_KEPT]),
        reasons=verdict.reasons,
    )
