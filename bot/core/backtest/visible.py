"""What a case is judged on: the minutes of the history, and what of them had arrived when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.minutes import MinuteCounts


@dataclass(frozen=True)
class Visible:
    """Minutes of a component around a case."""

    history: MinuteCounts
    """All that is known today, from the baseline before the deploy to the last look."""
    arrived: Mapping[datetime, bytes] = field(default_factory=dict)
    """Moment of a look -> the minutes from the deploy on as they were seen then, packed; of a
    moment that is not there, everything counts as having arrived at once."""

    def at(self, now: datetime) -> MinuteCounts:
        """The minutes from the deploy on, as they were seen at a moment."""
        packed = self.arrived.get(now)
        return self.history if packed is None else MinuteCounts.unpack(packed)
