"""Links, the codes that make them, and the wrong codes that are counted."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store import CodeRow, LinkRow, Tx
from bot.store.database import Database

LIFE = timedelta(minutes=10)


def test_an_account_has_one_link(database: Database, at: datetime) -> None:
    """A later put replaces the earlier one; a person may have several accounts."""

    def fill(tx: Tx) -> None:
        tx.put_link(LinkRow(identity="line:U1", person="taro", display="old"), at)
        tx.put_link(LinkRow(identity="line:U1", person="mina", display="new"), at)
        tx.put_link(LinkRow(identity="line:U2", person="mina", display=""), at)

    database.write(fill)

    found = database.read(lambda tx: tx.link("line:U1"))
    assert found == LinkRow(identity="line:U1", person="mina", display="new")
    assert [row.identity for row in database.read(lambda tx: tx.links_of("mina"))] == [
        "line:U1",
        "line:U2",
    ]
    assert database.read(lambda tx: (tx.links_of("taro"), tx.link("line:U3"))) == ([], None)
    dropped = database.write(lambda tx: (tx.drop_link("line:U1"), tx.drop_link("line:U1")))[0]
    assert dropped == (True, False)


def test_a_code_is_bound_to_the_first_account(database: Database, at: datetime) -> None:
    """Whoever comes later gets nothing; a void code is gone."""

    def work(tx: Tx) -> tuple[bool, bool, list[CodeRow], bool, bool]:
        tx.put_code("h1", "mina", at=at, before=at - LIFE)
        first, second = tx.claim_code("h1", "line:U1"), tx.claim_code("h1", "line:U2")
        return first, second, tx.codes(at - LIFE), tx.drop_code("h1"), tx.drop_code("h1")

    assert database.write(work)[0] == (
        True,
        False,
        [CodeRow(hash="h1", person="mina", claimed_by="line:U1")],
        True,
        False,
    )


def test_old_codes_and_those_of_the_same_person_go(database: Database, at: datetime) -> None:
    """A person has one code, and what is too old is neither listed nor kept."""

    def work(tx: Tx) -> tuple[list[str], list[str]]:
        tx.put_code("old", "taro", at=at - 2 * LIFE, before=at - 3 * LIFE)
        tx.put_code("h1", "mina", at=at, before=at - 3 * LIFE)
        listed = [row.hash for row in tx.codes(at - LIFE)]
        tx.put_code("h2", "mina", at=at, before=at - LIFE)
        return listed, [row.hash for row in tx.codes(at - 9 * LIFE)]

    assert database.write(work)[0] == (["h1"], ["h2"])


def test_wrong_codes_are_counted_for_a_while(database: Database, at: datetime) -> None:
    """By account and in all; old ones are forgotten."""

    def work(tx: Tx) -> list[tuple[int, int]]:
        for account in ("line:U1", "line:U1", "line:U2"):
            tx.put_guess(account, at=at, before=at - LIFE)
        counted = [tx.guesses("line:U1", at - LIFE), tx.guesses("line:U3", at - LIFE)]
        tx.put_guess("line:U3", at=at + 2 * LIFE, before=at + LIFE)
        return [*counted, tx.guesses("line:U1", at - LIFE)]

    assert database.write(work)[0] == [(2, 3), (0, 3), (0, 1)]
