"""Transactions that wait together share one commit, and each is kept or not by itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.store import Tx
from bot.store.database import Database, Written
from bot.store.errors import StoreError
from bot.store.writer import TOGETHER, Writer


class Held(Database):
    """A database that waits before it writes, and notes how many works share a commit."""

    def __init__(self, url: str, busy_seconds: float = 5.0) -> None:
        super().__init__(url, busy_seconds=busy_seconds)
        self.groups: list[int] = []
        self.go_on = threading.Event()

    def write_all(self, works: Sequence[Callable[[Tx], Any]]) -> list[Written[Any]]:
        """Write once it may."""
        assert self.go_on.wait(10)
        self.groups.append(len(works))
        return super().write_all(works)


@pytest.fixture(name="held")
def _held(tmp_path: Path) -> Held:
    held = Held(f"sqlite:///{tmp_path}/held.sqlite3")
    held.open()
    return held


def record(at: datetime, key: str) -> Callable[[Tx], int | None]:
    """Record a delivery."""
    return lambda tx: tx.record(key, "web", "{}", at)


def keys(held: Held, at: datetime) -> list[str]:
    """What was recorded."""

    def work(tx: Tx) -> list[str]:
        rows = (tx.inbox_row(number) for number in tx.unsettled(at, 100))
        return [row.dedupe for row in rows if row is not None]

    return held.read(work)


async def gathered(held: Held, works: Sequence[Callable[[Tx], Any]], **named: Any) -> list[Any]:
    """What becomes of works that came while the first of them was being written."""
    writer = Writer(held, lambda *_: None, threads=1, **named)
    try:
        running = [asyncio.create_task(writer.run(work)) for work in works]
        await asyncio.sleep(0)
        held.go_on.set()
        return await asyncio.gather(*running, return_exceptions=True)
    finally:
        await asyncio.to_thread(writer.shut)


async def test_what_waits_together_is_committed_together(held: Held, at: datetime) -> None:
    """Behind the first one a whole group needs one commit; none is too large."""
    with closing(held):
        count = TOGETHER + 10
        ids = await gathered(held, [record(at, f"k{number}") for number in range(count)])

        assert ids == list(range(1, count + 1))
        assert max(held.groups) <= TOGETHER
        assert len(held.groups) <= 3


async def test_one_that_fails_takes_no_other_along(held: Held, at: datetime) -> None:
    """What a work raises comes out where it came from; the others of its group are kept, once."""
    with closing(held):

        def fails(tx: Tx) -> None:
            tx.record("lost", "web", "{}", at)
            raise ValueError("no")

        def forbidden(tx: Tx) -> None:
            tx.connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

        works = [record(at, "a"), record(at, "b"), fails, forbidden, record(at, "c")]
        first, second, third, fourth, fifth = await gathered(held, works)

        assert (first, second, fifth) == (1, 2, 3)
        assert isinstance(third, ValueError)
        assert isinstance(fourth, StoreError)
        assert keys(held, at) == ["a", "b", "c"]


async def test_a_group_sees_what_came_before_in_it(held: Held, at: datetime) -> None:
    """Of two equal deliveries in one commit the second is a repeat."""
    with closing(held):
        assert await gathered(held, [record(at, "x"), record(at, "k"), record(at, "k")]) == [
            1,
            2,
            None,
        ]


async def test_a_store_that_is_locked_fails_all_that_wait_at_once(held: Held, at: datetime) -> None:
    """They share the wait for another process instead of each waiting in its turn."""
    locked = Held(held.url.render_as_string(), busy_seconds=0.1)
    with closing(held), closing(locked):

        def hold(tx: Tx) -> list[Any]:
            tx.record("held", "web", "{}", at)
            return asyncio.run(gathered(locked, [record(at, str(n)) for n in range(10)]))

        found, _, _ = await asyncio.to_thread(held.write, hold)

        assert {getattr(end, "code", end) for end in found} == {"store.locked"}
        assert len(locked.groups) <= 2


async def test_what_was_given_up_before_its_turn_is_not_done(held: Held, at: datetime) -> None:
    """A caller that went away while its work waited leaves nothing behind."""
    with closing(held):
        writer = Writer(held, lambda *_: None, threads=1, together=1)
        first = asyncio.create_task(writer.run(record(at, "first")))
        second = asyncio.create_task(writer.run(record(at, "second")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        held.go_on.set()
        await first
        await asyncio.to_thread(writer.shut)

        assert keys(held, at) == ["first"]


async def test_what_a_group_left_for_others_is_told_once(held: Held, at: datetime) -> None:
    """One commit of several effects and messages wakes the engine and the rooms once."""
    told: list[tuple[bool, bool]] = []
    with closing(held):
        writer = Writer(held, lambda *what: told.append(what), threads=1)

        def effect(tx: Tx) -> None:
            tx.enqueue(1, "k", kind="k", body="{}", due_at=at)

        def message(tx: Tx) -> None:
            tx.put_message("r", "k", release_id=None, card="{}", at=at)

        works = [record(at, "first"), effect, message, record(at, "last")]
        running = [asyncio.create_task(writer.run(work)) for work in works]
        await asyncio.sleep(0)
        held.go_on.set()
        await asyncio.gather(*running)
        await asyncio.to_thread(writer.shut)

        assert told in ([(True, True)], [(True, False), (False, True)])
        assert len(told) < len(works)
