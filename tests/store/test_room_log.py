"""The room log keeps cards, hands them out in order, and wakes who waits."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.core.card import Card
from bot.core.value import text
from bot.store import Store
from bot.store.room_log import StoreRoomLog


def card(title: str, release: int | None = 7) -> Card:
    """A card with this title."""
    return Card(kind="board", title=text(title), text=text("t", n=1), release=release)


@pytest.fixture
def log(store: Store) -> StoreRoomLog:
    """The log of the store."""
    return StoreRoomLog(store)


async def test_a_card_comes_back_as_it_was(log: StoreRoomLog, at: datetime) -> None:
    """Put and since give the same message, edits under the same id."""
    first = await log.put("ops", "board", card("one"), at)
    edited = await log.put("ops", "board", card("two"), at + timedelta(seconds=1))

    assert (first.card, first.edited, first.change) == (card("one"), None, 1)
    assert (edited.id, edited.change, edited.edited) == (first.id, 2, at + timedelta(seconds=1))
    assert await log.since("ops", 0) == (edited,)
    assert await log.since("ops", 2) == ()
    assert await log.since("dev", 0) == ()


async def test_waiting_ends_with_the_message(log: StoreRoomLog, at: datetime) -> None:
    """Who waits gets the message when it is put; other rooms' messages do not end the wait."""
    first = await log.put("ops", "a", card("one"), at)
    waiting = asyncio.create_task(log.wait("ops", first.change, 30))
    await log.put("dev", "a", card("other"), at)
    second = await log.put("ops", "b", card("two"), at)

    assert await asyncio.wait_for(waiting, 10) == (second,)


async def test_what_is_there_needs_no_waiting(log: StoreRoomLog, at: datetime) -> None:
    """A wait from an old change answers at once, and one that runs out answers with nothing."""
    message = await log.put("ops", "a", card("one"), at)

    assert await log.wait("ops", 0, 30) == (message,)
    assert await log.wait("ops", message.change, 0.01) == ()


async def test_messages_of_another_process_end_the_wait(
    store_url: str, log: StoreRoomLog, at: datetime
) -> None:
    """A second process's message arrives within a second or two on either database."""
    other = Store(store_url)
    await other.open()
    waiting = asyncio.create_task(log.wait("ops", 0, 30))

    put = await StoreRoomLog(other).put("ops", "a", card("one", None), at)

    assert await asyncio.wait_for(waiting, 10) == (put,)
    await other.close()


async def test_a_closed_log_hears_no_more(store: Store, log: StoreRoomLog) -> None:
    """Closing ends its place in the store."""
    log.close()

    assert store._on_message == []
