"""Calibrations are found by what they are of and until when; the newest few are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store import CalibrationRow, Tx
from bot.store.calibrations import KEPT
from bot.store.database import Database


def row(end: int, key: str = "k", body: bytes = b"x") -> CalibrationRow:
    """A calibration that ends at a minute."""
    return CalibrationRow(key=key, end=end, digest=f"d{end}", body=body)


def test_the_newest_that_ends_early_enough_is_found(database: Database, at: datetime) -> None:
    """One that knows minutes of the deployment itself is none."""

    def fill(tx: Tx) -> None:
        for end in (10, 20, 30):
            tx.put_calibration(row(end), at=at, before=at)

    database.write(fill)

    found = database.read(lambda tx: [tx.calibration("k", limit) for limit in (9, 10, 29, 99)])
    assert found == [None, row(10), row(20), row(30)]
    assert database.read(lambda tx: tx.calibration("other", 99)) is None


def test_only_the_newest_few_stay(database: Database, at: datetime) -> None:
    """A later put replaces one of the same end; others and old ones go."""

    def fill(tx: Tx) -> None:
        tx.put_calibration(row(1, "gone"), at=at - timedelta(days=2), before=at - timedelta(days=9))
        for end in range(10, 20):
            tx.put_calibration(row(end), at=at, before=at - timedelta(days=1))
        tx.put_calibration(row(19, body=b"y"), at=at, before=at - timedelta(days=1))

    database.write(fill)

    assert database.read(lambda tx: tx.calibration_ends("k")) == [19, 18, 17][:KEPT]
    assert database.read(lambda tx: tx.calibration_ends("gone")) == []
    assert database.read(lambda tx: tx.calibration("k", 99)) == row(19, body=b"y")
