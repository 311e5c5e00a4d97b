"""Releases are numbered once and change by compare-and-set."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.store import BODY_VERSION, StaleError, StoreError, Tx
from bot.store.database import Database


def put(tx: Tx, release_id: int, version: int, *, live: bool = True) -> int:
    """Store a next state."""
    at = datetime.fromisoformat("2026-03-04T06:00:00+00:00")
    return tx.put_body(
        release_id, expected_version=version, phase="running", live=live, body='{"x": 1}', at=at
    )


def test_a_new_release_is_live_and_empty(database: Database, at: datetime) -> None:
    """It begins at version 0 with an empty body, in UTC."""
    release_id = database.write(lambda tx: tx.new_release("openchat", at))[0]

    row = database.read(lambda tx: tx.get(release_id))

    assert row is not None
    assert (row.id, row.target, row.phase, row.live, row.version) == (1, "openchat", "", True, 0)
    assert (row.body, row.body_version, row.created_at, row.updated_at) == (
        "{}",
        BODY_VERSION,
        at,
        at,
    )


def test_put_body_counts_versions(database: Database, at: datetime) -> None:
    """Each accepted state has the next version and its own time of change."""
    release_id = database.write(lambda tx: tx.new_release("openchat", at))[0]
    versions = [database.write(lambda tx: put(tx, release_id, 0))[0]]
    versions.append(database.write(lambda tx: put(tx, release_id, 1, live=False))[0])

    row = database.read(lambda tx: tx.get(release_id))

    assert versions == [1, 2]
    assert row is not None
    assert (row.phase, row.live, row.version, row.body) == ("running", False, 2, '{"x": 1}')
    assert row.updated_at == at.replace(hour=6, minute=0, second=0, microsecond=0)


@pytest.mark.scenario(11)
def test_a_stale_write_is_refused_whole(database: Database, at: datetime) -> None:
    """Who decided on an older version changes nothing, not even elsewhere in that transaction."""
    release_id = database.write(lambda tx: tx.new_release("openchat", at))[0]
    database.write(lambda tx: put(tx, release_id, 0, live=False))

    def stale(tx: Tx) -> None:
        tx.append(release_id, at=at, actor="late", code="back", body="{}")
        put(tx, release_id, 0, live=True)

    with pytest.raises(StaleError) as refused:
        database.write(stale)

    assert refused.value.code == "store.stale"
    assert database.read(lambda tx: tx.journal(release_id)) == []
    row = database.read(lambda tx: tx.get(release_id))
    assert row is not None
    assert row.live is False


def test_a_release_that_does_not_exist_is_stale(database: Database) -> None:
    """Writing what was never begun is refused."""
    with pytest.raises(StaleError):
        database.write(lambda tx: put(tx, 99, 0))


def test_live_and_recent(database: Database, at: datetime) -> None:
    """Live ones come oldest first, recent ones newest first, of one target or all."""

    def fill(tx: Tx) -> None:
        for number, target in enumerate(("a", "b", "a", "a")):
            tx.new_release(target, at + timedelta(minutes=number))
        put(tx, 1, 0, live=False)

    database.write(fill)

    ids = database.read(
        lambda tx: [
            [row.id for row in rows]
            for rows in (tx.live(), tx.recent(None, 3), tx.recent("a", 2), tx.recent("none", 2))
        ]
    )

    assert ids == [[2, 3, 4], [4, 3, 2], [4, 3], []]


@pytest.mark.scenario(12)
def test_ids_are_never_used_again(database: Database, at: datetime) -> None:
    """Even after the newest rows were deleted by hand the next id is a new one."""
    database.write(lambda tx: [tx.new_release("a", at) for _ in range(3)])
    database.write(lambda tx: tx.connection.exec_driver_sql("DELETE FROM releases"))

    assert database.write(lambda tx: tx.new_release("a", at))[0] == 4


def test_reading_changes_nothing(database: Database, at: datetime) -> None:
    """A write in a read transaction is refused by the database itself."""
    with pytest.raises(StoreError) as refused:
        database.read(lambda tx: tx.new_release("a", at))

    assert refused.value.code == "store.read_only"
    assert database.read(lambda tx: tx.live()) == []
