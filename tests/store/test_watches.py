"""Watches: one a person and subject, found by either."""

from __future__ import annotations

from datetime import datetime

from bot.store import Tx, WatchRow
from bot.store.database import Database


def watch(subject: str, person: str, events: str = "failures") -> WatchRow:
    """A watch that was said on Slack."""
    return WatchRow(subject=subject, person=person, events=events, surface="slack")


def test_a_watch_is_found_by_subject_and_by_person(database: Database, at: datetime) -> None:
    """A later put replaces the earlier one; dropping says whether there was one."""

    def fill(tx: Tx) -> None:
        for row in (watch("#1", "mina"), watch("shop", "mina"), watch("shop", "taro")):
            tx.put_watch(row, at)
        tx.put_watch(watch("shop", "mina", "all"), at)

    database.write(fill)

    assert database.read(lambda tx: tx.watches(("#1", "shop"))) == [
        watch("#1", "mina"),
        watch("shop", "mina", "all"),
        watch("shop", "taro"),
    ]
    assert database.read(lambda tx: tx.watches(("#2", "other"))) == []
    assert [w.subject for w in database.read(lambda tx: tx.watches_of("mina"))] == ["#1", "shop"]
    dropped = database.write(lambda tx: [tx.drop_watch("mina", "#1") for _ in range(2)])[0]
    assert dropped == [True, False]
