"""The counts of verdicts: one a round of a check."""

from __future__ import annotations

from bot.store import Tx, VerdictCountsRow
from bot.store.database import Database


def row(number: int, body: bytes = b"1", *, repeat: int = 0, step: str = "s") -> VerdictCountsRow:
    """Counts of release 1."""
    return VerdictCountsRow(release_id=1, step=step, round=number, repeat=repeat, body=body)


def test_a_round_keeps_its_newest_counts(database: Database) -> None:
    """Rounds and their repetitions stand in order; other steps are their own."""

    def fill(tx: Tx) -> None:
        for one in (row(2), row(1, repeat=1), row(1), row(1, b"2"), row(1, step="other")):
            tx.put_verdict_counts(one)

    database.write(fill)

    found = database.read(lambda tx: tx.verdict_counts(1, "s"))
    assert found == [row(1, b"2"), row(1, repeat=1), row(2)]
    assert database.read(lambda tx: tx.verdict_counts(2, "s")) == []
