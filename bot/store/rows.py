"""What the store hands out: one frozen row a table, times aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.journal import JournalRow

BODY_VERSION = 3
"""The version of every body that this code writes; older ones are upgraded when they are read."""

BOT = 0
"""The release id of rows that belong to no release."""

__all__ = [
    "BODY_VERSION",
    "BOT",
    "CalibrationRow",
    "EffectRow",
    "InboxRow",
    "JournalRow",
    "LockRow",
    "MessageRow",
    "PostRow",
    "ReleaseHead",
    "ReleaseRow",
    "ValueRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """Something that came in. `result` is None until it is done, `settled_at` until it is told."""

    id: int
    dedupe: str
    surface: str
    body: str
    body_version: int
    at: datetime
    result: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """A release as stored. `version` rises by one with every `put_body`, from 0."""

    id: int
    target: str
    phase: str
    live: bool
    version: int
    body: str
    body_version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHead:
    """Which release it is and where it stands, without its body."""

    id: int
    target: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """Work to be done at or after `due_at`; unique by release and key."""

    id: int
    release_id: int
    key: str
    kind: str
    body: str
    body_version: int
    due_at: datetime
    generation: int
    """Rises when the same key is enqueued again; what `finish` must be told."""
    tries: int
    """How often this generation was taken, without the times when there was nothing to do yet."""
    owner: str | None
    """Who holds, or last held, the lease."""
    lease_until: datetime | None
    """When others may take it; None while nobody holds it."""
    taken: bool
    """Whether the owner's lease is on this very generation (and not on one before)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    """Who holds a name. An ambiguous one is unreadable: it blocks until it is unlocked by hand."""

    name: str
    release_id: int | None
    owner: str
    reason: str
    at: datetime | None
    renewed_at: datetime | None
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """What a room shows for a slot of a release: the message and a digest of its content."""

    ref: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRow:
    """Who is told one to one about what. `subject` is `#42` or a target's name."""

    subject: str
    person: str
    events: str
    surface: str
    """Where it was said; the person is told there when that is possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """An account of a platform that acts as a person. `display` is what the platform called it."""

    identity: str
    person: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code that links an account. `claimed_by` is the account that sent it; empty: none yet."""

    hash: str
    person: str
    claimed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message of a room that the bot keeps itself. `change` rises over all rooms."""

    id: int
    room: str
    key: str
    release_id: int | None
    change: int
    at: datetime
    edited_at: datetime | None
    card: str
    body_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesRow:
    """The templates of one component's messages, and how often they were replaced."""

    version: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRow:
    """A small value kept under a key."""

    key: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRow:
    """A baseline that somebody wants. `body` (JSON text) says what to count."""

    key: str
    body: str
    trouble: str
    """Why it could not be read on (JSON text); empty: it could."""
    wanted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteDayRow:
    """A day of a baseline: minute counts, packed. Minutes are numbered from the epoch."""

    key: str
    """The baseline's."""
    day: int
    upto: int
    """The first minute that was not counted."""
    settled: int
    """The first minute that may still change, as documents may be under way."""
    known: int
    """Minutes of which something is known."""
    size: int = 0
    """Bytes of the body."""
    body: bytes = b""
    """Empty where it was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRow:
    """A calibration as stored."""

    key: str
    """Of what was fitted, and how."""
    end: int
    """The first minute of the comparison, since the epoch, that it does not know."""
    digest: str
    """SHA-256 of what it was fitted on."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCountsRow:
    """What was counted for one round of a check, packed."""

    release_id: int
    step: str
    round: int
    repeat: int
    body: bytes
