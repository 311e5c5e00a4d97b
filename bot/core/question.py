"""Questions: what people are asked, who agreed so far, and how it was answered."""

from __future__ import annotations

from enum import StrEnum, unique

from bot.core.value import Moment, Text, Value
from bot.core.verb import Verb


@unique
class QuestionKind(StrEnum):
    """What people are asked."""

    START = "start"
    GO = "go"
    GATE = "gate"
    STEP_FAILED = "step_failed"
    STEP_UNSURE = "step_unsure"
    OVERDUE = "overdue"
    VERDICT_FAIL = "verdict_fail"
    INCONCLUSIVE = "inconclusive"
    COUNTDOWN = "countdown"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    ALERT = "alert"
    DRIFT = "drift"


class Vote(Value):
    """One person's yes."""

    person: str
    name: str
    surface: str = ""
    """Where it was said: web, slack, line; empty when that is not known."""
    at: Moment


class Closed(Value):
    """How a question ended."""

    verb: str
    """The verb that answered it; `expired`, `superseded` when nobody did."""
    person: str = ""
    name: str = ""
    surface: str = ""
    """Where that was said: web, slack, line; empty when that is not known."""
    reason: str = ""
    at: Moment


class Question(Value):
    """One thing that people are asked; its version changes only when what is asked changes."""

    id: int
    kind: QuestionKind
    step: str
    """The step it is about; empty for the whole release."""
    component: str
    version: str
    nonce: str
    asked_at: Moment
    expires_at: Moment | None
    choices: tuple[Verb, ...]
    needed: int = 1
    votes: tuple[Vote, ...] = ()
    reminded: int = 0
    context: Text | None = None
    cause: Text | None = None
    """Why the release stands still while this is open; None: it does not, because of this."""
    act_at: Moment | None = None
    """When the bot acts by itself (the end of a countdown)."""
    closed: Closed | None = None


STANDING = frozenset(QuestionKind) - {
    QuestionKind.START,
    QuestionKind.GO,
    QuestionKind.GATE,
    QuestionKind.OVERDUE,
}
"""While one of these is open the release stands still: it must be answered, so it never expires."""
