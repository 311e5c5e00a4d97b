"""Brings a database to this code's schema, once, whoever comes first."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.errors import StoreError

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrations(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made here: nothing is read from a file beside the package."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations in the connection's open transaction: all of them, or none.

    Raises StoreError('store.newer') when the database was made by a newer version of the bot.
    """
    scripts = ScriptDirectory.from_config(migrations())
    known = {script.revision for script in scripts.walk_revisions()}
    current = set(MigrationContext.configure(connection).get_current_heads())
    unknown = current - known
    if unknown:
        detail = (
            f"the database is at {', '.join(sorted(unknown))}, which this version of the bot "
            "does not know: start the newer version, or restore the backup from before it"
        )
        raise StoreError("store.newer", detail)
    if current != set(scripts.get_heads()):
        command.upgrade(migrations(connection), revision)
