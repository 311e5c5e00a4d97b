"""What the policy looks at: counts by error type and minute, and which minutes are missing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MINUTES_A_DAY = 1440


class PanelError(ValueError):
    """The counts cannot be read as a panel; the message says what is wrong."""


@dataclass(frozen=True)
class Panel:
    """Counts of one component in one host group, a row a type and a column a minute.

    A minute of which nothing is known is NaN in every row, never 0. A type is named by its level
    and its error type; the same keys in the same order are expected of panels that are compared.
    """

    start: int
    """The first minute, in minutes since the epoch (UTC)."""
    keys: tuple[str, ...]
    counts: Floats
    """(types, minutes); NaN where the minute is missing."""
    exposure: Floats
    """(minutes,): requests, or live hosts, in each minute; all rates are per unit of it."""

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit, counts below 0 and exposure that is not above 0."""
        if self.counts.ndim != 2 or self.counts.shape[0] != len(self.keys):
            raise PanelError(f"{self.counts.shape} counts for {len(self.keys)} types")
        if self.exposure.shape != (self.counts.shape[1],):
            raise PanelError(f"{self.exposure.shape} exposures for {self.counts.shape[1]} minutes")
        if np.any(self.counts < 0) or np.any(self.exposure < 0):
            raise PanelError("a count or an exposure is below 0")

    @property
    def minutes(self) -> int:
        """How many minutes it covers."""
        return int(self.counts.shape[1])

    @property
    def end(self) -> int:
        """The first minute after it."""
        return self.start + self.minutes

    @property
    def known(self) -> NDArray[np.bool_]:
        """(minutes,): whether the minute was measured and somebody was there to write."""
        return np.asarray(~np.isnan(self.counts).any(axis=0) & (self.exposure > 0))

    def between(self, begin: int, end: int) -> Panel:
        """The minutes [begin, end) since the epoch, as far as it has them."""
        first, last = max(begin - self.start, 0), max(end - self.start, 0)
        return Panel(
            start=self.start + min(first, self.minutes),
            keys=self.keys,
            counts=self.counts[:, first:last],
            exposure=self.exposure[first:last],
        )

    def of(self, rows: NDArray[np.intp]) -> Panel:
        """Some of its types."""
        return replace(self, keys=tuple(self.keys[row] for row in rows), counts=self.counts[rows])

    def digest(self) -> str:
        """SHA-256 of everything in it, as hexadecimal."""
        made = hashlib.sha256(repr((self.start, self.keys, self.counts.shape)).encode())
        made.update(np.ascontiguousarray(self.counts, dtype="<f8").tobytes())
        made.update(np.ascontiguousarray(self.exposure, dtype="<f8").tobytes())
        return made.hexdigest()


def minute_of(moment: datetime) -> int:
    """The minute since the epoch that holds a moment."""
    return int(moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    """The moment at which a minute since the epoch begins."""
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def panel(start: int, counts: dict[str, Floats], exposure: Floats | None = None) -> Panel:
    """Make a panel from rows by type, in the order of their names; exposure 1 by default."""
    keys = tuple(sorted(counts))
    rows = np.array([counts[key] for key in keys], dtype=np.float64)
    if not keys:
        rows = np.zeros((0, 0 if exposure is None else len(exposure)))
    return Panel(start, keys, rows, np.ones(rows.shape[1]) if exposure is None else exposure)
