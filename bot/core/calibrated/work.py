"""Calibrating as a piece of work for another process: bytes in, text out."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.minutes import MinuteCounts, day_of, joined
from bot.core.verdict.calibrated.calibration import Span, calibrate
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY
from bot.core.verdict.calibrated.stored import to_json


def packed(counts: MinuteCounts) -> tuple[bytes, ...]:
    """Minute counts in pieces of a day."""
    days = range(day_of(counts.start), day_of(max(counts.end - 1, counts.start)) + 1)
    return tuple(
        counts.between(day * MINUTES_A_DAY, (day + 1) * MINUTES_A_DAY).pack() for day in days
    )


def fit(
    pieces: Sequence[bytes], span: Span, *, two_sided: bool = False, skip: Sequence[Span] = ()
) -> str:
    """Calibrate on the minutes [begin, end) of what was packed; the calibration as JSON.

    Raises PanelError when there is no whole day, MinutesError for other bytes.
    """
    begin, end = span
    counts = joined([MinuteCounts.unpack(piece) for piece in pieces], start=begin, end=end)
    return to_json(calibrate(counts.panel(), skip=skip, two_sided=two_sided))
