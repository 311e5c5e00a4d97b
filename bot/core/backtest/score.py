"""What a backtest found: how often a policy was wrong, how much it missed, and how soon it saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import median

from bot.core.backtest.case import Case, Label
from bot.core.value import Text, Value
from bot.core.verdict.verdict import Result

FEWEST = 200
"""Releases or pseudo-releases without which a backtest lets no policy roll back by itself."""
_Z = 1.959964
"""The two-sided 95 % point of the normal distribution."""


class Replayed(Value):
    """What one policy says of one case."""

    case: Case
    policy: str
    """As it is called: a name of release.yml, or that of a comparison."""
    result: Result
    minutes: float | None = None
    """From the start of the deploy to the look that failed; None where none did."""
    types: tuple[str, ...] = ()
    """Error types that made it fail, at most five."""
    reasons: tuple[Text, ...] = ()
    """Why it could not measure."""


class Cases(Value):
    """What was judged; a release is one, however many components it had."""

    releases: int
    bad: int
    """Releases that were bad for any component."""
    pseudo: int


def cases(found: Iterable[Replayed]) -> Cases:
    """Count the cases, whatever the number of policies."""
    known = {(r.case.component, r.case.name): r.case for r in found}.values()
    real = [case for case in known if not case.pseudo]
    return Cases(
        releases=len({case.name for case in real}),
        bad=len({case.name for case in real if case.label is Label.BAD}),
        pseudo=len(known) - len(real),
    )


class Share(Value):
    """So many of so many, with the 95 % interval of the share."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share itself; None of nothing."""
        return self.count / self.of if self.of else None


def share(count: int, of: int) -> Share:
    """Wilson's score interval at 95 % (Wilson 1927); [0, 1] where there is nothing to count."""
    if not of:
        return Share(count=0, of=0, low=0.0, high=1.0)
    rate, square = count / of, _Z * _Z
    centre = (rate + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    low = 0.0 if not count else max(0.0, centre - half)
    high = 1.0 if count == of else min(1.0, centre + half)
    return Share(count=count, of=of, low=low, high=high)


class Score(Value):
    """One policy over the cases of one component, or of all together."""

    policy: str
    component: str
    """Empty: all together."""
    false_fails: Share
    """Of the good ones that could be measured."""
    missed: Share
    """Of the bad ones: a pass, and also what could not be measured."""
    unmeasured: Share
    """Inconclusive, of all."""
    minutes: float | None
    """Median from the deploy to the fail, over the bad ones that were caught."""
    saved: float | None
    """Median minutes by which the fail came before people rolled back."""

    def allows(self, max_false_fail: float) -> bool:
        """Whether the policy may roll back by itself: enough cases, and surely seldom wrong."""
        return self.false_fails.of >= FEWEST and self.false_fails.high < max_false_fail


def score(policy: str, component: str, found: Iterable[Replayed]) -> Score:
    """Count what one policy said of the cases of one component; empty: of all."""
    mine = [r for r in found if r.policy == policy and component in {"", r.case.component}]
    good = [r for r in mine if r.case.label is Label.GOOD and r.result is not Result.INCONCLUSIVE]
    bad = [r for r in mine if r.case.label is Label.BAD]
    caught = [r for r in bad if r.result is Result.FAIL]
    unmeasured = sum(r.result is Result.INCONCLUSIVE for r in mine)
    return Score(
        policy=policy,
        component=component,
        false_fails=share(sum(r.result is Result.FAIL for r in good), len(good)),
        missed=share(len(bad) - len(caught), len(bad)),
        unmeasured=share(unmeasured, len(mine)),
        minutes=_median([r.minutes for r in caught if r.minutes is not None]),
        saved=_median([s for r in caught if (s := _saved(r)) is not None]),
    )


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 2) if values else None


def _saved(found: Replayed) -> float | None:
    back = found.case.rolled_back_at
    if back is None or found.minutes is None:
        return None
    return (back - found.case.began).total_seconds() / 60 - found.minutes


def scores(found: Sequence[Replayed]) -> tuple[Score, ...]:
    """Policy by policy: all components together, then each."""
    policies = tuple(dict.fromkeys(r.policy for r in found))
    components = tuple(dict.fromkeys(r.case.component for r in found))
    each = components if len(components) > 1 else ()
    return tuple(score(c, name, found) for c in policies for name in (*("",), *each))


def parts(found: Sequence[Score], whole: Score) -> tuple[Score, ...]:
    """The scores of each component that `whole` stands for: a release may have any of them."""
    if whole.component:
        return (whole,)
    each = tuple(s for s in found if s.policy == whole.policy and s.component)
    return each or (whole,)
