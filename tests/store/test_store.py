"""The store for asyncio: transactions beside the loop, and who is woken by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot.store import Store, StoreError, Tx


def enqueue(tx: Tx, at: datetime, key: str = "k") -> None:
    """Enqueue for release 1."""
    tx.enqueue(1, key, kind="k", body="{}", due_at=at)


def woken(store: Store) -> asyncio.Event:
    """An event that is set when work is there."""
    event = asyncio.Event()
    store.on_work(event.set)
    return event


@pytest.fixture
async def pair(postgres_database: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two stores on one PostgreSQL database, both listening."""
    stores = (Store(postgres_database), Store(postgres_database))
    for store in stores:
        await store.open()
    yield stores
    for store in stores:
        await store.close()


async def test_what_was_written_can_be_read(store: Store, at: datetime) -> None:
    """When transact returns, every reader sees it."""
    release = await store.transact(lambda tx: tx.new_release("openchat", at))

    assert [row.id for row in await store.read(lambda tx: tx.live())] == [release]


async def test_an_exception_keeps_nothing(store: Store, at: datetime) -> None:
    """What the work raises comes out as it is, after a rollback."""

    def fails(tx: Tx) -> None:
        tx.new_release("openchat", at)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.transact(fails)

    assert await store.read(lambda tx: tx.live()) == []


async def test_the_loop_is_free_meanwhile(store: Store, at: datetime) -> None:
    """A transaction that takes long holds up nothing else in the loop, readers neither."""
    loop = asyncio.get_running_loop()
    begun, go_on = asyncio.Event(), asyncio.Event()

    def slow(tx: Tx) -> None:
        tx.new_release("openchat", at)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)

    writing = asyncio.create_task(store.transact(slow))
    await begun.wait()

    assert await store.read(lambda tx: tx.live()) == []
    go_on.set()
    await writing
    assert len(await store.read(lambda tx: tx.live())) == 1


async def test_enqueuing_wakes(store: Store, at: datetime) -> None:
    """After the commit of an effect the callbacks run in the loop; afterwards no more."""
    event = asyncio.Event()
    calls: list[asyncio.AbstractEventLoop] = []

    def called() -> None:
        calls.append(asyncio.get_running_loop())
        event.set()

    end = store.on_work(called)
    await store.transact(lambda tx: enqueue(tx, at))
    await asyncio.wait_for(event.wait(), 10)
    end()
    end()
    await store.transact(lambda tx: enqueue(tx, at))

    assert calls == [asyncio.get_running_loop()]


async def test_what_needs_nobody_wakes_nobody(store: Store, at: datetime) -> None:
    """An effect that is taken as it is enqueued, a message, and a rollback wake no engine."""
    event = woken(store)
    until = at + timedelta(seconds=5)

    def quiet(tx: Tx) -> None:
        tx.enqueue(1, "a", kind="k", body="{}", due_at=at, taken_by="me", lease_until=until)
        tx.put_message("r", "k", release_id=None, card="{}", at=at)

    def fails(tx: Tx) -> None:
        enqueue(tx, at)
        raise ValueError("no")

    await store.transact(quiet)
    with pytest.raises(ValueError, match="no"):
        await store.transact(fails)
    await asyncio.sleep(0)

    assert not event.is_set()


async def test_a_cancelled_caller_still_wakes(store: Store, at: datetime) -> None:
    """Work that is committed after its caller went away is announced all the same."""
    loop = asyncio.get_running_loop()
    begun, go_on = asyncio.Event(), asyncio.Event()
    event = woken(store)

    def slow(tx: Tx) -> None:
        enqueue(tx, at)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)

    caller = asyncio.create_task(store.transact(slow))
    await begun.wait()
    caller.cancel()
    go_on.set()

    await asyncio.wait_for(event.wait(), 10)
    assert len(await store.read(lambda tx: tx.effects(1))) == 1


async def test_a_closed_store_says_so(store: Store, at: datetime) -> None:
    """Before open and after close every call is refused; closing twice is fine."""
    await store.close()
    await store.close()

    for call in (store.transact, store.read):
        with pytest.raises(StoreError, match=r"store\.closed"):
            await call(lambda tx: tx.live())


async def test_another_process_is_woken(pair: tuple[Store, Store], at: datetime) -> None:
    """On PostgreSQL the commit of one store wakes the other, and itself only once."""
    here, there = pair
    own: list[None] = []
    here.on_work(lambda: own.append(None))
    event = woken(there)

    await here.transact(lambda tx: enqueue(tx, at))
    await asyncio.wait_for(event.wait(), 10)
    back = woken(here)
    await there.transact(lambda tx: enqueue(tx, at, "other"))
    await asyncio.wait_for(back.wait(), 10)

    assert len(own) == 2


async def test_listening_survives_an_outage(pair: tuple[Store, Store], at: datetime) -> None:
    """After its connection was cut the store listens again, and looks at what it missed."""
    here, there = pair
    reconnected = woken(there)
    await here.transact(
        lambda tx: tx.connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE left(query, 6) = 'LISTEN' AND datname = current_database()"
        )
    )
    await asyncio.wait_for(reconnected.wait(), 10)
    event = woken(there)

    await here.transact(lambda tx: enqueue(tx, at))

    await asyncio.wait_for(event.wait(), 10)


async def test_a_store_that_cannot_open_holds_nothing(tmp_path: object) -> None:
    """When opening fails, threads are given back and the store is closed."""
    store = Store(f"sqlite:///{tmp_path}/none/store.db")

    with pytest.raises(StoreError, match=r"store\.unreachable"):
        await store.open()

    with pytest.raises(StoreError, match=r"store\.closed"):
        await store.read(lambda tx: tx.live())
