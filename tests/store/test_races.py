"""Two stores on one database at the same moment: one winner, nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from bot.core.journal import verify
from bot.store import StaleError, Tx
from bot.store.database import Database

pytestmark = pytest.mark.thorough

T = TypeVar("T")
_THREADS = 4


@pytest.fixture
def pair(store_url: str, database: Database) -> Iterator[tuple[Database, Database]]:
    """Two stores on one database, as two processes have them."""
    other = Database(store_url)
    other.open()
    yield database, other
    other.close()


def at_once(pair: tuple[Database, Database], work: Callable[[Database, int], T]) -> list[T]:
    """Run the work in four threads, two a store, all beginning together."""
    barrier = threading.Barrier(_THREADS)

    def run(number: int) -> T:
        barrier.wait()
        return work(pair[number % 2], number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(run, range(_THREADS)))


def test_each_effect_is_taken_once(pair: tuple[Database, Database], at: datetime) -> None:
    """Four takers get every effect, and none of them twice."""

    def fill(tx: Tx) -> None:
        for number in range(200):
            tx.enqueue(1, f"k{number}", kind="k", body="{}", due_at=at)

    pair[0].write(fill)

    def drain(database: Database, number: int) -> list[int]:
        mine: list[int] = []
        empty = 0
        # Rows that another taker looks at just now are skipped, not waited for: look once more.
        while empty < 3:
            rows = database.write(
                lambda tx: tx.take(f"t{number}", at, at + timedelta(seconds=5), limit=7)
            )[0]
            mine += [row.id for row in rows]
            empty = 0 if rows else empty + 1
        return mine

    taken = [effect_id for ids in at_once(pair, drain) for effect_id in ids]

    assert len(taken) == 200
    assert len(set(taken)) == 200


@pytest.mark.scenario(5, 10)
def test_one_release_wins_the_lock(pair: tuple[Database, Database], at: datetime) -> None:
    """Of four claims of crossing names one gets all its names, the others see that one."""
    for turn in range(10):
        names = [f"{turn}-a", f"{turn}-b", f"{turn}-c"]

        def claim(database: Database, number: int, names: list[str] = names) -> int:
            wanted = names if number % 2 else names[::-1]
            return len(
                database.write(
                    lambda tx: tx.claim(wanted, number + 1, owner="x", reason="y", at=at)
                )[0]
            )

        found = sorted(at_once(pair, claim))

        assert found == [0, 3, 3, 3]


@pytest.mark.scenario(2)
def test_one_decision_wins(pair: tuple[Database, Database], at: datetime) -> None:
    """Of four writers who saw the same version one is accepted, the others are stale."""
    release = pair[0].write(lambda tx: tx.new_release("a", at))[0]

    def decide(database: Database, number: int) -> int | None:
        def work(tx: Tx) -> int:
            return tx.put_body(
                release, expected_version=0, phase=f"{number}", live=True, body="{}", at=at
            )

        try:
            return database.write(work)[0]
        except StaleError:
            return None

    found = at_once(pair, decide)

    assert sorted(found, key=str) == [1, None, None, None]
    row = pair[0].read(lambda tx: tx.get(release))
    assert row is not None
    assert row.phase == str(found.index(1))


def test_deciding_on_what_was_read_is_one_step(
    pair: tuple[Database, Database], at: datetime
) -> None:
    """Reading and writing in one transaction never loses the other's write, and is never stale."""
    release = pair[0].write(lambda tx: tx.new_release("a", at))[0]

    def count(tx: Tx) -> None:
        row = tx.get(release)
        assert row is not None
        body = str(int(row.body.strip("{}") or "0") + 1)
        tx.put_body(release, expected_version=row.version, phase="", live=True, body=body, at=at)
        tx.append(release, at=at, actor="a", code="counted", body=body)

    def many(database: Database, number: int) -> None:
        for _ in range(25):
            database.write(count)

    at_once(pair, many)

    row, rows = pair[1].read(lambda tx: (tx.get(release), tx.journal(release)))
    assert row is not None
    assert (row.body, row.version) == ("100", 100)
    assert [entry.body for entry in rows] == [str(number) for number in range(1, 101)]


@pytest.mark.scenario(1, 8)
def test_one_delivery_is_recorded(pair: tuple[Database, Database], at: datetime) -> None:
    """The same delivery arriving four times at once is recorded once."""
    for turn in range(10):

        def record(database: Database, number: int, key: str = f"k{turn}") -> bool:
            return database.write(lambda tx: tx.record(key, "web", "{}", at))[0] is not None

        assert sorted(at_once(pair, record)) == [False, False, False, True]


@pytest.mark.scenario(10)
def test_what_was_left_behind_is_taken_by_one(
    pair: tuple[Database, Database], at: datetime
) -> None:
    """Four who look at once, each in another order, share the rows: nobody gets one twice."""

    def fill(tx: Tx) -> None:
        for number in range(40):
            tx.record(f"k{number}", "web", "{}", at, owner="dead", lease_until=at)

    pair[0].write(fill)
    until = at + timedelta(seconds=5)

    def take(database: Database, number: int) -> list[int]:
        ids = database.read(lambda tx: tx.left_behind(at, at, 40))
        return [
            row
            for part in (ids[number::2], ids[::-1])
            for row in database.write(
                lambda tx: tx.take_inbox(part, f"t{number}", at, before=at, until=until)  # noqa: B023 - runs now
            )[0]
        ]

    found = [row for rows in at_once(pair, take) for row in rows]

    assert sorted(found) == list(range(1, 41))


