"""The time limit of one count, checked between the pieces of its work."""

from __future__ import annotations

import time
from datetime import timedelta

from bot.core.counts import LogStoreError
from bot.core.value import spell


class Deadline:
    """Ends when the limit is over or when `end` is called, whichever is first."""

    def __init__(self, limit: timedelta) -> None:
        self.limit = limit
        self._end = time.monotonic() + limit.total_seconds()

    @property
    def left(self) -> float:
        """The seconds that are left, never less than 0."""
        return max(0.0, self._end - time.monotonic())

    def end(self) -> None:
        """Let nothing more be done; may be called from any thread."""
        self._end = 0.0

    def check(self) -> None:
        """Raise LogStoreError when the time is over."""
        if not self.left:
            raise self.error()

    def error(self) -> LogStoreError:
        """What to raise when the time is over; it names the limit."""
        limit = self.limit
        name = spell(limit) if limit.total_seconds() >= 1 else f"{limit.total_seconds() * 1000:g}ms"
        return LogStoreError(f"counting the log files took longer than the limit of {name}")
