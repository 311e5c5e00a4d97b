"""What comes in from people, on any platform, and what goes back to the one who asked."""

from __future__ import annotations

from enum import StrEnum, unique

from pydantic import field_validator

from bot.core.card import Card
from bot.core.value import Moment, Value, storable

DIRECT = "@"
"""The room of what somebody said to the bot alone; `@PERSON` once it is known who it was."""


class Inbound(Value):
    """One message or one click, after its platform's signature was verified."""

    dedupe: str
    """The delivery's own id on its platform; a repeat has the same."""
    surface: str
    """web, slack, line."""
    room: str
    """The room's key in release.yml, or DIRECT."""
    person: str = ""
    """The person's key in release.yml; empty: whoever `identity` is, which the engine looks up."""
    identity: str = ""
    """The account that sent it: `slack:U…`, `line:U…`; empty where the platform hides it."""
    display: str = ""
    """How the platform calls that account: for the eye, never a reason to allow anything."""
    at: Moment
    text: str = ""
    """What was typed; empty for a click."""
    code: str = ""
    """The hash of a typed code that links an account, in place of the text; set by the intake."""
    verb: str = ""
    """The verb of the clicked button; empty for typed text."""
    value: str = ""
    """The value of the clicked button."""
    reason: str = ""
    """What the dialog in front of the button asked for."""
    address: str = ""
    """Where the answer goes, in the surface's own form; it may be needed after a crash."""

    _storable = field_validator("*", mode="before")(storable)


@unique
class Outcome(StrEnum):
    """How an inbound message ended. No click is silent."""

    ACCEPTED = "accepted"
    ANSWERED = "answered"
    REFUSED = "refused"
    DECIDED = "decided"
    """Somebody decided already; the card says who."""
    EXPIRED = "expired"
    REPEATED = "repeated"
    """The same delivery came before."""
    NOT_UNDERSTOOD = "not_understood"
    LATER = "later"
    """Recorded, and still at work; the room is told when it is done."""


class Reply(Value):
    """What the person who asked is told, privately."""

    outcome: Outcome
    card: Card | None = None
    release: int | None = None
