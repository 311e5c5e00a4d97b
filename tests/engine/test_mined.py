"""Types mined from messages: one name in every count, process and week."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.logs.memory import MemoryStore
from bot.core.config.log_store import MemoryLogStore
from bot.core.counts import NO_TYPE, CountRequest, Counts, LogStoreError, TypeCount, Window
from bot.engine.mined import MinedStore, names_now
from bot.store import Store

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DEPLOYED = NOW - timedelta(minutes=5)
BEFORE = Window(start=NOW - timedelta(days=10), end=DEPLOYED)
AFTER = Window(start=DEPLOYED, end=NOW)
CONFIG = MemoryLogStore(kind="memory", error_type_from="message")
USERS = ("anna", "ben", "carla", "dan", "emil", "fred")


class Logs:
    """Documents that several processes on one database count."""

    def __init__(self, url: str) -> None:
        self.memory = MemoryStore(CONFIG)
        self.url = url
        self.opened: list[Store] = []

    async def process(self, config: MemoryLogStore = CONFIG) -> MinedStore:
        """A process of its own."""
        store = Store(self.url)
        await store.open()
        self.opened.append(store)
        return MinedStore(self.memory, config, store, lambda: NOW)

    def add(self, message: str, at: datetime, times: int = 1) -> None:
        """Write error documents."""
        for _ in range(times):
            self.memory.add("chat", at, "ERROR", None, host="h1", message=message)


@pytest.fixture
async def logs(url: str) -> AsyncIterator[Logs]:
    """Ten days with two known errors."""
    made = Logs(url)
    for day, user in enumerate(USERS[:4]):
        made.add(f"refused for user {user} from 10.0.0.{day}", NOW - timedelta(days=day + 1))
    made.add("disk 7 is full", NOW - timedelta(days=3))
    yield made
    for store in made.opened:
        await store.close()


async def counted(store: MinedStore) -> tuple[dict[str, int], dict[str, int]]:
    """The totals by type before and after."""
    request = CountRequest(component="chat", windows=(BEFORE, AFTER), samples=True)
    before, after = (await store.count(request)).windows
    return totals(before.types), totals(after.types)


def totals(rows: Iterable[TypeCount]) -> dict[str, int]:
    """Count by type."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.error_type] = found.get(row.error_type, 0) + row.count
    return found


async def test_a_known_error_of_a_new_user_is_no_new_type(logs: Logs) -> None:
    """What varies is no new type; what was never said is one, in its own name."""
    logs.add("refused for user zoe from 10.9.9.9", DEPLOYED)
    logs.add("queue payments is stuck", DEPLOYED, times=2)
    logs.add("", DEPLOYED)

    before, after = await counted(await logs.process())

    assert before == {"refused for user <*> from <*>": 4, "disk <*> is full": 1}
    assert after == {
        "refused for user <*> from <*>": 1,
        "queue payments is stuck": 2,
        NO_TYPE: 1,
    }


async def test_names_survive_restarts_and_the_logs(logs: Logs) -> None:
    """Another process names by what the first has stored, also when the old lines are gone."""
    first = await counted(await logs.process())
    logs.memory._documents.clear()
    logs.add("refused for user zoe from 10.9.9.9", DEPLOYED)

    _, after = await counted(await logs.process())

    assert list(after) == ["refused for user <*> from <*>"]
    assert set(after) <= set(first[0])


async def test_two_processes_learn_together(logs: Logs) -> None:
    """What one learnt while the other counted is not lost: both name alike afterwards."""
    one, other = await logs.process(), await logs.process()
    await counted(one)
    await counted(other)
    for user in USERS:
        logs.add(f"unknown key of user {user}", DEPLOYED)
    await counted(one)
    logs.add("socket 3 is gone", DEPLOYED)

    assert await counted(other) == await counted(one)
    assert (await counted(other))[1] == {"unknown key of user <*>": 6, "socket <*> is gone": 1}


async def test_nothing_is_stored_when_nothing_is_new(logs: Logs) -> None:
    """A repeated count writes nothing."""
    store = await logs.process()
    await counted(store)
    key = store._key("chat")
    version = await logs.opened[0].read(lambda tx: tx.templates_version(key))

    await counted(store)

    assert version == 1
    assert await logs.opened[0].read(lambda tx: tx.templates_version(key)) == 1


async def test_old_names_are_resolved(logs: Logs) -> None:
    """Counts that were stored by type find what their type is called now."""
    store = await logs.process()
    logs.add("unknown key of user anna", DEPLOYED)
    old = (await counted(store))[1]
    for user in USERS[1:]:
        logs.add(f"unknown key of user {user}", DEPLOYED)
    new = (await counted(store))[1]

    found = await names_now(store, "chat", [*old, NO_TYPE, "gone"])

    assert found == {
        "unknown key of user anna": "unknown key of user <*>",
        NO_TYPE: NO_TYPE,
        "gone": "gone",
    }
    assert new == {"unknown key of user <*>": 6}
    assert await names_now(logs.memory, "chat", ["a"]) == {"a": "a"}


async def test_other_masks_are_other_templates(logs: Logs) -> None:
    """A configuration that masks differently begins anew; a time limit would not."""
    await counted(await logs.process())
    config = MemoryLogStore(kind="memory", error_type_from="message", masks=("payments",))

    other = await logs.process(config)

    assert await names_now(other, "chat", ["disk 7 is full"]) == {
        "disk 7 is full": "disk <*> is full"
    }
    assert await logs.opened[1].read(lambda tx: tx.templates(other._key("chat"))) is None


async def test_templates_of_a_later_version_are_not_guessed(logs: Logs) -> None:
    """The count fails with the reason, and what is stored stays."""
    store = await logs.process()
    await counted(store)
    key = store._key("chat")
    body = '{"version": 2}'
    await logs.opened[0].transact(lambda tx: tx.put_templates(key, body, version=1, at=NOW))

    with pytest.raises(LogStoreError, match="later version"):
        await counted(store)


async def test_what_the_store_below_says_is_kept(logs: Logs) -> None:
    """Documents, gaps and failures are those of the store below."""
    store = await logs.process()
    request = CountRequest(component="chat", windows=(BEFORE, AFTER))
    below: Counts = await logs.memory.count(request)

    found = await store.count(request)

    assert found.gaps == below.gaps != ()
    assert [one.documents for one in found.windows] == [one.documents for one in below.windows]
    logs.memory.fail("broken")
    with pytest.raises(LogStoreError, match="broken"):
        await store.count(request)
