"""One line about a verdict for boards, questions and journals, whichever comparison made it."""

from __future__ import annotations

from bot.core.value import Text, text
from bot.core.verdict import seed2020
from bot.core.verdict.verdict import Result, Verdict


def summary(verdict: Verdict) -> Text:
    """The first finding, the pass with what it could have seen, or the first reason."""
    if verdict.comparison == "seed-2020":
        return seed2020.summary(verdict)
    if verdict.result is Result.FAIL and verdict.alarms:
        return verdict.alarms[0]
    if verdict.result is Result.PASS:
        return text("verdict.pass_calibrated", watch=len(verdict.watch))
    return verdict.reasons[0] if verdict.reasons else text("verdict.unexplained")
