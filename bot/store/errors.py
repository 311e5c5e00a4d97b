"""What can go wrong with the store, as codes that a room can word."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_SQLITE = {
    sqlite3.SQLITE_FULL: "store.full",
    sqlite3.SQLITE_BUSY: "store.locked",
    sqlite3.SQLITE_LOCKED: "store.locked",
    sqlite3.SQLITE_READONLY: "store.read_only",
    sqlite3.SQLITE_IOERR: "store.io",
    sqlite3.SQLITE_CORRUPT: "store.corrupt",
    sqlite3.SQLITE_NOTADB: "store.corrupt",
    sqlite3.SQLITE_CANTOPEN: "store.unreachable",
    sqlite3.SQLITE_CONSTRAINT: "store.constraint",
}
_POSTGRES = {
    "53100": "store.full",
    "55P03": "store.locked",
    "40001": "store.locked",
    "40P01": "store.locked",
    "57014": "store.locked",
    "25006": "store.read_only",
}
_POSTGRES_CLASSES = {
    "08": "store.unreachable",
    "57": "store.unreachable",
    "53": "store.unreachable",
    "28": "store.unreachable",
    "3D": "store.unreachable",
    "23": "store.constraint",
    "58": "store.io",
    "XX": "store.corrupt",
}


class StoreError(Exception):
    """The store did not do it, and nothing of the transaction was kept.

    `code` is one of: store.full, store.locked, store.read_only, store.io, store.corrupt,
    store.unreachable, store.unsure (the connection broke during the commit: it may have been
    kept), store.constraint, store.stale, store.newer, store.url, store.closed, store.failed.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class StaleError(StoreError):
    """The release moved on since it was read; read it again and decide again."""

    def __init__(self, release_id: int, expected: int) -> None:
        super().__init__("store.stale", f"release {release_id} is not at version {expected}")


def translated(error: SQLAlchemyError) -> StoreError:
    """The library's error as a StoreError. The detail holds the database's own first line only."""
    if not isinstance(error, DBAPIError):
        return StoreError("store.failed", str(error).partition("\n")[0])
    origin = error.orig
    detail = str(origin).partition("\n")[0]
    if isinstance(origin, sqlite3.Error):
        # The low byte is the kind of error; the rest says where in SQLite it arose.
        number = getattr(origin, "sqlite_errorcode", 0) & 0xFF
        return StoreError(_SQLITE.get(number, "store.failed"), detail)
    state = sqlstate(error)
    if not state:
        lost = error.connection_invalidated or "connect" in detail
        return StoreError("store.unreachable" if lost else "store.failed", detail)
    code = _POSTGRES.get(state) or _POSTGRES_CLASSES.get(state[:2], "store.failed")
    return StoreError(code, detail)


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five characters for what happened; empty where there are none."""
    return getattr(error.orig, "sqlstate", None) or ""
