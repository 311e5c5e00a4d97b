"""The outbox: generations, leases, due times and cancelling."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.store import EffectRow, Tx
from bot.store.database import Database

_SECOND = timedelta(seconds=1)


def enqueue(
    tx: Tx, key: str, due_at: datetime, *, body: str = "{}", kind: str = "start"
) -> EffectRow:
    """Enqueue for release 1."""
    return tx.enqueue(1, key, kind=kind, body=body, due_at=due_at)


def only(database: Database) -> EffectRow:
    """The one effect of release 1."""
    (row,) = database.read(lambda tx: tx.effects(1))
    return row


def take(database: Database, owner: str, now: datetime, limit: int = 10) -> list[EffectRow]:
    """Take for five seconds."""
    until = now + 5 * _SECOND
    return database.write(lambda tx: tx.take(owner, now, until, limit=limit))[0]


def test_effects_are_taken_when_due_oldest_first(database: Database, at: datetime) -> None:
    """What is due is leased with its count of tries; what is not due stays."""

    def fill(tx: Tx) -> None:
        for key, seconds in (("b", -1), ("a", -2), ("c", 0), ("later", 1)):
            enqueue(tx, key, at + seconds * _SECOND, body=f'"{key}"')

    database.write(fill)
    first, second, third = (
        take(database, "me", at, 2),
        take(database, "me", at),
        take(database, "me", at),
    )

    assert [row.key for row in first] == ["a", "b"]
    assert [row.key for row in second] == ["c"]
    assert third == []
    row = first[0]
    assert (row.owner, row.lease_until, row.tries, row.taken) == ("me", at + 5 * _SECOND, 1, True)
    assert (row.body, row.kind, row.generation, row.release_id) == ('"a"', "start", 1, 1)


def test_a_lease_keeps_others_out_until_it_ends(database: Database, at: datetime) -> None:
    """Another owner takes it over when the lease is over, and not before."""
    database.write(lambda tx: enqueue(tx, "a", at))
    (mine,) = take(database, "me", at)

    early = take(database, "you", at + 5 * _SECOND - timedelta(microseconds=1))
    (yours,) = take(database, "you", at + 5 * _SECOND)

    assert early == []
    assert (yours.id, yours.owner, yours.tries) == (mine.id, "you", 2)


def test_renewing_keeps_what_is_still_ours(database: Database, at: datetime) -> None:
    """A renewed lease lasts; one that somebody took over is not in the answer."""
    database.write(lambda tx: (enqueue(tx, "a", at), enqueue(tx, "b", at + _SECOND)))
    (first,) = take(database, "me", at)
    (second,) = take(database, "me", at + _SECOND)
    (taken_over,) = take(database, "you", at + 5 * _SECOND)
    until = at + 20 * _SECOND

    kept = database.write(lambda tx: tx.renew([first.id, second.id], "me", until))[0]

    assert taken_over.id == first.id
    assert kept == {second.id}
    assert take(database, "you", until - _SECOND, 5) != []
    assert [row.owner for row in database.read(lambda tx: tx.effects(1))] == ["you", "me"]


def test_finishing_deletes(database: Database, at: datetime) -> None:
    """A finished effect is gone, and finishing it again says that the lease is lost."""
    database.write(lambda tx: enqueue(tx, "a", at))
    (row,) = take(database, "me", at)

    done = [database.write(lambda tx: tx.finish(row.id, "me", 1))[0] for _ in range(2)]

    assert done == [True, False]
    assert database.read(lambda tx: tx.effects(1)) == []


@pytest.mark.scenario(11)
def test_a_lost_lease_ends_nothing(database: Database, at: datetime) -> None:
    """Who lost the lease can neither finish nor postpone."""
    database.write(lambda tx: enqueue(tx, "a", at))
    (row,) = take(database, "me", at)
    take(database, "you", at + 5 * _SECOND)

    finished = database.write(lambda tx: tx.finish(row.id, "me", 1))[0]
    postponed = database.write(lambda tx: tx.postpone(row.id, "me", at + 99 * _SECOND))[0]

    assert (finished, postponed) == (False, False)
    assert (only(database).owner, only(database).due_at) == ("you", at)


def test_enqueuing_a_waiting_key_replaces_it(database: Database, at: datetime) -> None:
    """The same key has one row, with the newest body and due time and the next generation."""
    database.write(lambda tx: enqueue(tx, "a", at, body="1"))
    again = database.write(lambda tx: enqueue(tx, "a", at + _SECOND, body="2", kind="check"))[0]

    row = only(database)

    assert row == again
    assert (row.generation, row.body, row.kind, row.due_at) == (2, "2", "check", at + _SECOND)
    assert take(database, "me", at) == []
    assert [effect.tries for effect in take(database, "me", at + _SECOND)] == [1]


def test_enqueuing_a_leased_key_makes_it_run_again(database: Database, at: datetime) -> None:
    """The run goes on undisturbed; when it finishes the new generation is due."""
    database.write(lambda tx: enqueue(tx, "a", at, body="1"))
    (running,) = take(database, "me", at)
    anew = database.write(lambda tx: enqueue(tx, "a", at + _SECOND, body="2"))[0]

    assert (anew.owner, anew.taken, anew.generation) == ("me", False, 2)
    assert take(database, "you", at + 2 * _SECOND) == []
    value, woke, _ = database.write(lambda tx: tx.finish(running.id, "me", running.generation))
    assert (value, woke) == (True, True)
    (again,) = take(database, "you", at + 2 * _SECOND)
    assert (again.body, again.generation, again.tries, again.taken) == ("2", 2, 1, True)


def test_a_dead_run_does_not_pull_a_new_due_time_forward(database: Database, at: datetime) -> None:
    """When the lease's owner died, the newer generation still waits for its own time."""
    database.write(lambda tx: enqueue(tx, "a", at))
    take(database, "dead", at)
    database.write(lambda tx: enqueue(tx, "a", at + 60 * _SECOND))

    assert take(database, "me", at + 59 * _SECOND) == []
    assert database.read(lambda tx: tx.next_due(at + 59 * _SECOND)) == at + 60 * _SECOND
    assert len(take(database, "me", at + 60 * _SECOND)) == 1


