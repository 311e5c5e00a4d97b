"""The operations counter: what the seed's team did by hand, and what people still did.

Source: the OpenChat team's weekly release: 16 sharing, 16 deployment, 9 monitoring, 41 in all.
"""

from __future__ import annotations

from bot.core.release import OPERATIONS, Release, StepKind, StepState
from bot.core.value import Text, Value, text


class Tally(Value):
    """Operations of one release, each counted once however many rooms heard of it."""

    sharing: int
    deployment: int
    monitoring: int
    people: int
    """Accepted decisions of people."""

    @property
    def operations(self) -> int:
        """All three kinds together."""
        return self.sharing + self.deployment + self.monitoring


def tally(release: Release) -> Tally:
    """Count the steps that were done (an overridden check was looked at, a skipped one was not)."""
    counted = {StepState.DONE, StepState.FAILED, StepState.OVERRIDDEN}
    steps = [s for s in release.steps if s.state in counted]
    return Tally(
        sharing=sum(s.kind is StepKind.ANNOUNCE for s in steps),
        deployment=sum(s.kind in OPERATIONS for s in steps),
        monitoring=sum(s.kind is StepKind.CHECK for s in steps),
        people=release.decisions,
    )


def line(release: Release) -> Text:
    """`41 operations: 16 sharing, 16 deployment, 9 monitoring; 3 by people`."""
    count = tally(release)
    return text(
        "tally",
        operations=count.operations,
        sharing=count.sharing,
        deployment=count.deployment,
        monitoring=count.monitoring,
        people=count.people,
    )
