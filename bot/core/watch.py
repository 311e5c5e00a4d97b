"""What somebody who watches a release or a target is told, one to one."""

from __future__ import annotations

from enum import StrEnum, unique

from bot.core.effect import Effect, EffectKind
from bot.core.question import QuestionKind
from bot.core.release import Phase, Release


@unique
class Events(StrEnum):
    """How much of it is told."""

    FAILURES = "failures"
    ALL = "all"


TROUBLE = frozenset(
    {
        QuestionKind.STEP_FAILED,
        QuestionKind.STEP_UNSURE,
        QuestionKind.OVERDUE,
        QuestionKind.VERDICT_FAIL,
        QuestionKind.INCONCLUSIVE,
        QuestionKind.COUNTDOWN,
        QuestionKind.ROLLBACK_FAILED,
        QuestionKind.ALERT,
        QuestionKind.DRIFT,
    }
)
"""Questions that are asked because something went wrong."""

ROUTINE = frozenset({QuestionKind.START, QuestionKind.GO})
"""Questions that nobody but those who are asked wants to hear of."""


def subjects(release: Release) -> tuple[str, str]:
    """What can be watched to hear of a release: itself, or its target."""
    return (f"#{release.id}", release.target)


def hears(release: Release, effect: Effect, events: Events) -> bool:
    """Whether a change of this slot is told to somebody who wants these events.

    Failures: questions about trouble, and an end that is not done. All: the gates, the first
    share of each kind, and every end, too.
    """
    everything = events is Events.ALL
    if effect.kind is EffectKind.SHARE:
        return everything
    if effect.slot == "result":
        return everything or release.phase is not Phase.DONE
    slot, _, number = effect.slot.partition(":")
    if slot != "question":
        return False
    kind = release.questions[int(number) - 1].kind
    return kind in TROUBLE or (everything and kind not in ROUTINE)
