"""The questions that are asked all the time touch few rows, however many releases wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.store import Tx
from bot.store.database import Database

# SQLite names the index behind a UNIQUE constraint by itself.
_SQLITE_NAMES = {"uq_effects_release_id_key": "sqlite_autoindex_effects_1"}
_READY = "SELECT * FROM effects WHERE ready_at <= 5 ORDER BY ready_at, id LIMIT 10"


def fill(tx: Tx, at: datetime) -> None:
    """Many releases, nearly all over, each with a timer."""
    for number in range(2000):
        release = tx.new_release("openchat", at)
        due = at + timedelta(seconds=number)
        tx.enqueue(release, "k", kind="timer", body="{}", due_at=due)
        if number % 100:
            tx.put_body(release, expected_version=0, phase="done", live=False, body="{}", at=at)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("query", "index"),
    [
        (_READY, "ix_effects_ready_at"),
        ("SELECT ready_at FROM effects ORDER BY ready_at LIMIT 1", "ix_effects_ready_at"),
        ("SELECT * FROM effects WHERE release_id = 5 AND key = 'k'", "uq_effects_release_id_key"),
        ("SELECT * FROM releases WHERE {live} ORDER BY id", "ix_releases_live"),
    ],
)
def test_frequent_questions_use_an_index(
    database: Database, at: datetime, query: str, index: str
) -> None:
    """The database's own plan names the index."""
    is_postgres = database.dialect == "postgresql"
    explain = "EXPLAIN" if is_postgres else "EXPLAIN QUERY PLAN"
    asked = query.format(live="live" if is_postgres else "live = 1")
    database.write(lambda tx: fill(tx, at))

    def plan(tx: Tx) -> str:
        tx.connection.exec_driver_sql("ANALYZE")
        return str(tx.connection.exec_driver_sql(f"{explain} {asked}").all())

    expected = index if is_postgres else _SQLITE_NAMES.get(index, index)
    assert expected in database.write(plan)[0]
