"""The journal's hash chain: what a row is, how it is hashed, and where a chain is broken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

FIRST_PREVIOUS = ""
"""What the first row of a release names as the hash before it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """The moment as whole microseconds since 1970 in UTC; TypeError when it has no zone."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """The moment in UTC that is `count` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One event of a release. `seq` counts from 1 without gaps; `body` is JSON text."""

    release_id: int
    seq: int
    at: datetime
    actor: str
    code: str
    body: str
    body_version: int
    prev_hash: str
    hash: str


def row_hash(row: JournalRow) -> str:
    """SHA-256 in hex over the row's canonical JSON; the row's own `hash` plays no part."""
    canonical = {
        "release": row.release_id,
        "seq": row.seq,
        "at": micros(row.at),
        "actor": row.actor,
        "code": row.code,
        "body": row.body,
        "version": row.body_version,
        "prev": row.prev_hash,
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sealed(row: JournalRow) -> JournalRow:
    """The same row with its right hash."""
    return replace(row, hash=row_hash(row))


def verify(rows: Sequence[JournalRow], moves: int = 0) -> int | None:
    """The first `seq` of one release's rows, in order from 1, that is wrong; None when all hold.

    A changed, missing, added or moved row is found at its own place. Rows cut off at the end
    leave a shorter chain that holds, so the release's version says how many `moves` (rows with an
    event) there must be at least; a cut row without an event is not missed.
    """
    previous, release = FIRST_PREVIOUS, None
    for expected, row in enumerate(rows, start=1):
        release = row.release_id if release is None else release
        linked = row.prev_hash == previous and row.release_id == release
        if row.seq != expected or not linked or row.hash != row_hash(row):
            return expected
        previous = row.hash
    return len(rows) + 1 if sum(map(_moves, rows)) < moves else None


def _moves(row: JournalRow) -> bool:
    try:
        body = json.loads(row.body)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("event") is not None