def test_enqueued_as_taken(database: Database, at: datetime, lease: datetime) -> None:
    """With `taken_by` nobody else gets it, nobody is woken, and it can be finished at once."""
    row, woke, _ = database.write(
        lambda tx: tx.enqueue(
            1, "a", kind="start", body="{}", due_at=at, taken_by="me", lease_until=lease
        )
    )

    assert (row.taken, row.owner, row.tries, row.lease_until, woke) == (True, "me", 1, lease, False)
    assert take(database, "you", at) == []
    assert database.write(lambda tx: tx.finish(row.id, "me", row.generation))[0] is True


def test_a_leased_key_cannot_be_taken_by_enqueuing(
    database: Database, at: datetime, lease: datetime
) -> None:
    """`taken` is false while a run is going on, even one of the same owner."""
    database.write(lambda tx: enqueue(tx, "a", at))
    take(database, "me", at)

    found = [
        database.write(
            lambda tx, owner=owner: tx.enqueue(  # type: ignore[misc]
                1, "a", kind="start", body="{}", due_at=at, taken_by=owner, lease_until=lease
            )
        )[0]
        for owner in ("me", "you")
    ]

    assert [row.taken for row in found] == [False, False]
    assert [row.owner for row in found] == ["me", "me"]


def test_a_waiting_key_is_taken_by_enqueuing(
    database: Database, at: datetime, lease: datetime
) -> None:
    """A key that waits for later can be enqueued as taken: the old due time is over."""
    database.write(lambda tx: enqueue(tx, "a", at + 60 * _SECOND))

    row = database.write(
        lambda tx: tx.enqueue(
            1, "a", kind="start", body="2", due_at=at, taken_by="me", lease_until=lease
        )
    )[0]

    assert (row.taken, row.owner, row.generation, row.body) == (True, "me", 2, "2")
    assert database.write(lambda tx: tx.finish(row.id, "me", 2))[0] is True


def test_postponing_keeps_tries_and_can_change_the_body(database: Database, at: datetime) -> None:
    """The effect waits for its new time, free for anybody."""
    database.write(lambda tx: enqueue(tx, "a", at, body="1"))
    (row,) = take(database, "me", at)
    kept = database.write(lambda tx: tx.postpone(row.id, "me", at + _SECOND, "2"))[0]

    assert kept is True
    assert (only(database).owner, only(database).tries, only(database).body) == (None, 1, "2")
    (again,) = take(database, "you", at + _SECOND)
    database.write(lambda tx: tx.postpone(again.id, "you", at + 2 * _SECOND))
    assert (only(database).tries, only(database).body) == (2, "2")