@pytest.mark.scenario(3)
def test_the_journal_is_one_order(pair: tuple[Database, Database], at: datetime) -> None:
    """Four writers without any lock of their own make one unbroken chain."""

    def write(database: Database, number: int) -> None:
        for turn in range(25):
            database.write(
                lambda tx: tx.append(5, at=at, actor=f"t{number}", code=f"{turn}", body="{}")  # noqa: B023 - runs now
            )

    at_once(pair, write)

    rows = pair[0].read(lambda tx: tx.journal(5))
    assert len(rows) == 100
    assert verify(rows) is None


def test_a_reader_never_skips_a_message(pair: tuple[Database, Database], at: datetime) -> None:
    """Who reads on from the last change it saw gets every message of concurrent writers."""
    total = 25 * (_THREADS - 1)

    def write_or_read(database: Database, number: int) -> list[int]:
        if number:
            for turn in range(25):
                key = f"{number}-{turn}"
                database.write(
                    lambda tx: tx.put_message("r", key, release_id=None, card="{}", at=at)  # noqa: B023 - runs now
                )
            return []
        seen = [1]
        while len(seen) <= total:
            rows = database.read(lambda tx: tx.messages_since("r", seen[-1], 3))  # noqa: B023 - runs now
            seen += [row.change for row in rows]
        return seen

    # Reading from 0 shows the newest only; so there is one message to read on from.
    pair[0].write(lambda tx: tx.put_message("r", "first", release_id=None, card="{}", at=at))
    seen = at_once(pair, write_or_read)[0]

    assert seen == list(range(1, total + 2))


def test_the_same_new_message_twice_at_once(pair: tuple[Database, Database], at: datetime) -> None:
    """Two writers of one new key make one message."""
    for turn in range(10):

        def put(database: Database, number: int, key: str = f"k{turn}") -> int:
            return database.write(
                lambda tx: tx.put_message("r", key, release_id=None, card=str(number), at=at)
            )[0][0]

        assert len(set(at_once(pair, put))) == 1


def test_a_deadlock_is_run_again(pair: tuple[Database, Database], at: datetime) -> None:
    """Transactions that lock two releases in opposite orders all end well."""
    first, second = pair[0].write(lambda tx: (tx.new_release("a", at), tx.new_release("a", at)))[0]
    both = threading.Barrier(2)

    def cross(database: Database, number: int) -> None:
        waits = [database.dialect == "postgresql" and number < 2]

        def work(tx: Tx) -> None:
            order = (first, second) if number % 2 else (second, first)
            row = tx.get(order[0])
            if waits.pop() if waits else False:
                both.wait()
            other = tx.get(order[1])
            assert row is not None
            assert other is not None
            for release in (row, other):
                tx.put_body(
                    release.id,
                    expected_version=release.version,
                    phase="",
                    live=True,
                    body="{}",
                    at=at,
                )

        if number < 2:
            database.write(work)

    at_once(pair, cross)

    versions = pair[0].read(lambda tx: [row.version for row in tx.live()])
    assert versions == [2, 2]


def test_two_processes_make_the_tables_together(store_url: str) -> None:
    """Whoever opens a new database second finds it finished."""
    stores = (Database(store_url), Database(store_url))

    at_once(stores, lambda database, _: database.open())

    assert stores[0].read(lambda tx: tx.live()) == []
    for store in stores:
        store.close()


def test_a_new_file_is_waited_for_while_another_turns_it_to_wal(tmp_path: Path) -> None:
    """SQLite says "locked" at once there, without waiting; of many that meet nobody fails."""
    for turn in range(25):
        url = f"sqlite:///{tmp_path / f'{turn}.db'}"
        stores = [Database(url) for _ in range(_THREADS)]
        barrier = threading.Barrier(_THREADS)

        def connect(store: Database, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            # Raises what connecting raises; there are no tables to read yet.
            store.write(lambda _: None)

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(connect, stores))
        for store in stores:
            store.close()


def test_takers_do_not_wait_for_each_other(postgres_database: str, at: datetime) -> None:
    """While one taker has not committed yet, another one gets the other effects at once."""
    database, other = Database(postgres_database), Database(postgres_database)
    database.open()
    later = at + timedelta(seconds=5)

    def fill(tx: Tx) -> None:
        for key in ("a", "b", "c"):
            tx.enqueue(1, key, kind="k", body="{}", due_at=at)

    def take(tx: Tx) -> tuple[list[str], list[str]]:
        mine = tx.take("one", at, later, limit=2)
        theirs = other.write(lambda tx2: tx2.take("two", at, later, limit=2))[0]
        return [row.key for row in mine], [row.key for row in theirs]

    database.write(fill)

    assert database.write(take)[0] == (["a", "b"], ["c"])
    database.close()
    other.close()
