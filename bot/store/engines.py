"""Connections: a writing and a reading engine for a database URL."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from bot.store.errors import StoreError

POSTGRES_THREADS = 4
READERS = 2
_CONNECT_SECONDS = 5
_TRY_AGAIN_SECONDS = 0.005


def parse(url: str) -> URL:
    """The URL with the driver that is used; StoreError('store.url') when it is none of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "store.url", "no database URL: write sqlite:///path or postgresql://..."
        ) from None
    name = parsed.get_backend_name()
    if name in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise StoreError("store.url", f"{name} is no database that this bot knows")
    if parsed.database in {None, "", ":memory:"}:
        raise StoreError("store.url", "a release outlives the process: name a file, sqlite:///path")
    return parsed.set(drivername="sqlite+pysqlite")


def engines(url: URL, busy_seconds: float) -> tuple[Engine, Engine]:
    """The engine for writing and the one for reading. Neither connects yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, busy_seconds, write=True), _sqlite(url, busy_seconds, write=False)
    return _postgres(url, write=True), _postgres(url, write=False)


def _sqlite(url: URL, busy_seconds: float, *, write: bool) -> Engine:
    # Without isolation_level=None the driver would decide by itself when a transaction begins.
    engine = create_engine(
        url,
        pool_size=1 if write else READERS,
        max_overflow=0,
        connect_args={"isolation_level": None, "timeout": busy_seconds, "check_same_thread": False},
    )
    begin = "BEGIN IMMEDIATE" if write else "BEGIN"

    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        _prepare_sqlite(connection, busy_seconds, write=write)

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin_transaction)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, busy_seconds: float, *, write: bool) -> None:
    if write:
        _keep_wal(connection, busy_seconds)
    # Every commit is on the disk before anybody is told: FULL survives a power cut, NORMAL may not.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if not write:
        connection.execute("PRAGMA query_only = ON")


def _keep_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Have the file written through a WAL; who makes a new file beside us is waited for.

    SQLite does not call its busy handler while another connection turns the same file to WAL: it
    says at once that the database is locked (https://sqlite.org/wal.html, section 9).
    """
    until = time.monotonic() + busy_seconds
    while not _turned_to_wal(connection, last=time.monotonic() > until):
        time.sleep(_TRY_AGAIN_SECONDS)


def _turned_to_wal(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _postgres(url: URL, *, write: bool) -> Engine:
    query = {"connect_timeout": str(_CONNECT_SECONDS), "application_name": "release-master"}
    # Writers lock the rows they decide on, so that each statement may see the newest commits;
    # readers get one picture for all their statements.
    return create_engine(
        url.update_query_dict({k: v for k, v in query.items() if k not in url.query}),
        pool_size=POSTGRES_THREADS if write else READERS,
        max_overflow=0,
        isolation_level="READ COMMITTED" if write else "REPEATABLE READ",
        execution_options={} if write else {"postgresql_readonly": True},
    )
