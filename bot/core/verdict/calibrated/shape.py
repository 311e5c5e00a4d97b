"""How a type's rate changes over the day, fitted without the day it is used for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats, Panel

BIN = 10
BINS = MINUTES_A_DAY // BIN
"""The time of day in bins of ten minutes."""
PSEUDO_EVENTS = 200.0
"""A type with so many events believes half in its own shape and half in its service's."""
OUTLYING = 2.58
"""Farrington flexible (surveillance, `farringtonFlexible`): larger residuals are weighted down."""
_NOTHING = 1e-9
_TRIANGLE = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]) / 16.0


@dataclass(frozen=True)
class Shape:
    """Events a minute and unit of exposure by type and time of day."""

    rates: Floats
    """(types, 144): all days together; for times after the baseline."""
    without: Floats
    """(days, types, 144): all days but one; for times on that day."""
    pooled: Floats
    """(144,): the shape of all types together, 1 on average."""


def time_of_day(start: int, minutes: int) -> Floats:
    """(minutes,): the bin of the day of each minute, as whole numbers."""
    return np.asarray((start + np.arange(minutes)) // BIN % BINS)


def fit(panel: Panel, pooled: Floats | None = None) -> Shape:
    """Fit shape and level of every type; the panel begins on a whole bin of ten minutes.

    rate = m s(t): m = (events + 0.5) / exposure, s smoothed by a circular triangle of +-30 minutes
    and shrunk to the pooled shape of all types. Bins with an Anscombe residual r > 2.58 count
    (2.58 / r)^2 (Farrington flexible), so that past bursts do not become the expectation. `pooled`
    is the shape of busier types, where these are not all.
    """
    events, exposure = _binned(panel)
    weight = _weights(events, exposure, pooled)
    weighted, exposed = events * weight, exposure[:, None, :] * weight
    all_days, together = _rates(weighted.sum(axis=0), exposed.sum(axis=0), pooled)
    if len(events) == 1:
        return Shape(all_days, all_days[None], together)
    without = np.stack(
        [
            _rates(
                weighted.sum(axis=0) - weighted[day], exposed.sum(axis=0) - exposed[day], pooled
            )[0]
            if exposure.sum() > exposure[day].sum()
            else all_days
            for day in range(len(events))
        ]
    )
    return Shape(all_days, without, together)


def _binned(panel: Panel) -> tuple[Floats, Floats]:
    """Events (days, types, 144) and exposure (days, 144); days are of 24 hours from the start."""
    days = -(-panel.minutes // MINUTES_A_DAY)
    known = panel.known
    counts = np.zeros((len(panel.keys), days * MINUTES_A_DAY))
    counts[:, : panel.minutes] = np.where(known, panel.counts, 0.0)
    exposure = np.zeros(days * MINUTES_A_DAY)
    exposure[: panel.minutes] = np.where(known, panel.exposure, 0.0)
    events = counts.reshape(len(panel.keys), days, BINS, BIN).sum(axis=3).transpose(1, 0, 2)
    turn = panel.start // BIN % BINS
    exposed = exposure.reshape(days, BINS, BIN).sum(axis=2)
    return np.roll(events, turn, axis=2), np.roll(exposed, turn, axis=1)


def _weights(events: Floats, exposure: Floats, pooled: Floats | None) -> Floats:
    exposed = np.broadcast_to(exposure.sum(axis=0), events.shape[1:])
    first, _ = _rates(events.sum(axis=0), exposed, pooled)
    expected = np.maximum(first * exposure[:, None, :], 1e-9)
    residual = 1.5 * (events ** (2 / 3) - expected ** (2 / 3)) / expected ** (1 / 6)
    # The spread of ordinary bins, so that a lively type is not all outliers.
    spread = np.maximum(1.0, np.quantile(np.abs(residual), 0.683, axis=(0, 2)))
    ratio = OUTLYING / np.maximum(residual / spread[None, :, None], OUTLYING)
    return np.asarray(ratio**2)


def _rates(events: Floats, exposure: Floats, pooled: Floats | None) -> tuple[Floats, Floats]:
    """(types, 144) from events and exposure (types, 144), and the shape (144,) of all types."""
    total = events.sum(axis=1)
    level = (total + 0.5) / np.maximum(exposure.sum(axis=1), 1e-9)
    expected = level[:, None] * exposure
    smooth, base = _smoothed(events), _smoothed(expected)
    belief = total / (total + PSEUDO_EVENTS)
    # Of a time of day that was never measured nobody knows more than the level.
    own = np.where(base > _NOTHING, smooth / np.maximum(base, _NOTHING), 1.0)
    if pooled is None:
        pooled = (belief @ own) / max(float(belief.sum()), 1e-9) if belief.any() else np.ones(BINS)
    few = PSEUDO_EVENTS / BINS
    shape = (smooth + few * pooled) / (base + few)
    return np.asarray(level[:, None] * shape), pooled


def _smoothed(values: Floats) -> Floats:
    reach = len(_TRIANGLE) // 2
    turned = [part * np.roll(values, at - reach, axis=1) for at, part in enumerate(_TRIANGLE)]
    return np.asarray(sum(turned))


def expected(shape: Shape, panel: Panel) -> Floats:
    """(types, minutes): what the shape of the other days expects of each baseline minute."""
    bins = time_of_day(panel.start, panel.minutes)
    days = np.arange(panel.minutes) // MINUTES_A_DAY
    return np.asarray(shape.without[days, :, bins].T * panel.exposure)


def expected_later(shape_rates: Floats, panel: Panel) -> Floats:
    """(types, minutes): what the whole baseline expects of minutes after it."""
    bins = time_of_day(panel.start, panel.minutes)
    return np.asarray(shape_rates[:, bins] * panel.exposure)
