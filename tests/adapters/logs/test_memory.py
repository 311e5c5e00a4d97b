"""The in-memory log store beyond the contract: what it offers to tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.logs.memory import MemoryStore
from bot.core.counts import CountRequest, LogStoreError, Window
from bot.core.value import text

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
REQUEST = CountRequest(
    component="chat", windows=(Window(start=NOW, end=NOW + timedelta(minutes=15)),)
)


async def test_injected_gaps_stay_until_healed() -> None:
    """A gap makes every later count incomplete until it is healed."""
    store = MemoryStore()
    store.add("chat", NOW, "ERROR", "Timeout", host="host-1")
    store.gap(text("gap.unfinished", file="a.log", error="damaged"))
    for _ in range(2):
        assert [gap.key for gap in (await store.count(REQUEST)).gaps] == ["gap.unfinished"]
    store.heal()
    assert (await store.count(REQUEST)).gaps == ()


async def test_it_fails_once_with_the_message() -> None:
    """An injected failure is raised by the next count only, and both requests are remembered."""
    store = MemoryStore()
    store.fail("the cluster is red")
    with pytest.raises(LogStoreError, match="the cluster is red"):
        await store.count(REQUEST)
    assert (await store.count(REQUEST)).newest is None
    assert store.requests == [REQUEST, REQUEST]


async def test_times_are_kept_in_utc() -> None:
    """The newest moment is in UTC whatever zone the document was told in."""
    store = MemoryStore()
    store.add("chat", NOW.astimezone(), "ERROR", None, host="host-1", message="m")
    newest = (await store.count(REQUEST)).newest
    assert newest is not None
    assert newest.utcoffset() == timedelta(0)
