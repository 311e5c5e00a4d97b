"""What every noun's methods stand on: one open transaction and how to run statements in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite

INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The two inserts that know ON CONFLICT; statements are built once for each."""

_ADVISORY = text("SELECT pg_advisory_xact_lock(:number)")

JOURNAL_LOCK, CLAIM_LOCK, MIGRATION_LOCK = 1, 2, 3
"""What an advisory lock is for; the release id makes it one lock a release."""


class Session:
    """One transaction. It lives as long as the work it is given to, and in that thread only."""

    def __init__(self, connection: Connection, *, read_only: bool = False) -> None:
        self.connection = connection
        self.read_only = read_only
        self.dialect = connection.dialect.name
        self.work_enqueued = False
        """Whether somebody should look for due effects once this is committed."""
        self.rooms_changed = False
        """Whether a room's messages changed."""
        self.journal_heads: dict[int, tuple[int, str]] = {}

    def run(
        self,
        statement: Executable,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Execute a statement that was built once, with this call's values."""
        return self.connection.execute(statement, params)

    def alone(self, purpose: int, number: int = 0) -> None:
        """Wait until no other transaction is in the same place, and keep them out until the end.

        SQLite has one writer anyway; this costs something on PostgreSQL only.
        """
        if self.dialect == "postgresql":
            self.run(_ADVISORY, {"number": (purpose << 48) + number})
