"""Error types that were never seen: how often one is born without any release."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import exp

WINDOW = 15
"""Minutes; a birth is judged by the events of its first 15 minutes."""
RARE = 0.003
"""A new type is an alarm when a release without a fault shows one so big with this probability."""
FEWEST = 2
ON_TWO_HOSTS = 0.1
"""The assumed share of births that two hosts write within 15 minutes."""
NEAR = 0.2
"""Templates that differ in a fifth of their words or less are variants."""
PRIOR_BIRTHS = 0.5
PRIOR_DAYS = 1.0


@dataclass(frozen=True)
class Births:
    """The births of the baseline: how many in how many days, and how big they became."""

    days: float
    sizes: tuple[int, ...]
    """Events of each in its first 15 minutes, ascending."""

    @property
    def rate(self) -> float:
        """Births a minute: (births + 0.5) / (days + 1), the mean under Gamma(0.5, 1 day)."""
        return (len(self.sizes) + PRIOR_BIRTHS) / (self.days + PRIOR_DAYS) / 1440

    def reaching(self, events: int) -> float:
        """The share of births that reach so many events in 15 minutes, one imagined one among."""
        larger = sum(1 for size in self.sizes if size >= events)
        return (larger + 1.0 / max(events, 1)) / (len(self.sizes) + 1)

    def probability(self, events: int, *, minutes: float = WINDOW) -> float:
        """P(a healthy window shows a new type with so many events or more)."""
        return 1 - exp(-self.rate * minutes * self.reaching(events))


def births(first_seen: Sequence[tuple[int, int]], *, days: float) -> Births:
    """Make it from (minute, events in its first 15 minutes) of each type born in the baseline.

    Types that were there when the memory began are no births: leave out its first tenth.
    """
    return Births(days, tuple(sorted(size for _, size in first_seen)))


@dataclass(frozen=True)
class NewType:
    """A type that neither the baseline nor the long memory knows."""

    key: str
    events: int
    hosts: int
    """Distinct hosts that wrote it."""
    probability: float
    """That a release without a fault shows such a birth."""
    alarm: bool
    variant_of: str = ""
    """A known type whose words nearly match: listed, never an alarm."""


def judge_new(
    key: str,
    events: int,
    hosts: int,
    *,
    known: Births,
    canary_share: float = 1.0,
    similar: str = "",
) -> NewType:
    """Judge a type that was never seen, from its events and distinct hosts since the deployment.

    p = 1 - exp(-rate x 15 min x share of births so big). Events of one host are one vote, those of
    several hosts count each and p is divided by ten, as few births reach two hosts in 15 minutes.
    `canary_share`, below 1 where only the canary wrote it, multiplies p once a vote. Alarm at two
    events or more and p <= 0.3 %; a near variant of a known type and a single event are watched.
    """
    votes = events if hosts > 1 else min(events, 1)
    probability = known.probability(votes) * canary_share**votes
    probability *= ON_TWO_HOSTS if hosts > 1 else 1.0
    alarm = events >= FEWEST and not similar and probability <= RARE
    return NewType(key, events, hosts, probability, alarm, similar)


def token_distance(one: str, other: str) -> float:
    """The share of words that differ between two templates of as many words; 1 otherwise."""
    left, right = one.split(), other.split()
    if len(left) != len(right) or not left:
        return 1.0
    return sum(a != b for a, b in zip(left, right, strict=True)) / len(left)


def variant_of(template: str, known: Collection[str]) -> str:
    """The known template of the same logger within a fifth of its words, or nothing."""
    near = sorted((token_distance(template, other), other) for other in known)
    return near[0][1] if near and near[0][0] <= NEAR else ""
