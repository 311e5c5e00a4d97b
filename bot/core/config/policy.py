"""Which comparison decides, how often it looks, and what happens when it fails."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from enum import StrEnum, unique
from typing import Literal

from pydantic import Field

from bot.core.value import Duration, Value


@unique
class OnFail(StrEnum):
    """What a verdict `fail` leads to."""

    OBSERVE = "observe"
    ASK = "ask"
    ROLL_BACK = "roll_back"


@unique
class RollbackScope(StrEnum):
    """What an automatic rollback takes back."""

    COMPONENT = "component"
    RELEASE = "release"


@unique
class OnAlert(StrEnum):
    """What an alert of the system layer leads to while its component is in release."""

    OBSERVE = "observe"
    PAUSE = "pause"


_AFTERWARDS = frozenset(
    {
        "on_fail",
        "rollback_scope",
        "rollback_countdown",
        "auto_rollback_without_backtest",
        "max_false_fail",
        "repeats",
        "repeat_every",
        "late_limit",
        "max_lag",
        "on_alert",
    }
)
"""What does not change which verdict the counts lead to."""

SUCCESS_LEVELS = ("INFO", "NOTICE", "DEBUG", "TRACE")
"""What `two_sided` counts beside the levels of trouble."""
SHORTEST_CALIBRATED = timedelta(days=3)
"""The baseline that `calibrated` wants, so that it learns limits from it and need not fall back on
a bound; see `calibration.FEWEST_DAYS`."""


class Policy(Value):
    """The rules of checks. Every duration of the comparison is divided by `time_scale`."""

    comparison: Literal["seed-2020", "calibrated"] = "seed-2020"
    """The statistic: `seed-2020` is the rule of the OpenChat team's talk; `calibrated` knows from
    the baseline how often it would be wrong (docs/verdict.md)."""
    two_sided: bool = False
    """With `calibrated`: also find what vanished, such as lines about success. Then the levels
    INFO, NOTICE, DEBUG and TRACE are counted as well; what rises or is new there is only shown."""
    on_fail: OnFail = OnFail.ASK
    """observe: all rounds run and the worst counts; ask: people decide; roll_back: by itself."""
    rollback_scope: RollbackScope = RollbackScope.COMPONENT
    """What an automatic rollback covers: the failing `component`, or the whole `release`."""
    rollback_countdown: Duration = Field(
        default=timedelta(seconds=30), ge=timedelta(0), le=timedelta(hours=1)
    )
    """How long anyone who may abort can stop an automatic rollback."""
    auto_rollback_without_backtest: bool = False
    """Let `roll_back` act although no backtest has shown how often it would be wrong."""
    max_false_fail: float = Field(default=0.02, gt=0, lt=1)
    """The share of false fails (upper 95 % bound) that a backtest must show for `roll_back`."""
    baseline: Duration = Field(default=timedelta(days=10), gt=timedelta(0), le=timedelta(days=90))
    """How far before the deployment the baseline window begins. With `calibrated` at least 3d."""
    rounds: int = Field(default=3, ge=1, le=20)
    """How many clean rounds finish the monitoring."""
    interval: Duration = Field(
        default=timedelta(minutes=5), gt=timedelta(0), le=timedelta(hours=24)
    )
    """From the end of the restart to round 1, and from each round to the next."""
    repeats: int = Field(default=3, ge=0, le=20)
    """How often an inconclusive round is repeated before the room is asked."""
    repeat_every: Duration = Field(
        default=timedelta(minutes=1), gt=timedelta(0), le=timedelta(hours=1)
    )
    """From an inconclusive round to its repetition."""
    late_limit: Duration = Field(
        default=timedelta(minutes=5), gt=timedelta(0), le=timedelta(hours=24)
    )
    """A round that runs later than this after its time measured too late: inconclusive,
    unless it finds trouble."""
    max_lag: Duration = Field(default=timedelta(minutes=5), gt=timedelta(0), le=timedelta(hours=1))
    """The newest log line may be this old; older means that lines are still under way."""
    levels: tuple[str, ...] = ("ERROR", "WARN")
    """The levels that count as trouble."""
    on_alert: OnAlert = OnAlert.PAUSE
    """What an alert of the system layer does to a release of its component."""

    @property
    def statistic(self) -> str:
        """A digest of all that decides which verdict the same counts lead to."""
        body = self.model_dump_json(exclude=set(_AFTERWARDS))
        return hashlib.sha256(body.encode()).hexdigest()[:16]

    @property
    def counted_levels(self) -> tuple[str, ...]:
        """The levels that are counted by type."""
        more = SUCCESS_LEVELS if self.two_sided else ()
        return (*self.levels, *(level for level in more if level not in self.levels))

    @property
    def looks_between_rounds(self) -> bool:
        """Whether silent looks between the rounds may end a check early."""
        return self.comparison == "calibrated" and self.on_fail is not OnFail.OBSERVE
