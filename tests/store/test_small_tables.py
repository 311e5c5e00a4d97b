"""Posts and kept values remember the newest."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store import PostRow, Tx, ValueRow
from bot.store.database import Database


def test_a_slot_shows_one_message(database: Database, at: datetime) -> None:
    """A later put replaces the reference; other slots, rooms and releases are their own."""

    def fill(tx: Tx) -> None:
        tx.put_post("ops", 1, "board", ref="m1", digest="d1", at=at)
        tx.put_post("ops", 1, "verdict", ref="m2", digest="d2", at=at)
        tx.put_post("ops", 1, "board", ref="m3", digest="d3", at=at + timedelta(seconds=1))

    database.write(fill)

    found = database.read(
        lambda tx: (
            tx.post("ops", 1, "board"),
            tx.post("ops", 2, "board"),
            tx.post("x", 1, "board"),
        )
    )

    assert found == (PostRow(ref="m3", digest="d3", at=at + timedelta(seconds=1)), None, None)


def test_values_are_kept_under_keys(database: Database, at: datetime) -> None:
    """A value can be put, replaced, listed by the start of its key, and dropped."""

    def fill(tx: Tx) -> None:
        tx.put_value("process/b", "1", at)
        tx.put_value("process/a", "2", at)
        tx.put_value("process/a", "3", at)
        tx.put_value("process_x", "4", at)

    database.write(fill)

    assert database.read(lambda tx: (tx.value("process/a"), tx.value("none"))) == ("3", None)
    assert database.read(lambda tx: tx.values("process/")) == [
        ValueRow(key="process/a", body="3", at=at),
        ValueRow(key="process/b", body="1", at=at),
    ]
    assert database.write(lambda tx: (tx.drop_value("process/a"), tx.drop_value("none")))[0] == (
        True,
        False,
    )
    assert database.read(lambda tx: tx.value("process/a")) is None
