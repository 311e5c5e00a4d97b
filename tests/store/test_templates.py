"""Templates are replaced only by who saw the last ones."""

from __future__ import annotations

from datetime import datetime

from bot.store import TemplatesRow
from bot.store.database import Database


def test_the_last_ones_are_replaced_by_who_saw_them(database: Database, at: datetime) -> None:
    """The first put wins, then each put under the version before it; keys are their own."""
    assert database.read(lambda tx: tx.templates("a")) is None

    def put(body: str, seen: int) -> bool:
        return database.write(lambda tx: tx.put_templates("a", body, version=seen, at=at))[0]

    told = (("one", 0), ("two", 0), ("three", 1), ("four", 1), ("five", 7))
    kept = [put(body, seen) for body, seen in told]

    assert kept == [True, False, True, False, False]
    assert database.read(lambda tx: tx.templates("a")) == TemplatesRow(version=2, body="three")
    assert database.read(lambda tx: (tx.templates_version("a"), tx.templates_version("b"))) == (
        2,
        0,
    )
