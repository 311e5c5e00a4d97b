"""A backtest as it is stored: what was found, and which policies it speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.backtest.score import Replayed, Score, scores
from bot.core.config.policy import Policy
from bot.core.value import Moment, Text, Value


class Backtest(Value):
    """The newest one of a target; a policy that was changed since is not the one it tested."""

    target: str
    at: Moment
    by: str
    """Who asked for it, by name; empty: from the command line."""
    policies: dict[str, dict[str, str]]
    """component -> the policies that were tested, as they are called -> `Policy.statistic`."""
    found: tuple[Replayed, ...]
    notes: tuple[Text, ...] = ()
    """What a reader should know of the data."""

    @property
    def scores(self) -> tuple[Score, ...]:
        """Policy by policy: all components together, then each."""
        return scores(self.found)

    def score(self, component: str, policy: str) -> Score | None:
        """What was found for one component; None when it was not tested."""
        found = [r for r in self.found if r.case.component == component]
        return next((s for s in scores(found) if s.policy == policy), None)

    def allows(self, component: str, policy: Policy) -> bool:
        """Whether this very policy was shown to be seldom wrong for this component."""
        tested = self.policies.get(component, {})
        called = next((name for name, digest in tested.items() if digest == policy.statistic), "")
        score = self.score(component, called)
        return score is not None and score.allows(policy.max_false_fail)


def proven(backtest: Backtest | None, policies: Mapping[str, Policy]) -> frozenset[str]:
    """The components whose policy may roll back by itself, as the backtest shows."""
    if backtest is None:
        return frozenset()
    return frozenset(name for name, policy in policies.items() if backtest.allows(name, policy))