@pytest.mark.parametrize(("told", "counted"), [(None, [1, 2, 3]), (0, [1, 1, 1])])
def test_a_look_is_no_try(
    database: Database, at: datetime, told: int | None, counted: list[int]
) -> None:
    """Who looked and found nothing to do yet says how many tries had failed before."""
    database.write(lambda tx: enqueue(tx, "a", at))
    found = []
    for turn in range(3):
        (row,) = take(database, "me", at + turn * _SECOND)
        due = at + (turn + 1) * _SECOND
        database.write(lambda tx: tx.postpone(row.id, "me", due, tries=told))  # noqa: B023 - runs now
        found.append(row.tries)

    assert found == counted


def test_postponing_yields_to_what_was_enqueued_meanwhile(database: Database, at: datetime) -> None:
    """Body and due time of the newer generation win over the old run's wish."""
    database.write(lambda tx: enqueue(tx, "a", at, body="1"))
    (row,) = take(database, "me", at)
    database.write(lambda tx: enqueue(tx, "a", at + _SECOND, body="new"))

    assert database.write(lambda tx: tx.postpone(row.id, "me", at + 99 * _SECOND, "old"))[0] is True

    found = only(database)
    assert (found.body, found.due_at, found.tries, found.owner) == ("new", at + _SECOND, 0, None)


def test_cancelling_one_key(database: Database, at: datetime) -> None:
    """The effect goes, running or not, and the answer says who had it."""
    database.write(lambda tx: enqueue(tx, "a", at))
    (row,) = take(database, "me", at)

    cancelled = database.write(lambda tx: tx.cancel(1, "a"))[0]

    assert cancelled is not None
    assert cancelled.owner == "me"
    assert database.write(lambda tx: tx.cancel(1, "a"))[0] is None
    assert database.write(lambda tx: tx.finish(row.id, "me", 1))[0] is False


@pytest.mark.scenario(68)
def test_cancelling_kinds(database: Database, at: datetime) -> None:
    """Only the named kinds of that release go, but for the excepted keys."""

    def fill(tx: Tx) -> None:
        for key, kind in (("c1", "check"), ("c2", "check"), ("r", "remind"), ("s", "start")):
            enqueue(tx, key, at, kind=kind)
        tx.enqueue(2, "c1", kind="check", body="{}", due_at=at)

    database.write(fill)
    gone = database.write(lambda tx: tx.cancel_kinds(1, ["check", "remind"], ["c2"]))[0]
    none = database.write(lambda tx: tx.cancel_kinds(1, []))[0]

    assert sorted(row.key for row in gone) == ["c1", "r"]
    assert none == []
    left = database.read(lambda tx: [[row.key for row in tx.effects(n)] for n in (1, 2)])
    assert left == [["c2", "s"], ["c1"]]


def test_next_due_and_the_oldest(database: Database, at: datetime) -> None:
    """The next due time is the earliest end of waiting; the oldest says how late work is."""
    assert database.read(lambda tx: (tx.next_due(at), tx.oldest_due(at))) == (None, timedelta())
    database.write(lambda tx: (enqueue(tx, "a", at), enqueue(tx, "b", at + 9 * _SECOND)))

    before, later = at - _SECOND, at + 3 * _SECOND
    assert database.read(lambda tx: (tx.next_due(before), tx.oldest_due(before))) == (
        at,
        timedelta(),
    )
    assert database.read(lambda tx: (tx.next_due(later), tx.oldest_due(later))) == (
        later,
        3 * _SECOND,
    )
    take(database, "me", later)
    assert database.read(lambda tx: tx.next_due(later)) == later + 5 * _SECOND


def test_work_here_is_skipped(database: Database, at: datetime) -> None:
    """An owner whose lease ran out does not get again what it still works on."""
    database.write(lambda tx: (enqueue(tx, "a", at), enqueue(tx, "b", at)))
    (first,) = take(database, "me", at, 1)
    later = at + 10 * _SECOND

    found = database.write(lambda tx: tx.take("me", later, later, limit=1, skip={first.id}))[0]

    assert [row.key for row in found] == ["b"]
