"""Release rituals: types that rise in many healthy releases too, such as the noise of a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

REMEMBERED = 20
"""Healthy releases that are remembered."""
FEWEST = 5
"""With fewer of them nothing is a ritual."""
OFTEN = 0.2


def is_ritual(key: str, rarity: float, past: Mapping[str, Sequence[float]], *, cut: float) -> bool:
    """Whether a rise is what releases do: so rare in 20 % of the healthy ones, never rarer.

    `past` is key -> its rarity in each of the last healthy releases, 0 where it was quiet. Beyond
    its own maximum it is an alarm again.
    """
    seen = list(past.get(key, ()))[-REMEMBERED:]
    if len(seen) < FEWEST:
        return False
    often = sum(1 for value in seen if value > cut) / len(seen)
    return often >= OFTEN and rarity <= max(seen)
