"""The stored journal is chained, append-only, and shows tampering at the right row."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.core.journal import verify
from bot.store import StoreError, Tx
from bot.store.database import Database


def append(tx: Tx, release_id: int, at: datetime, *codes: str) -> None:
    """Add rows with these codes."""
    for code in codes:
        tx.append(release_id, at=at, actor="alice", code=code, body='{"a": "é"}')


def test_rows_are_chained_over_transactions(database: Database, at: datetime) -> None:
    """Each release counts from 1 and links to its own row before."""
    database.write(lambda tx: append(tx, 1, at, "a", "b"))
    database.write(lambda tx: append(tx, 2, at, "x"))
    database.write(lambda tx: append(tx, 1, at, "c"))

    one, two = database.read(lambda tx: (tx.journal(1), tx.journal(2)))

    assert [(row.seq, row.code) for row in one] == [(1, "a"), (2, "b"), (3, "c")]
    assert [row.prev_hash for row in one] == ["", one[0].hash, one[1].hash]
    assert [(row.seq, row.prev_hash) for row in two] == [(1, "")]
    assert (verify(one), verify(two)) == (None, None)
    assert (one[0].at, one[0].body) == (at, '{"a": "é"}')


def test_reading_goes_on_after_a_row(database: Database, at: datetime) -> None:
    """`after` leaves out what is known; releases with a journal are listed, the bot's own too."""
    database.write(lambda tx: append(tx, 3, at, "a", "b", "c"))
    database.write(lambda tx: append(tx, 0, at, "bot"))

    after, releases = database.read(lambda tx: (tx.journal(3, after=2), tx.journalled_releases()))

    assert [row.code for row in after] == ["c"]
    assert releases == [0, 3]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'mallory' WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 2",
        "DELETE FROM journal",
    ],
)
def test_the_database_refuses_changes(database: Database, at: datetime, statement: str) -> None:
    """UPDATE and DELETE raise in the database, whoever sends them."""
    database.write(lambda tx: append(tx, 1, at, "a", "b"))

    with pytest.raises(StoreError, match="append-only") as refused:
        database.write(lambda tx: tx.connection.exec_driver_sql(statement))

    assert refused.value.code == "store.constraint"
    assert verify(database.read(lambda tx: tx.journal(1))) is None


def test_the_database_refuses_the_ways_round(database: Database, at: datetime) -> None:
    """Replacing (SQLite) and truncating (PostgreSQL) raise too."""
    database.write(lambda tx: append(tx, 1, at, "a"))
    statement = (
        "TRUNCATE journal"
        if database.dialect == "postgresql"
        else "INSERT OR REPLACE INTO journal SELECT * FROM journal"
    )

    with pytest.raises(StoreError, match="append-only"):
        database.write(lambda tx: tx.connection.exec_driver_sql(statement))


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE journal SET actor = 'mallory' WHERE seq = 3", 3),
        ("UPDATE journal SET at = at + 1 WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 4", 4),
        ("DELETE FROM journal WHERE seq = 1", 1),
    ],
)
def test_tampering_with_the_file_is_found(
    database: Database, at: datetime, statement: str, first_bad: int
) -> None:
    """Who takes the triggers away and changes a row is found out at that row."""
    database.write(lambda tx: append(tx, 1, at, "a", "b", "c", "d", "e"))

    def tamper(tx: Tx) -> None:
        if database.dialect == "postgresql":
            tx.connection.exec_driver_sql("ALTER TABLE journal DISABLE TRIGGER USER")
        else:
            tx.connection.exec_driver_sql("DROP TRIGGER journal_no_update")
            tx.connection.exec_driver_sql("DROP TRIGGER journal_no_delete")
        tx.connection.exec_driver_sql(statement)

    database.write(tamper)

    assert verify(database.read(lambda tx: tx.journal(1))) == first_bad
