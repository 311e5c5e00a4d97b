"""Cuts windows, so that no search of minutes looks at many documents many times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.core.counts import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_SLICES = 64
SLICE = 60
"""Buckets of time that are asked for at once: an hour of minutes."""


def slices(window: Window, length: timedelta | None) -> Iterator[Window]:
    """Cut a window on edges of buckets: a page of few buckets looks at few documents.

    Each page of a composite aggregation reads all documents of its window, so many pages of a
    long one read them many times.
    """
    if length is None:
        yield window
        return
    width = max(SLICE, -(-(window.length // length) // MOST_SLICES)) * length
    start = window.start
    while start < window.end:
        end = min(start - (start - _EPOCH) % length + width, window.end)
        yield Window(start=start, end=end)
        start = end
