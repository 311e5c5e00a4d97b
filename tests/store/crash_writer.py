"""Writes transactions without end and says after each commit what is kept; to be killed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from bot.store import Tx
from bot.store.database import Database

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def story(tx: Tx, number: int) -> int:
    """All tables at once: whoever sees one of these rows must see all."""
    release = tx.new_release("openchat", _NOW)
    row = tx.record(f"in-{release}-{number}", "web", "{}", _NOW)
    tx.append(release, at=_NOW, actor="a", code="started", body="{}")
    tx.put_body(release, expected_version=0, phase="p", live=True, body="x" * 5000, at=_NOW)
    tx.enqueue(release, "start", kind="start", body="{}", due_at=_NOW + timedelta(days=1))
    tx.claim([f"lock-{release}"], release, owner="a", reason="r", at=_NOW)
    tx.put_message("ops", f"board-{release}", release_id=release, card="{}", at=_NOW)
    tx.append(release, at=_NOW, actor="a", code="going", body="{}")
    if row is not None:
        tx.settle(row, "{}", _NOW)
    return release


def main() -> None:
    """Write until killed."""
    database = Database(sys.argv[1])
    database.open()
    number = 0
    while True:
        number += 1
        release = database.write(lambda tx: story(tx, number))[0]  # noqa: B023 - runs now
        sys.stdout.write(f"{release}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
