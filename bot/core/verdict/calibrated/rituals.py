"""Release rituals: types that rise in many healthy releases too, such as the noise of a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

REMEMBERED = 20
"""Healthy releases that are remembered."""
FEWEST = 5
"""With fewer of them nothing is a ritual."""
OFTEN = 0.2


def is_ritual(key: str, rarity: float, past: Mapping[str, Sequence[float]], *, cut: float) -> bool:
    """Whether a rise is what releases do: so rare in 20 % of the healthy ones, hardly ever rarer.

    `past` is key -> its rarity in each of the last healthy releases, 0 where it was quiet. It is
    an alarm again beyond its own maximum by more than that exceeds the median of its rises: the
    next of n alike is the largest once in n + 1 times, which no healthy release should pay for.
    """
    seen = list(past.get(key, ()))[-REMEMBERED:]
    if len(seen) < FEWEST:
        return False
    rises = [value for value in seen if value > cut]
    if len(rises) < OFTEN * len(seen):
        return False
    return rarity <= 2 * max(rises) - median(rises)
