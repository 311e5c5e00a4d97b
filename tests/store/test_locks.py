"""Locks: all or nothing, compare-and-delete, heartbeat, sweeper, unreadable ones block."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.store import LockRow, Tx
from bot.store.database import Database

_DEAD = timedelta(minutes=1)


def claim(database: Database, names: list[str], release_id: int, at: datetime) -> list[LockRow]:
    """Claim for a person."""
    return database.write(
        lambda tx: tx.claim(names, release_id, owner="alice", reason=f"release {release_id}", at=at)
    )[0]


def held(database: Database) -> dict[str, int | None]:
    """Name -> release."""
    return database.read(lambda tx: {lock.name: lock.release_id for lock in tx.locks()})


def releases(database: Database, at: datetime, count: int) -> None:
    """Begin that many live releases."""
    database.write(lambda tx: [tx.new_release("openchat", at) for _ in range(count)])


def over(tx: Tx, release_id: int, at: datetime) -> None:
    """End a release."""
    tx.put_body(release_id, expected_version=0, phase="done", live=False, body="{}", at=at)


@pytest.mark.scenario(5, 90)
def test_all_or_nothing(database: Database, at: datetime) -> None:
    """A second release, even of the same person, gets nothing and is told who, why, when."""
    assert claim(database, ["talk", "push"], 1, at) == []

    in_the_way = claim(database, ["api", "talk"], 2, at + _DEAD)

    assert [(lock.name, lock.release_id, lock.owner) for lock in in_the_way] == [
        ("talk", 1, "alice")
    ]
    assert (in_the_way[0].reason, in_the_way[0].at) == ("release 1", at)
    assert held(database) == {"push": 1, "talk": 1}


def test_claiming_again_adds(database: Database, at: datetime) -> None:
    """What the release holds already is not in its own way."""
    claim(database, ["talk"], 1, at)

    assert claim(database, ["talk", "api", "api"], 1, at) == []
    assert held(database) == {"api": 1, "talk": 1}


@pytest.mark.scenario(89)
def test_only_the_holder_frees(database: Database, at: datetime) -> None:
    """A release that ends does not free a name that a newer one claimed since."""
    claim(database, ["a", "b", "c"], 1, at)
    database.write(lambda tx: tx.force_unlock("a"))
    claim(database, ["a"], 2, at)

    assert database.write(lambda tx: tx.free(1, ["a", "b"]))[0] == ["b"]
    assert database.write(lambda tx: tx.free(1))[0] == ["c"]
    assert held(database) == {"a": 2}


@pytest.mark.scenario(93)
def test_a_heartbeat_keeps_the_locks_of_live_releases(database: Database, at: datetime) -> None:
    """However long a live release runs, the sweeper leaves its locks."""
    releases(database, at, 1)
    claim(database, ["talk"], 1, at)
    later = at + 10 * _DEAD

    assert database.write(lambda tx: tx.heartbeat(later))[0] == 1
    assert database.read(lambda tx: tx.locks())[0].renewed_at == later
    assert database.write(lambda tx: tx.sweep(later + 10 * _DEAD, _DEAD))[0] == []


@pytest.mark.scenario(91)
def test_the_sweeper_frees_what_nobody_holds(database: Database, at: datetime) -> None:
    """Locks of releases that are over or missing go after the time of grace, others stay."""
    releases(database, at, 2)
    claim(database, ["live"], 1, at)
    claim(database, ["over"], 2, at)
    claim(database, ["missing"], 77, at)
    database.write(lambda tx: over(tx, 2, at))
    just_before = at + _DEAD - timedelta(microseconds=1)

    early = database.write(lambda tx: tx.sweep(just_before, _DEAD))[0]
    swept = database.write(lambda tx: tx.sweep(at + _DEAD, _DEAD))[0]

    assert early == []
    assert swept == ["missing", "over"]
    assert held(database) == {"live": 1}


@pytest.mark.scenario(92)
@pytest.mark.parametrize(
    "damage", ["body = '{'", "body = '[]'", 'body = \'{"owner": "x"}\'', "release_id = NULL"]
)
def test_an_unreadable_lock_blocks_and_is_shown(
    database: Database, at: datetime, damage: str
) -> None:
    """It is ambiguous, stops even its own release, is never swept, and goes by hand only."""
    claim(database, ["talk"], 1, at)
    database.write(lambda tx: tx.connection.exec_driver_sql(f"UPDATE locks SET {damage}"))  # noqa: S608 - of this file

    in_the_way = claim(database, ["talk", "api"], 1, at)
    swept = database.write(lambda tx: tx.sweep(at + 10 * _DEAD, _DEAD))[0]

    assert [(lock.name, lock.ambiguous, lock.owner) for lock in in_the_way] == [("talk", True, "")]
    assert swept == []
    assert database.read(lambda tx: tx.locks())[0].ambiguous is True
    unlocked = database.write(lambda tx: tx.force_unlock("talk"))[0]
    assert unlocked is not None
    assert unlocked.ambiguous is True
    assert claim(database, ["talk"], 2, at) == []


def test_unlocking_what_is_free(database: Database) -> None:
    """There is nothing to unlock, and that is said."""
    assert database.write(lambda tx: tx.force_unlock("talk"))[0] is None
