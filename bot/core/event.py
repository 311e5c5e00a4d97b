"""What can happen to a release: decisions of people (Order) and facts of the world."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.core.config.target import ConfirmMode
from bot.core.operation import Progress
from bot.core.release import Actor, Change, Frozen, Release, Step
from bot.core.value import Moment, Text, Value
from bot.core.verb import Verb
from bot.core.verdict.verdict import Verdict


class Planned(Value):
    """A release came into being."""

    kind: Literal["planned"] = "planned"
    release: Release


class Replanned(Value):
    """The plan of a release that has not begun was changed; approvals of the old one are void."""

    kind: Literal["replanned"] = "replanned"
    actor: Actor
    config: Frozen
    changes: tuple[Change, ...]
    left_out: tuple[str, ...]
    unwanted: tuple[str, ...] = ()
    steps: tuple[Step, ...]
    plan_hash: str
    difference: Text


class Order(Value):
    """A person decided something; the authority was looked up when they did."""

    kind: Literal["order"] = "order"
    verb: Verb
    actor: Actor
    room: str = ""
    step: str = ""
    component: str = ""
    """The scope of a rollback; empty: what the question is about, or everything."""
    nonce: str = ""
    """The nonce of the clicked button; empty for typed text."""
    version: str = ""
    """The question version of the clicked button."""
    reason: str = ""
    mode: ConfirmMode | None = None


class StepStarted(Value):
    """The executor took the operation and gave a handle."""

    kind: Literal["step_started"] = "step_started"
    step: str
    attempt: int
    handle: str


class StepNotStarted(Value):
    """Certainly not begun: refused by the executor, or stopped before the call was made."""

    kind: Literal["step_not_started"] = "step_not_started"
    step: str
    attempt: int
    detail: str


class StepProgressed(Value):
    """A look at a running operation said something new."""

    kind: Literal["step_progressed"] = "step_progressed"
    step: str
    attempt: int
    progress: Progress


class StepUnsure(Value):
    """Nobody can tell whether an operation was begun."""

    kind: Literal["step_unsure"] = "step_unsure"
    step: str
    attempt: int
    detail: str


class StopAnswered(Value):
    """The executor was asked to stop an operation, and answered."""

    kind: Literal["stop_answered"] = "stop_answered"
    step: str
    attempt: int
    accepted: bool
    detail: str


class Checked(Value):
    """A round of a check ran."""

    kind: Literal["checked"] = "checked"
    step: str
    round: int
    repeat: int
    late: bool
    verdict: Verdict


class Drifted(Value):
    """A component runs what this release did not put there."""

    kind: Literal["drifted"] = "drifted"
    component: str
    expected: str
    found: str


class VersionRead(Value):
    """The running versions were read back after a rollback."""

    kind: Literal["version_read"] = "version_read"
    step: str
    attempt: int
    versions: dict[str, str]
    detail: str = ""
    """Why nothing could be read; empty when `versions` is the answer."""


class TimerRang(Value):
    """A moment came: a reminder, an expiry, a deadline, the end of a countdown."""

    kind: Literal["timer_rang"] = "timer_rang"
    name: Literal["reminder", "expiry", "deadline", "countdown"]
    question: int = 0
    step: str = ""
    attempt: int = 0
    number: int = 0


class Alerted(Value):
    """The system layer raised or resolved an alert."""

    kind: Literal["alerted"] = "alerted"
    component: str
    name: str
    firing: bool
    summary: str
    fingerprint: str


class Linked(Value):
    """Another release takes this finished one back."""

    kind: Literal["linked"] = "linked"
    release: int


Event = Annotated[
    Planned
    | Replanned
    | Order
    | StepStarted
    | StepNotStarted
    | StepProgressed
    | StepUnsure
    | StopAnswered
    | Checked
    | Drifted
    | VersionRead
    | TimerRang
    | Alerted
    | Linked,
    Field(discriminator="kind"),
]


class Happened(Value):
    """An event at its moment: what the journal stores and a replay reads."""

    at: Moment
    event: Event
