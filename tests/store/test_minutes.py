"""Stored minute counts: days that only reach further, and one reader at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store import BaselineRow, MinuteDayRow, Tx
from bot.store.database import Database


def day(number: int, upto: int, body: bytes = b"packed", key: str = "k") -> MinuteDayRow:
    """A day that was counted so far."""
    return MinuteDayRow(
        key=key, day=number, upto=upto, settled=upto - 3, known=5, size=len(body), body=body
    )


def test_a_day_is_replaced_by_what_reaches_further(database: Database) -> None:
    """Who counted less far, and comes later, changes nothing; the same reach is counted anew."""

    def fill(tx: Tx) -> None:
        for row in (day(3, 50), day(3, 40, b"less"), day(2, 9), day(3, 50, b"again"), day(9, 1)):
            tx.put_minute_day(row)
        tx.put_minute_day(day(3, 1, key="other"))

    database.write(fill)

    assert database.read(lambda tx: tx.minute_days("k", 2, 3)) == [day(2, 9), day(3, 50, b"again")]
    heads = database.read(lambda tx: tx.minute_heads("k"))
    assert [(row.day, row.size, row.body) for row in heads] == [
        (2, 6, b""),
        (3, 5, b""),
        (9, 6, b""),
    ]
    assert database.write(lambda tx: tx.drop_minute_days("k", 9))[0] == 2
    assert [row.day for row in database.read(lambda tx: tx.minute_heads("k"))] == [9]


def test_one_process_reads_a_baseline(database: Database, at: datetime, lease: datetime) -> None:
    """A lease keeps others out until it ends or is given back; its owner may prolong it."""

    def take(owner: str, now: datetime) -> bool:
        until = now + (lease - at)
        return database.write(lambda tx: tx.lease_baseline("k", owner, now=now, until=until))[0]

    second = timedelta(seconds=1)
    assert not take("a", at)
    database.write(lambda tx: tx.want_baseline("k", "{}", at))

    assert [take("a", at), take("b", at), take("a", at + second)] == [True, False, True]
    assert [take("b", lease), take("b", lease + second)] == [False, True]
    database.write(lambda tx: tx.free_baseline("k", "a"))
    assert not take("a", lease + second)
    database.write(lambda tx: tx.free_baseline("k", "b"))
    assert take("a", lease + second)


def test_wanting_again_keeps_the_lease_and_the_trouble(database: Database, at: datetime) -> None:
    """Only what to count and when it was wanted change; forgetting drops the days too."""
    later = at + timedelta(hours=1)

    def fill(tx: Tx) -> None:
        tx.want_baseline("k", "old", at)
        tx.want_baseline("z", "{}", at)
        tx.trouble_baseline("k", "closed")
        tx.put_minute_day(day(1, 5))
        tx.want_baseline("k", "new", later)

    database.write(fill)

    assert database.read(lambda tx: tx.baselines()) == [
        BaselineRow(key="k", body="new", trouble="closed", wanted_at=later),
        BaselineRow(key="z", body="{}", trouble="", wanted_at=at),
    ]
    database.write(lambda tx: tx.forget_baseline("k"))
    assert [row.key for row in database.read(lambda tx: tx.baselines())] == ["z"]
    assert database.read(lambda tx: tx.minute_heads("k")) == []
