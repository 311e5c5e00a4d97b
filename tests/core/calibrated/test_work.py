"""Calibrating as a piece of work: what is packed there is what is fitted here."""

from __future__ import annotations

from datetime import timedelta

from bot.core.calibrated.work import fit, packed
from bot.core.minutes import MinuteCounts, joined
from bot.core.verdict.calibrated.calibration import calibrate
from bot.core.verdict.calibrated.stored import from_json
from tests.support.engines import T0
from tests.support.steady_logs import minutes_of

DAY = timedelta(days=1)


def counts() -> MinuteCounts:
    """Three days and a half."""
    span = (T0 - 6 * DAY, T0 + DAY)
    return minutes_of("chat", span, (T0 - 3.5 * DAY, T0), ("ERROR", "WARN"))


def test_pieces_of_days_are_put_together_again() -> None:
    """Each is small, and nothing is lost."""
    whole = counts()
    pieces = packed(whole)
    again = joined([MinuteCounts.unpack(p) for p in pieces], start=whole.start, end=whole.end)

    assert len(pieces) == 4
    assert again.panel().digest() == whole.panel().digest()


def test_the_result_is_the_calibration() -> None:
    """The same as without packing."""
    whole = counts()
    found = from_json(fit(packed(whole), (whole.start, whole.end)))

    assert found.digest == calibrate(whole.panel()).digest
    assert (found.start, found.end, found.keys) == (whole.start, whole.end, whole.keys)
