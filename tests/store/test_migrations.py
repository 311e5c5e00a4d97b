"""Migrations bring every database, empty or old, to exactly the tables of the code."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store import StoreError, Tx
from bot.store.database import Database
from bot.store.schema import migrations, upgrade
from bot.store.tables import metadata

pytestmark = pytest.mark.thorough

_REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory.from_config(migrations()).walk_revisions()))
]


def difference(tx: Tx) -> list[Any]:
    """What Alembic would have to change."""
    context = MigrationContext.configure(tx.connection)
    return list(compare_metadata(context, metadata))


def test_migrations_make_the_tables_of_the_code(database: Database) -> None:
    """After all migrations nothing differs from tables.py."""
    assert database.read(difference) == []


def test_a_difference_would_be_seen(database: Database) -> None:
    """The comparison above is not blind: a missing index and column are found."""

    def damage(tx: Tx) -> None:
        tx.connection.exec_driver_sql("DROP INDEX ix_effects_ready_at")
        tx.connection.exec_driver_sql("ALTER TABLE posts DROP COLUMN digest")

    database.write(damage)

    assert [found[0] for found in database.read(difference)] == ["add_index", "add_column"]


@pytest.mark.parametrize("revision", _REVISIONS)
def test_every_older_revision_is_upgraded(store_url: str, revision: str) -> None:
    """A database of any older version opens and is complete."""
    old = Database(store_url)
    old.write(lambda tx: upgrade(tx.connection, revision))

    old.open()

    assert old.read(difference) == []
    old.close()


@pytest.mark.parametrize(
    ("revision", "tables"),
    [
        ("0001", {"watches", "links", "link_codes", "link_guesses"}),
        ("0002", {"baselines", "minute_days", "verdict_counts"}),
        ("0004", {"templates"}),
    ],
)
def test_what_a_revision_made_can_be_taken_back(
    database: Database, revision: str, tables: set[str]
) -> None:
    """Down to the revision before it and up again; the rest stays."""

    def down(tx: Tx) -> None:
        command.downgrade(migrations(tx.connection), revision)

    database.write(down)

    gone = {found[1].name for found in database.read(difference) if found[0] == "add_table"}
    assert gone >= tables
    assert "releases" not in gone
    database.write(lambda tx: upgrade(tx.connection))
    assert database.read(difference) == []


def test_opening_again_keeps_what_is_stored(store_url: str, database: Database, at: Any) -> None:
    """A second start finds the same rows and migrates nothing."""
    database.write(lambda tx: tx.new_release("openchat", at))
    again = Database(store_url)

    again.open()

    assert [row.target for row in again.read(lambda tx: tx.live())] == ["openchat"]
    again.close()


def test_a_newer_database_is_refused(store_url: str, database: Database) -> None:
    """An older bot does not touch what a newer one made, and says what to do."""
    database.write(
        lambda tx: tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    )
    older = Database(store_url)

    with pytest.raises(StoreError, match=r"at 9999.*newer version") as refused:
        older.open()

    assert refused.value.code == "store.newer"
    older.close()


def test_a_failed_migration_leaves_nothing(store_url: str) -> None:
    """Migrations are one transaction: an interrupted one is as if it never began."""
    database = Database(store_url)

    def interrupted(tx: Tx) -> None:
        upgrade(tx.connection)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.write(interrupted)

    assert "add_table" in {found[0] for found in database.read(difference)}
    database.open()
    assert database.read(difference) == []
    database.close()
