"""The database as plain blocking calls: open it, run one transaction, read, close it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.store.engines import engines, parse
from bot.store.errors import StoreError, sqlstate, translated
from bot.store.schema import upgrade
from bot.store.session import MIGRATION_LOCK, Session
from bot.store.tx import Tx

T = TypeVar("T")

CHANNEL = "release_work"
"""Where PostgreSQL tells other processes that something was enqueued or said."""

_NOTIFY = text("SELECT pg_notify(:channel, :payload)")
_AGAIN = {"40001", "40P01"}
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """How one work ended: with a value, or with an error, and then nothing of it was kept."""

    value: T | None = None
    error: Exception | None = None
    work_enqueued: bool = False
    rooms_changed: bool = False


class Database:
    """One database. Every method blocks; any thread may call `write` and `read`."""

    def __init__(self, url: str, *, busy_seconds: float = 5.0, sender: str = "") -> None:
        self.url = parse(url)
        self.dialect = self.url.get_backend_name()
        self.sender = sender
        self._writer, self._reader = engines(self.url, busy_seconds)

    def open(self) -> None:
        """Connect and migrate. Raises StoreError: newer, unreachable, locked, corrupt, ..."""
        try:
            with self._writer.connect() as connection, connection.begin():
                Session(connection).alone(MIGRATION_LOCK)
                upgrade(connection)
        except SQLAlchemyError as error:
            raise translated(error) from error

    def close(self) -> None:
        """Give back all connections."""
        self._writer.dispose()
        self._reader.dispose()

    def write(self, work: Callable[[Tx], T]) -> tuple[T, bool, bool]:
        """Run the work in one transaction and commit it. On any exception nothing is kept.

        Returns the work's value, whether effects were enqueued and whether a room changed. The
        work runs again, up to 10 times, after a deadlock, a serialization failure or a
        connection that was lost before the commit.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            commit = _Commit()
            try:
                return self._write_once(work, commit)
            except DBAPIError as error:
                if not self._again(error, commit, attempt):
                    raise self._final(error, commit) from error
            except SQLAlchemyError as error:
                raise translated(error) from error
            # Two that met once would meet again if they came back at the same time.
            time.sleep(random.uniform(0, 0.005 * attempt))  # noqa: S311 - no secret
        raise AssertionError

    def write_all(self, works: Sequence[Callable[[Tx], Any]]) -> list[Written[Any]]:
        """Run these works one after the other under one commit; each is kept or not by itself.

        When one of them fails, all are taken back and done again, each in its own transaction.
        """
        if len(works) > 1:
            together = self._together(works)
            if together is not None:
                return together
        return [self._alone(work) for work in works]

    def _together(self, works: Sequence[Callable[[Tx], Any]]) -> list[Written[Any]] | None:
        """All of them kept, or none for a reason that they share; None: one of them failed."""
        try:
            with self._writer.connect() as connection, connection.begin():
                return [self._one_of_many(connection, work) for work in works]
        except _WorkError:
            return None
        except SQLAlchemyError as error:
            return [Written(error=translated(error)) for _ in works]

    def _one_of_many(self, connection: Connection, work: Callable[[Tx], Any]) -> Written[Any]:
        tx = Tx(connection)
        try:
            value = work(tx)
        except Exception as error:
            raise _WorkError from error
        self._tell_others(connection, tx)
        return Written(value, None, tx.work_enqueued, tx.rooms_changed)

    def _alone(self, work: Callable[[Tx], Any]) -> Written[Any]:
        try:
            value, work_enqueued, rooms_changed = self.write(work)
        except Exception as error:  # noqa: BLE001 - raised where the work came from
            return Written(error=error)
        return Written(value, None, work_enqueued, rooms_changed)

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run the work on one picture of the database; it cannot change anything."""
        try:
            with self._reader.connect() as connection, connection.begin():
                return work(Tx(connection, read_only=True))
        except SQLAlchemyError as error:
            raise translated(error) from error

    def _write_once(self, work: Callable[[Tx], T], commit: _Commit) -> tuple[T, bool, bool]:
        with self._writer.connect() as connection:
            transaction = connection.begin()
            try:
                tx = Tx(connection)
                value = work(tx)
                self._tell_others(connection, tx)
                commit.begun = True
                transaction.commit()
            except BaseException:
                transaction.rollback()
                raise
            return value, tx.work_enqueued, tx.rooms_changed

    def _tell_others(self, connection: Connection, tx: Tx) -> None:
        if self.dialect == "postgresql" and (tx.work_enqueued or tx.rooms_changed):
            payload = f"{self.sender} {int(tx.work_enqueued)} {int(tx.rooms_changed)}"
            connection.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})

    @staticmethod
    def _again(error: DBAPIError, commit: _Commit, attempt: int) -> bool:
        if attempt >= _ATTEMPTS:
            return False
        return sqlstate(error) in _AGAIN or (error.connection_invalidated and not commit.begun)

    @staticmethod
    def _final(error: DBAPIError, commit: _Commit) -> StoreError:
        if commit.begun and error.connection_invalidated:
            return StoreError("store.unsure", "the connection broke during the commit")
        return translated(error)


class _WorkError(Exception):
    """One work of a group failed; it fails again alone, and is told then."""


class _Commit:
    """Whether the commit was sent: from then on a lost connection leaves it open."""

    begun: bool = False


def notice(payload: str) -> tuple[str, bool, bool]:
    """Read what `write` told: the sender, whether work was enqueued, whether a room changed."""
    parts: list[Any] = payload.split(" ")
    if len(parts) != 3:
        return "", True, True
    return parts[0], parts[1] != "0", parts[2] != "0"
