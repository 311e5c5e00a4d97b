"""Old rows are deleted in small bites, and nothing else ever is."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store import Bite, Tx
from bot.store.database import Database


def _fill(database: Database, at: datetime) -> None:
    """Ten deliveries and ten messages, a day apart."""

    def work(tx: Tx) -> None:
        for day in range(10):
            moment = at + timedelta(days=day)
            number = tx.record(f"k{day}", "web", "{}", moment)
            assert number is not None
            if day != 2:
                tx.settle(number, "{}", moment)
            tx.put_message("room", f"m{day}", release_id=None, card=f"{day}", at=moment)

    database.write(work)


def test_only_what_is_old_and_over_goes(database: Database, at: datetime) -> None:
    """A row that nobody has done yet stays, and so does everything younger."""
    _fill(database, at)
    before = at + timedelta(days=5)
    bite = database.write(lambda tx: tx.prune_inbox(0, before, 100))[0]
    left = database.read(lambda tx: [n for n in range(1, 11) if tx.inbox_row(n) is not None])

    assert bite == Bite(deleted=4, after=None)
    assert left == [3, 6, 7, 8, 9, 10]


def test_a_message_is_as_young_as_its_last_edit(database: Database, at: datetime) -> None:
    """What was edited lately is not old, whenever it was first said."""
    _fill(database, at)
    late = at + timedelta(days=9)
    database.write(lambda tx: tx.put_message("room", "m0", release_id=None, card="new", at=late))
    bite = database.write(lambda tx: tx.prune_messages(0, at + timedelta(days=3), 100))[0]
    left = database.read(lambda tx: [row.key for row in tx.messages_since("room", 0, 100)])

    assert bite.deleted == 2
    assert left == ["m3", "m4", "m5", "m6", "m7", "m8", "m9", "m0"]


def test_a_bite_looks_at_so_many_and_says_where_to_go_on(database: Database, at: datetime) -> None:
    """No transaction looks at more than its limit; the next one goes on behind it."""
    _fill(database, at)
    before = at + timedelta(days=8)
    first = database.write(lambda tx: tx.prune_inbox(0, before, 3))[0]
    second = database.write(lambda tx: tx.prune_inbox(3, before, 3))[0]
    third = database.write(lambda tx: tx.prune_inbox(6, before, 3))[0]
    last = database.write(lambda tx: tx.prune_inbox(9, before, 3))[0]

    assert [first, second, third, last] == [
        Bite(deleted=2, after=3),
        Bite(deleted=3, after=6),
        Bite(deleted=2, after=9),
        Bite(deleted=0, after=None),
    ]


def test_nothing_old_is_nothing_done(database: Database, at: datetime) -> None:
    """An empty table, and one with young rows only, end after one bite."""
    empty = database.write(lambda tx: (tx.prune_inbox(0, at, 3), tx.prune_messages(0, at, 3)))[0]
    _fill(database, at)
    young = database.write(lambda tx: (tx.prune_inbox(0, at, 3), tx.prune_messages(0, at, 3)))[0]

    assert {*empty, *young} == {Bite(deleted=0, after=None)}


def test_of_posts_only_those_of_releases_long_over_go(database: Database, at: datetime) -> None:
    """A live release keeps them, and so does one that changed lately or still has to tell."""
    end = at + timedelta(days=1)

    def fill(tx: Tx) -> None:
        for number in range(1, 6):
            tx.new_release("shop", at)
            for room in ("one", "two"):
                tx.put_post(room, number, "board", ref="r", digest="d", at=at)
        tx.enqueue(3, "show:board@one", kind="show", body="{}", due_at=at)
        for number, moment in ((1, at), (3, at), (4, end), (5, at)):
            tx.put_body(number, expected_version=0, phase="done", live=False, body="{}", at=moment)
        tx.append(1, at=at, actor="a", code="c", body="{}")

    database.write(fill)
    first = database.write(lambda tx: tx.prune_posts(0, end, 1))[0]
    rest = database.write(lambda tx: tx.prune_posts(1, end, 9))[0]
    left = database.read(lambda tx: [n for n in range(1, 6) if tx.post("two", n, "board")])

    assert (first, rest) == (Bite(deleted=1, after=1), Bite(deleted=1, after=None))
    assert left == [2, 3, 4]
    assert database.read(lambda tx: len(tx.journal(1))) == 1
    assert database.write(lambda tx: tx.prune_posts(0, end, 9))[0].deleted == 0
