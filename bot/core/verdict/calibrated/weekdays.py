"""How much more or less is written on each day of the week, where three weeks are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats, Panel

Whole = NDArray[np.intp]
DAYS = 7
FEWEST_DAYS = 21
"""With fewer than three of each day one odd day would be a habit."""
PSEUDO_EVENTS = 200.0
"""A type with so many expected events on a weekday believes half in its own factor there."""
_THURSDAY = 4
"""The day of the week, from Sunday, with which the epoch began."""


@dataclass(frozen=True)
class Factors:
    """What the day of the week multiplies an expectation with."""

    later: Floats
    """(types, 7): for days behind the panel."""
    within: Floats
    """(types, minutes): for the panel's own, each without its day."""
    pooled: Floats
    """(7,): of all types together."""


def factors(panel: Panel, expected: Floats, pooled: Floats | None = None) -> Factors:
    """Fit F = (events + 200 P) / (expected + 200) over the days of one weekday (UTC).

    P is the same of all types together, or `pooled`, that of busier types. `expected` is what the
    time of day expects, 0 where nothing is known. All 1 where less than three weeks are known.
    """
    types = len(panel.keys)
    known_days = panel.known.sum() / MINUTES_A_DAY
    if known_days < FEWEST_DAYS or not types:
        return Factors(np.ones((types, DAYS)), np.ones_like(expected), np.ones(DAYS))
    day = (panel.start + np.arange(panel.minutes)) // MINUTES_A_DAY
    place = day - day[0]
    counts = np.where(panel.known, panel.counts, 0.0)
    seen, mean = (_by_day(values, place) for values in (counts, expected))
    weekday = _weekday(day[0] + np.arange(seen.shape[1]))
    same = (weekday[:, None] == np.arange(DAYS)[None, :]).astype(np.float64)
    together = _together(seen @ same, mean @ same) if pooled is None else pooled
    rest = (seen @ same)[:, weekday] - seen, (mean @ same)[:, weekday] - mean
    others = _factor(*rest, _together(*rest) if pooled is None else pooled[weekday])
    return Factors(_factor(seen @ same, mean @ same, together), others[:, place], together)


def of(minutes: Panel, known: Floats) -> Floats:
    """(types, minutes): the factor of each minute by its day of the week."""
    day = (minutes.start + np.arange(minutes.minutes)) // MINUTES_A_DAY
    return np.asarray(known[:, _weekday(day)])


def _weekday(days: Whole) -> Whole:
    return np.asarray((days + _THURSDAY) % DAYS)


def _by_day(values: Floats, place: Whole) -> Floats:
    begins = np.flatnonzero(np.diff(place, prepend=-1))
    return np.asarray(np.add.reduceat(values, begins, axis=1))


def _together(seen: Floats, mean: Floats) -> Floats:
    return np.asarray((seen.sum(axis=0) + 1.0) / (mean.sum(axis=0) + 1.0))


def _factor(seen: Floats, mean: Floats, pooled: Floats) -> Floats:
    return np.asarray((seen + PSEUDO_EVENTS * pooled) / (mean + PSEUDO_EVENTS))
