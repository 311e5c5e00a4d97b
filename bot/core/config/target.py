"""Targets: groups of components that are released together, and how."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum, unique

from pydantic import Field

from bot.core.config.room import Share
from bot.core.value import Duration, Value


@unique
class ConfirmMode(StrEnum):
    """Ask before every deployment operation, or only at the gates."""

    EACH_STEP = "each_step"
    GATES = "gates"


class Component(Value):
    """One thing that is deployed and restarted."""

    owners: tuple[str, ...] = ()
    """People; they are approvers of this component."""
    canary: str = ""
    """The host group that is restarted first and watched before a promotion; empty: no canary."""
    depends_on: tuple[str, ...] = ()
    """Components of this target that must be released and checked before this one begins."""
    executor: str = ""
    """The executor; empty: the target's."""
    logs: str = ""
    """The log store; empty: the target's."""
    policy: str = ""
    """The policy; empty: the target's."""
    candidates: tuple[str, ...] = ()
    """Versions that may be released; empty: the executor is asked."""


class ShareWith(Value):
    """A room that only hears of the release."""

    room: str
    """The room."""
    share: Share | None = None
    """each: every sharing message; digest: one at start, canary and finish. Left out: digest in a
    LINE chat, where each message costs one a member, and each everywhere else."""


class Target(Value):
    """A group of components released together."""

    title: str = ""
    """How cards call the target; its key when left out."""
    production: bool = True
    """Whether starting it needs an approver."""
    rooms: tuple[str, ...] = Field(min_length=1)
    """The rooms where it may be commanded; the first is told what happens when nobody asks."""
    share: tuple[ShareWith, ...] = ()
    """The rooms that only hear of it."""
    components: dict[str, Component] = Field(min_length=1, max_length=200)
    """The components, in the order of their release."""
    executor: str = ""
    """The executor of components that name none."""
    logs: str = ""
    """The log store of components that name none."""
    policy: str = ""
    """The policy of components that name none; empty: the default policy."""
    monitoring: bool = True
    """false: no checks; the start then asks to acknowledge that nothing is watched."""
    confirm: ConfirmMode = ConfirmMode.EACH_STEP
    """each_step: ask before each deployment operation; gates: only at promotions."""
    parallel: int = Field(default=1, ge=1, le=50)
    """How many components may be between their deploy and the end of their last restart."""
    approvals: int = Field(default=1, ge=1, le=10)
    """How many distinct people must approve a promotion."""
    start_approvals: int = Field(default=1, ge=1, le=10)
    """How many distinct people must confirm the start."""
    self_approval: bool = False
    """Whether the person who started may approve promotions."""
    reminders: tuple[Duration, ...] = (
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(minutes=60),
    )
    """When an open question is said again, counted from its beginning."""
    escalate_to: tuple[str, ...] = ()
    """People or one room, told after the last reminder."""
    expires: Duration = Field(default=timedelta(hours=4), gt=timedelta(0), le=timedelta(days=30))
    """After this an unanswered question pauses the release."""
    step_deadline: Duration = Field(
        default=timedelta(minutes=30), gt=timedelta(0), le=timedelta(days=1)
    )
    """How long a deploy or a restart may run before people are asked."""
    poll_every: Duration = Field(
        default=timedelta(seconds=2), gt=timedelta(0), le=timedelta(minutes=5)
    )
    """How often a running operation is looked at."""
