"""How fast cards are edited: slowly enough for Slack, decisions before everything else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

WINDOW = 60.0
"""Seconds in which edits are counted."""
EDITS = 50
"""Edits of a window: chat.update is of Slack's tier 3, 50 a minute in a workspace."""
RESERVED = 20
"""Of these, so many are kept for cards that carry a decision: whoever is asked before each step
decides sixteen times in the example's release, and may do so within a minute."""
GAP = 1.5
"""Seconds between two edits of one message that can wait: the newest state is shown then."""
BEHIND = 0.5
"""So many seconds after a rate limit what can wait comes behind what cannot."""


class Pace:
    """Says how long an edit has to wait. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._edits: deque[float] = deque()
        self._last: dict[str, float] = {}
        self._until = 0.0

    def wait(self, message: str, *, urgent: bool) -> float:
        """Seconds until this message may be edited; 0: now."""
        now = self._monotonic()
        while self._edits and self._edits[0] <= now - WINDOW:
            self._edits.popleft()
        limited = self._until - now
        if limited > 0:
            return limited if urgent else limited + BEHIND
        allowed = EDITS if urgent else EDITS - RESERVED
        if len(self._edits) >= allowed:
            return self._edits[len(self._edits) - allowed] + WINDOW - now
        return 0.0 if urgent else max(0.0, self._last.get(message, -GAP) + GAP - now)

    def edited(self, message: str) -> None:
        """Note an edit."""
        now = self._monotonic()
        self._edits.append(now)
        self._last = {m: at for m, at in self._last.items() if at > now - GAP} | {message: now}

    def limited(self, seconds: float) -> None:
        """Note that Slack wants no edit for this long."""
        self._until = max(self._until, self._monotonic() + seconds)
