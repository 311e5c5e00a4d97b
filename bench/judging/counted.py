"""Lines counted by statement, for all requests together, and blamed by the policy's own scores.

This is what a policy can do: it has counts and the traffic. Rate and over-dispersion of each
statement of a service come from its healthy windows; scores and limits are those of the policy for
young baselines, two-sided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judging.lines import BIN, Lines
from bench.judging.windows import FALSE_A_WINDOW, LOOKS, Span, Windows
from bench.judging.worlds import Floats
from bot.core.verdict.calibrated import level, scores, tails

SIDES = 2
"""A rise, and a fall."""


@dataclass(frozen=True)
class Counted:
    """What was written in a window."""

    counts: Floats
    """(keys,): lines."""
    requests: int
    """Distinct traces, of each ten seconds of the clock."""


def count(lines: Lines, span: Span) -> Counted:
    """Count the lines of a window and its requests."""
    low, high = lines.between(*span)
    counts = np.bincount(lines.numbers[low:high], minlength=len(lines.keys)).astype(float)
    bins = (lines.seconds[low:high] // BIN).tolist()
    return Counted(counts, len(set(zip(bins, lines.traces[low:high], strict=True))))


@dataclass(frozen=True)
class _Usual:
    """What healthy windows say of the statements of one service."""

    rows: NDArray[np.intp]
    """Its keys."""
    rates: Floats
    """(rows,): lines a request."""
    over: Floats
    """(rows,): over-dispersion."""

    def scores(self, window: Counted) -> Floats:
        """(rows,): the larger one of both sides."""
        expected = (self.rates * window.requests)[:, None, None]
        cells = (window.counts[self.rows][:, None, None], expected, self.over[:, None])
        return np.asarray(np.maximum(scores.rise(*cells), scores.fall(*cells))[:, 0, 0])


class Judge:
    """Who is blamed by counts; each service has a limit of its own."""

    def __init__(self, lines: Lines, windows: Windows) -> None:
        self._lines, self._windows = lines, windows
        self._past = [count(lines, span) for span in windows.spans]
        self._limits = self._learn(None)

    def blamed(self, span: Span, without: int | None = None) -> set[str]:
        """The services blamed in a span by the windows, of which `without` has no say."""
        window = count(self._lines, span)
        limits = self._limits if without is None else self._learn(without)
        return {name for name, (usual, cut) in limits.items() if usual.scores(window).max() > cut}

    def _learn(self, without: int | None) -> dict[str, tuple[_Usual, float]]:
        found = {}
        for name in self._lines.services:
            use = np.flatnonzero(self._windows.healthy(name, without))
            found[name] = self._limit(name, [self._past[n] for n in use])
        return found

    def _limit(self, service: str, healthy: list[Counted]) -> tuple[_Usual, float]:
        owners = [name == service for name, _ in self._lines.keys]
        rows = np.flatnonzero(np.array(owners))
        seen = np.stack([window.counts[rows] for window in healthy], axis=1)
        asked = np.array([window.requests for window in healthy], dtype=float)
        rates = (seen.sum(axis=1) + 0.5) / asked.sum()
        usual = _Usual(rows, rates, level.overdispersion(seen, rates[:, None] * asked))
        past = np.stack([usual.scores(window) for window in healthy], axis=1)
        alpha = FALSE_A_WINDOW / len(self._lines.services)
        tests = SIDES * len(rows) * len(LOOKS)
        return usual, tails.bounded(past, tests=tests, moments=len(healthy), alpha=alpha).cut(alpha)
