"""The time before faults, which is healthy for all services but the one with the fault to come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOOKS = (50, 100)
"""Seconds after the fault, or where the files end; a window before one is as long as the first."""
FALSE_A_WINDOW = 1 / 20
"""Services that may be blamed falsely."""
Span = tuple[float, float]
"""Seconds of the day, UTC: from the first until before the second."""


def before(second: float) -> Span:
    """The window before a fault."""
    return second - LOOKS[0], second


def behind(second: float) -> tuple[Span, ...]:
    """What each look behind a fault sees."""
    return tuple((second, second + look) for look in LOOKS)


@dataclass(frozen=True)
class Windows:
    """The windows before some faults."""

    spans: tuple[Span, ...]
    faulty: tuple[str, ...]
    """(windows,): the service with the fault to come."""

    def healthy(self, service: str, without: int | None = None) -> NDArray[np.bool_]:
        """(windows,): those that say how the service is when well; `without` is left out."""
        use = np.array([name != service for name in self.faulty])
        if without is not None:
            use[without] = False
        return use
