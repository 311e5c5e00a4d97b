"""What goes wrong in a database comes out as a code, and nothing half done stays."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from bot.store import StoreError, Tx
from bot.store.database import Database


def refused(database: Database, at: datetime) -> StoreError:
    """The error of a simple write."""
    with pytest.raises(StoreError) as found:
        database.write(lambda tx: tx.record("k", "web", "x" * 100_000, at))
    return found.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a migrated SQLite database."""
    path = tmp_path / "store.db"
    database = Database(f"sqlite:///{path}")
    database.open()
    database.close()
    return path


@pytest.mark.scenario(47)
def test_a_locked_file(file: Path, at: datetime) -> None:
    """While another process writes, the write is refused after the time of waiting."""
    database = Database(f"sqlite:///{file}", busy_seconds=0.05)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    error = refused(database, at)
    other.execute("ROLLBACK")
    other.close()

    assert error.code == "store.locked"
    assert database.read(lambda tx: tx.result_of("k")) is None
    assert database.write(lambda tx: tx.record("k", "web", "{}", at))[0] == 1
    database.close()


@pytest.mark.scenario(47)
def test_a_full_disk(file: Path, at: datetime) -> None:
    """Without room the whole transaction is refused, and the next one that fits is kept."""
    database = Database(f"sqlite:///{file}")
    with database._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")

    def fill(tx: Tx) -> None:
        tx.new_release("kept", at)
        tx.record("k", "web", "x" * 100_000, at)

    with pytest.raises(StoreError) as found:
        database.write(fill)

    assert found.value.code == "store.full"
    assert database.read(lambda tx: (tx.live(), tx.result_of("k"))) == ([], None)
    assert database.write(lambda tx: tx.record("k", "web", "{}", at))[0] == 1
    database.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Another file is left as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 500, encoding="utf-8")
    database = Database(f"sqlite:///{path}")

    with pytest.raises(StoreError) as found:
        database.open()

    database.close()
    assert found.value.code == "store.corrupt"
    assert path.read_text(encoding="utf-8") == "no database " * 500


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    """The file cannot be made there."""
    database = Database(f"sqlite:///{tmp_path}/none/store.db")

    with pytest.raises(StoreError) as found:
        database.open()

    assert found.value.code == "store.unreachable"


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """An unreachable PostgreSQL is said to be that."""
    database = Database(f"postgresql://nobody@/none?host={tmp_path}")

    with pytest.raises(StoreError) as found:
        database.open()

    assert found.value.code == "store.unreachable"


@pytest.mark.parametrize(
    "url", ["", "no url", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "oracle://x"]
)
def test_urls_that_are_none(url: str) -> None:
    """Only SQLite files and PostgreSQL are stores."""
    with pytest.raises(StoreError) as found:
        Database(url)

    assert found.value.code == "store.url"


def test_commits_reach_the_disk(file: Path) -> None:
    """SQLite runs in WAL mode with synchronous FULL and foreign keys, for each connection."""
    database = Database(f"sqlite:///{file}")

    def pragmas(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert database.write(pragmas)[0] == ["wal", 2, 1]
    assert database.read(pragmas) == ["wal", 2, 1]
    database.close()


def test_a_connection_lost_before_the_commit(postgres_database: str, at: datetime) -> None:
    """The work runs again on a new connection and is kept once."""
    database = Database(postgres_database)
    database.open()
    runs: list[int] = []

    def work(tx: Tx) -> int:
        release = tx.new_release("a", at)
        runs.append(release)
        if len(runs) == 1:
            tx.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return release

    release = database.write(work)[0]

    assert len(runs) == 2
    assert [row.id for row in database.read(lambda tx: tx.live())] == [release]
    database.close()


def test_stale_pooled_connections(postgres_database: str, at: datetime) -> None:
    """After a restart of the server the next write simply works."""
    database, other = Database(postgres_database), Database(postgres_database)
    database.open()
    database.write(lambda tx: tx.new_release("a", at))
    other.write(
        lambda tx: tx.connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    )

    database.write(lambda tx: tx.new_release("b", at))

    assert len(database.read(lambda tx: tx.live())) == 2
    database.close()
    other.close()
