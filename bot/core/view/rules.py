"""Which comparison decides and what a fail leads to, as plan and board say it."""

from __future__ import annotations

from bot.core.card import Cell
from bot.core.config import OnFail
from bot.core.release import Frozen
from bot.core.value import Text, text


def verdict_rules(config: Frozen) -> list[tuple[Text, Cell]]:
    """A line a policy; a `roll_back` that no backtest allows is said to act as `ask`."""
    policies = {(p.comparison, p.on_fail) for p in config.policies.values()}
    lines: list[tuple[Text, Cell]] = []
    for comparison, on_fail in sorted(policies):
        barred = on_fail is OnFail.ROLL_BACK and not config.may_roll_back
        key = "policy.no_backtest" if barred else "policy.line"
        rule = text(key, comparison=comparison, on_fail=str(on_fail))
        lines.append((text("field.policy"), rule))
    return lines
