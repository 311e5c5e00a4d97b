"""The inbox takes each delivery once and keeps one result."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.store import Tx
from bot.store.database import Database


@pytest.mark.scenario(1)
def test_a_delivery_is_recorded_once(database: Database, at: datetime) -> None:
    """The second record of a dedupe key gives None and keeps the first body."""
    first = database.write(lambda tx: tx.record("slack:1", "slack", '{"a": 1}', at))[0]
    again = database.write(lambda tx: tx.record("slack:1", "web", "{}", at))[0]

    assert first is not None
    row = database.read(lambda tx: tx.inbox_row(first))
    assert again is None
    assert row is not None
    assert (row.dedupe, row.surface, row.body, row.at) == ("slack:1", "slack", '{"a": 1}', at)
    assert (row.result, row.settled_at) == (None, None)


@pytest.mark.scenario(6)
def test_a_delivery_that_was_not_committed_is_unseen(database: Database, at: datetime) -> None:
    """After a rollback the repeat counts as the first."""

    def fails(tx: Tx) -> None:
        tx.record("line:1", "line", "{}", at)
        raise RuntimeError("before the commit")

    with pytest.raises(RuntimeError):
        database.write(fails)

    assert database.write(lambda tx: tx.record("line:1", "line", "{}", at))[0] is not None


def test_the_first_result_stays(database: Database, at: datetime) -> None:
    """Settling twice says False and changes nothing."""
    row_id = database.write(lambda tx: tx.record("k", "web", "{}", at))[0]
    assert row_id is not None

    first = database.write(lambda tx: tx.settle(row_id, '"one"', at))[0]
    second = database.write(lambda tx: tx.settle(row_id, '"two"', at))[0]

    assert (first, second) == (True, False)
    assert database.read(lambda tx: tx.result_of("k")) == '"one"'


def test_unsettled_rows_come_oldest_first(database: Database, at: datetime) -> None:
    """Only rows without result that are old enough are listed."""

    def fill(tx: Tx) -> None:
        for minute in (3, 1, 2):
            tx.record(f"k{minute}", "web", "{}", at + timedelta(minutes=minute))

    database.write(fill)
    database.write(lambda tx: tx.settle(3, "{}", at))

    found = database.read(lambda tx: tx.unsettled(at + timedelta(minutes=3)))
    early = database.read(lambda tx: tx.unsettled(at + timedelta(minutes=2)))

    assert [row.dedupe for row in found] == ["k1", "k3"]
    assert [row.dedupe for row in early] == ["k1"]


def test_what_is_unknown_has_no_row_and_no_result(database: Database) -> None:
    """Asking for what never came gives None."""
    assert database.read(lambda tx: (tx.inbox_row(9), tx.result_of("never"))) == (None, None)
