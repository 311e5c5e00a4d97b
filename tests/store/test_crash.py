"""Killed at any moment, the store keeps every transaction whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from bot.core.journal import verify
from bot.store import Tx
from bot.store.database import Database

_ROOT = Path(__file__).resolve().parents[2]


def killed_after(store_url: str, commits: int) -> list[int]:
    """The releases that a writer said were kept before it was killed."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.store.crash_writer", store_url],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(commits)]
        writer.kill()
        said += writer.stdout.readlines()
    # The last line may be cut in the middle by the kill.
    return [int(line) for line in said if line.endswith("\n")]


def complaints(said: list[int], tx: Tx) -> list[str]:
    """What is not whole."""
    live = {row.id: row for row in tx.live()}
    found = [f"{release} was kept and is gone" for release in said if release not in live]
    locks = {lock.release_id for lock in tx.locks()}
    shown = {row.release_id for row in tx.messages_since("ops", 0, 1_000_000)}
    for release, row in live.items():
        journal = tx.journal(release)
        whole = (
            row.version == 1
            and [entry.code for entry in journal] == ["started", "going"]
            and verify(journal) is None
            and len(tx.effects(release)) == 1
            and release in locks
            and release in shown
        )
        found += [] if whole else [f"{release} is half there"]
    counts = (len(live), len(locks), len(shown), len(tx.journalled_releases()))
    return found + ([] if len(set(counts)) == 1 else [f"counts differ: {counts}"])


@pytest.mark.crash
@pytest.mark.scenario(41, 47)
def test_a_killed_writer_leaves_whole_transactions(store_url: str) -> None:
    """After each of several kills what was said to be kept is there, and nothing is half there."""
    said: list[int] = []
    for commits in (1, 7, 20, 33, 50):
        said += killed_after(store_url, commits)
        database = Database(store_url)
        database.open()

        assert database.read(partial(complaints, said)) == []
        if database.dialect == "sqlite":
            check = database.read(
                lambda tx: tx.connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            )
            assert check == "ok"
        database.close()

    assert len(said) >= 111
    assert len(set(said)) == len(said)
