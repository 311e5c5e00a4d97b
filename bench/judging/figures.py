"""Shares with their intervals, and recall by volume and size of the rise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RISES = (1.5, 2.0, 3.0, 5.0, 10.0)
CLASSES = ("<0.3", "0.3-1", "1-3", "3-10", "10-30", "30-100", ">100")
EDGES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Expected events in 15 minutes."""


@dataclass(frozen=True)
class Share:
    """A share of n with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, float]:
        """Rounded, for the JSON object."""
        digits = {k: round(float(v), 5) for k, v in vars(self).items()}
        return {**digits, "n": self.n}


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    if n <= 0:
        return 0.0, 1.0
    z, p = 1.959964, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def share(hits: NDArray[np.bool_], days: NDArray[np.int64] | None = None) -> Share:
    """The share of hits; releases of one day are alike, which widens the interval."""
    n = len(hits)
    value = float(hits.mean()) if n else 0.0
    effect = 1.0
    if days is not None and n and 0 < value < 1:
        groups = [hits[days == day] for day in np.unique(days)]
        spread = sum(float(g.sum() - len(g) * value) ** 2 for g in groups)
        effect = max(1.0, spread / (n * value * (1 - value)))
    low, high = wilson(value * n / effect, n / effect)
    return Share(value, low, high, n)


@dataclass
class Recall:
    """Injected rises that one method found, and after how many minutes."""

    found: dict[tuple[float, str], list[float]] = field(default_factory=dict)
    """(rise, class) -> minutes to the detection, infinity where there was none."""

    def add(self, rise: float, size: str, minutes: float) -> None:
        """Note one injection."""
        self.found.setdefault((rise, size), []).append(minutes)

    def of(self, rise: float, *sizes: str) -> tuple[Share, float]:
        """Recall and median minutes of a rise in some classes together."""
        minutes = np.array([m for size in sizes for m in self.found.get((rise, size), [])])
        hits = np.isfinite(minutes)
        median = float(np.median(minutes[hits])) if hits.any() else float("nan")
        return share(hits), median


def size_of(expected: float) -> str:
    """The class of an expected number of events in 15 minutes."""
    return CLASSES[int(np.searchsorted(EDGES, expected, side="right"))]
