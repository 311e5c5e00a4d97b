"""From a verdict to what a backtest keeps of it."""

from __future__ import annotations

from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.calibrated.comparison import Outcome
from bot.core.value import Moment
from bot.core.verdict.verdict import Result

TYPES_KEPT = 5


def told(case: Case, called: str, found: Outcome, *, at: Moment) -> Replayed:
    """What the verdict of a policy says of a case; `at` is when it was given."""
    failed = found.result is Result.FAIL
    return Replayed(
        case=case,
        policy=called,
        result=found.result,
        minutes=(at - case.began).total_seconds() / 60 if failed else None,
        types=found.types[:TYPES_KEPT],
        reasons=found.reasons,
    )
