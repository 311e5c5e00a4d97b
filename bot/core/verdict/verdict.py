"""What a comparison says: pass, fail or inconclusive, with the evidence."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated

from pydantic import Field

from bot.core.value import Moment, Text, Value


@unique
class Result(StrEnum):
    """A check that could not measure is inconclusive, never a pass."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"

    @property
    def badness(self) -> int:
        """0 for pass, 1 for inconclusive, 2 for fail: the worst result wins."""
        return (Result.PASS, Result.INCONCLUSIVE, Result.FAIL).index(self)


@unique
class Rule(StrEnum):
    """Why an error type is trouble."""

    NEW = "A"
    """Never seen in the baseline window."""
    RISE = "B"
    """Seen more often in the observation window than in the whole baseline window, or (policy
    `calibrated`) more often than by chance."""
    GONE = "gone"
    """Seen less often than by chance; only policy `calibrated` with `two_sided` looks for it."""


class Finding(Value):
    """One error type that is trouble."""

    rule: Rule
    error_type: str
    before: int
    """Documents in the baseline window."""
    after: int
    """Documents in the observation window."""
    hosts: tuple[str, ...] = ()
    sample: str = ""
    """One message of this type, redacted and cut."""


class TypeLine(Value):
    """One error type in numbers, trouble or not."""

    error_type: str
    before: int
    after: int
    multiple: float | None
    """Rate after / rate before; None when there was nothing before."""
    expected: float | None = None
    """Documents expected in the observation window; only policy `calibrated` knows."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval of `multiple`."""
    limit: float | None = None
    """The smallest multiple that would have been an alarm; None where none could have been."""
    control: int | None = None
    """Documents on the hosts that still run what they ran; None where there are none."""


class Verdict(Value):
    """The outcome of one round."""

    result: Result
    findings: tuple[Finding, ...] = ()
    """Only what no earlier round reported."""
    reasons: tuple[Text, ...] = ()
    """Why it is inconclusive."""
    baseline_start: Moment
    baseline_end: Moment
    observed_start: Moment
    observed_end: Moment
    needed_multiple: float
    """How many times the rate must have risen to be seen now, in the type that shows it soonest;
    0 where that is not known."""
    types: tuple[TypeLine, ...] = ()
    """The largest types by count after, at most 20."""
    documents: int = 0
    """Documents of any level in the observation window."""
    lag_seconds: float | None = None
    """Age of the newest document when the round ran."""
    ingest_lag: Annotated[float | None, Field(exclude_if=lambda late: late is None)] = None
    """Seconds after which documents have arrived, where that takes longer than usual."""
    link: str = ""
    comparison: str = "seed-2020"
    alarms: tuple[Text, ...] = ()
    """What policy `calibrated` found, a line a type, only what no earlier round reported."""
    watch: tuple[Text, ...] = ()
    """What is worth a look and no alarm; a pass may have some."""
    quiet: Text | None = None
    """How the other types were, and what would have been seen."""
    open_until: Moment | None = None
    """The window is not over before then: it is inconclusive because nothing is decided yet."""
    rarities: dict[str, float] = {}
    """Type -> how rare its score was (-log10): what releases do again and again is a ritual."""
