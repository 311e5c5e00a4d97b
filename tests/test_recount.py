"""Counting again what a verdict rests on: what arrived since, what expired, what is in the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from adapters.logs.memory import MemoryStore
from bot.core.config import ExecutorConfig, LogStoreConfig
from bot.core.config.problem import UnusableError
from bot.ports import Executor, LogStore
from bot.recount import RecountError, recount
from bot.settings import Settings, load
from bot.store import Store, VerdictCountsRow
from tests.support.bots import release_yml
from tests.support.engines import SINGLE, T0, Outside, bot, ended, release_file

CHECK = "chat/check"


class Only:
    """Makes this log store."""

    def __init__(self, logs: MemoryStore | None) -> None:
        self._logs = logs

    def executor(self, config: ExecutorConfig, settings: Settings) -> Executor:
        """Not needed."""
        raise NotImplementedError

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> LogStore:
        """The one log store."""
        if self._logs is None:
            raise UnusableError("pattern", "[", "is no RE2 expression")
        return self._logs


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a database that is not there yet."""
    path = tmp_path / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()))
    variables = {
        "RELEASE_MASTER_RELEASE_FILE": str(path),
        "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{tmp_path / 'bot.sqlite3'}",
    }
    return load(path, variables)


async def released(settings: Settings) -> Outside:
    """A release has ended after three rounds."""
    outside = Outside(release_file(**SINGLE))
    for number in range(5):
        at = T0 - timedelta(hours=number + 1)
        outside.logs.add("chat", at, "WARN", "Slow", host="chat-1")
    async with bot(settings.environment.database_url, outside=outside) as made:
        await made.start()
        await made.run(ended)
    return outside


async def test_what_arrived_and_expired_is_listed(settings: Settings) -> None:
    """By window and type, with a sum; a window without a change says so."""
    outside = await released(settings)
    logs = MemoryStore()
    for number in range(2):
        logs.add("chat", T0 - timedelta(hours=number + 1), "WARN", "Slow", host="chat-1")
    for number in range(25):
        logs.add("chat", T0 - timedelta(hours=2), "ERROR", f"Late{number:02}", host="chat-1")
    logs.add("chat", outside.clock.now - timedelta(minutes=1), "INFO", None, host="chat-1")

    first, baseline, slow, late, *others = (await recount(settings, Only(logs), 1, "")).split("\n")

    assert first.startswith(f"#1 {CHECK}, round 3, counted 2026-08-06 12:")
    assert first.endswith("since then 25 documents arrived and 3 expired")
    assert baseline == "  2026-07-27 12:00:00 UTC, 10d: 5 documents"
    assert (slow, late) == ("    WARN Slow: 5 -> 2 (-3)", "    ERROR Late00: 0 -> 1 (+1)")
    assert others[-2] == "    and 6 more types"
    assert others[-1].endswith("0 documents, unchanged")


async def test_gaps_of_the_recount_are_said(settings: Settings) -> None:
    """Fewer documents may be a fault of the count."""
    await released(settings)

    said = await recount(settings, Only(MemoryStore()), 1, CHECK)

    assert "  incomplete: No log line of any level" in said


async def test_what_cannot_be_recounted_says_why(settings: Settings) -> None:
    """No such release or check, nothing kept, another version, or a log store in trouble."""
    logs = (await released(settings)).logs

    async def refused(number: int = 1, step: str = CHECK, store: MemoryStore | None = logs) -> str:
        with pytest.raises(RecountError) as caught:
            await recount(settings, Only(store), number, step)
        return str(caught.value)

    assert await refused(2) == "there is no release #2"
    assert await refused(step="auth/check") == f"name one of the checks of #1: {CHECK}"
    assert "no RE2 expression" in await refused(store=None)
    logs.fail("503")
    assert await refused() == "the log store could not count: 503"

    store = Store(settings.environment.database_url)
    await store.open()
    row = VerdictCountsRow(release_id=1, step=CHECK, round=9, repeat=0, body=b"?")
    await store.transact(lambda tx: tx.put_verdict_counts(row))
    await store.close()
    assert await refused() == f"#1 {CHECK}: no kept counts of this version"
