"""Room messages: one a key, numbered by their last change, read without gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.store import Tx
from bot.store.database import Database


def put(tx: Tx, key: str, card: str, at: datetime, room: str = "ops") -> tuple[int, int]:
    """Put a card of release 1."""
    return tx.put_message(room, key, release_id=1, card=card, at=at)


def test_a_key_is_one_message(database: Database, at: datetime) -> None:
    """The second put of a key edits the message and counts as a new change."""
    first, _, changed = database.write(lambda tx: put(tx, "board", "1", at))
    other = database.write(lambda tx: put(tx, "board", "1", at, room="dev"))[0]
    second = database.write(lambda tx: put(tx, "board", "2", at + timedelta(seconds=1)))[0]

    (row,) = database.read(lambda tx: tx.messages_since("ops", 0, 10))

    assert changed is True
    assert (first[0], first[1], other[1], second) == (row.id, 1, 2, (row.id, 3))
    assert (row.card, row.change, row.at, row.edited_at) == ("2", 3, at, at + timedelta(seconds=1))
    assert (row.room, row.key, row.release_id) == ("ops", "board", 1)
    assert database.read(lambda tx: tx.message("ops", "board")) == row
    assert database.read(lambda tx: tx.message("ops", "none")) is None


def test_the_same_card_again_is_no_change(database: Database, at: datetime) -> None:
    """Nobody is woken for a card that is shown already."""
    first = database.write(lambda tx: put(tx, "board", "1", at))[0]
    again, _, changed = database.write(lambda tx: put(tx, "board", "1", at))

    assert (again, changed) == (first, False)


def test_reading_goes_on_after_a_change(database: Database, at: datetime) -> None:
    """After a change come the later ones in order; from 0 the newest of the room."""

    def fill(tx: Tx) -> None:
        for key in ("a", "b", "c", "d"):
            put(tx, key, "1", at)
        put(tx, "x", "1", at, room="dev")
        put(tx, "a", "2", at)

    database.write(fill)

    def keys(tx: Tx, change: int, limit: int) -> list[str]:
        return [row.key for row in tx.messages_since("ops", change, limit)]

    found = database.read(
        lambda tx: (keys(tx, 0, 2), keys(tx, 2, 10), keys(tx, 2, 1), keys(tx, 6, 9))
    )

    assert found == (["d", "a"], ["c", "d", "a"], ["c"], [])


def test_a_rolled_back_message_leaves_no_gap(database: Database, at: datetime) -> None:
    """Changes are numbered as they are committed."""

    def fails(tx: Tx) -> None:
        put(tx, "a", "1", at)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(fails)

    assert database.write(lambda tx: put(tx, "b", "1", at))[0][1] == 1
