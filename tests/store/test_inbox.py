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
    """Only rows that are not settled and old enough are listed, as many as are wanted."""

    def fill(tx: Tx) -> None:
        for minute in (3, 1, 2):
            tx.record(f"k{minute}", "web", "{}", at + timedelta(minutes=minute))

    database.write(fill)
    database.write(lambda tx: tx.settle(3, "{}", at))

    found = database.read(lambda tx: tx.unsettled(at + timedelta(minutes=3), 9))
    early = database.read(lambda tx: tx.unsettled(at + timedelta(minutes=2), 9))
    first = database.read(lambda tx: tx.unsettled(at + timedelta(minutes=3), 1))

    assert (found, early, first) == ([2, 1], [2], [2])


def test_what_is_concluded_is_settled_when_it_is_told(database: Database, at: datetime) -> None:
    """The result stands at once; the row stays open until somebody has the answer."""
    row_id = database.write(lambda tx: tx.record("k", "slack", "{}", at))[0]
    assert row_id is not None

    first = database.write(lambda tx: tx.conclude(row_id, '"one"'))[0]
    others = database.write(lambda tx: (tx.conclude(row_id, "2"), tx.settle(row_id, "3", at)))[0]
    open_ = database.read(lambda tx: (tx.result_of("k"), tx.unsettled(at, 9)))
    closed = database.write(lambda tx: (tx.close(row_id, at), tx.close(row_id, at)))[0]
    row = database.read(lambda tx: tx.inbox_row(row_id))

    assert (first, others, open_, closed) == (
        True,
        (False, False),
        ('"one"', [row_id]),
        (True, False),
    )
    assert row is not None
    assert (row.result, row.settled_at) == ('"one"', at)


def test_a_body_can_be_amended_until_it_is_settled(database: Database, at: datetime) -> None:
    """What was found out later is kept with it; what is over stays as it is."""
    row_id = database.write(lambda tx: tx.record("k", "slack", "1", at))[0]
    assert row_id is not None

    before = database.write(lambda tx: tx.amend(row_id, "2"))[0]
    database.write(lambda tx: tx.settle(row_id, "{}", at))
    after = database.write(lambda tx: tx.amend(row_id, "3"))[0]
    row = database.read(lambda tx: tx.inbox_row(row_id))

    assert (before, after) == (True, False)
    assert row is not None
    assert row.body == "2"


def test_what_is_unknown_has_no_row_and_no_result(database: Database) -> None:
    """Asking for what never came gives None."""
    assert database.read(lambda tx: (tx.inbox_row(9), tx.result_of("never"))) == (None, None)


@pytest.mark.scenario(10)
def test_what_somebody_is_at_work_on_is_not_left_behind(
    database: Database, at: datetime, lease: datetime
) -> None:
    """A lease keeps others out until it ends, however old the row is; its owner prolongs it."""
    later = lease + timedelta(seconds=4)

    def record(tx: Tx) -> None:
        tx.record("held", "web", "{}", at, owner="one", lease_until=lease)
        tx.record("settled", "web", "{}", at, owner="one", lease_until=at)
        tx.settle(2, "{}", at)

    database.write(record)
    during = database.read(lambda tx: tx.left_behind(lease - timedelta(microseconds=1), at, 9))
    after = database.read(lambda tx: tx.left_behind(lease, at, 9))
    kept = database.write(lambda tx: tx.renew_inbox((1, 2), "one", later))[0]
    others = database.write(lambda tx: tx.renew_inbox((1,), "two", later + timedelta(hours=1)))[0]
    renewed = database.read(lambda tx: tx.left_behind(lease, at, 9))

    assert (during, after) == ([], [1])
    assert (kept, others, renewed) == ({1}, set(), [])
    assert database.read(lambda tx: tx.left_behind(later, at, 9)) == [1]


@pytest.mark.scenario(10)
def test_a_lease_that_ended_is_taken_once(
    database: Database, at: datetime, lease: datetime
) -> None:
    """Of two who found the same row one gets it; who had it before has lost it."""
    until = lease + timedelta(seconds=5)
    database.write(lambda tx: tx.record("k", "web", "{}", at, owner="dead", lease_until=lease))

    def take(owner: str, now: datetime) -> set[int]:
        return database.write(lambda tx: tx.take_inbox((1, 7), owner, now, before=at, until=until))[
            0
        ]

    early = take("one", lease - timedelta(microseconds=1))
    found = [take("one", lease), take("two", lease)]

    assert (early, found) == (set(), [{1}, set()])
    assert database.write(lambda tx: tx.renew_inbox((1,), "dead", until))[0] == set()
    assert database.write(lambda tx: tx.renew_inbox((1,), "one", until))[0] == {1}


def test_rows_of_older_versions_have_their_age_only(
    database: Database, at: datetime, lease: datetime
) -> None:
    """Without a lease a row is left behind as soon as it is as old as a lease is long."""
    database.write(lambda tx: tx.record("k", "web", "{}", at))
    young, old = at - timedelta(microseconds=1), at

    assert database.read(lambda tx: tx.left_behind(lease, young, 9)) == []
    assert database.read(lambda tx: tx.left_behind(lease, old, 9)) == [1]
    taken = [
        database.write(lambda tx: tx.take_inbox((1,), "one", lease, before=b, until=lease))[0]  # noqa: B023 - runs now
        for b in (young, old)
    ]
    assert taken == [set(), {1}]
