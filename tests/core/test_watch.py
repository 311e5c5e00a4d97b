"""What watchers are told of, by the slot that changed and the events they want."""

from __future__ import annotations

import pytest

from bot.core.effect import Effect, EffectKind
from bot.core.question import QuestionKind
from bot.core.release import Phase
from bot.core.watch import ROUTINE, TROUBLE, Events, hears, subjects
from tests.support.releases import T0, started


def heard(slot: str, kind: QuestionKind = QuestionKind.GATE, phase: Phase = Phase.DONE) -> str:
    """Which watchers hear of a slot: nobody, all, or both."""
    release = started().release
    question = release.questions[0].model_copy(update={"kind": kind})
    release = release.model_copy(update={"questions": (question,), "phase": phase})
    share = slot == "share"
    effect = Effect(
        kind=EffectKind.SHARE if share else EffectKind.SHOW,
        key=slot,
        due=T0,
        slot="" if share else slot,
    )
    by = {events: hears(release, effect, events) for events in Events}
    assert by[Events.ALL] or not by[Events.FAILURES], "all is at least what failures is"
    return "both" if by[Events.FAILURES] else "all" if by[Events.ALL] else "nobody"


@pytest.mark.parametrize("kind", QuestionKind)
def test_questions_about_trouble_are_told_to_both(kind: QuestionKind) -> None:
    """Starts and Go are the business of those who are asked; gates are heard by who wants all."""
    expected = "both" if kind in TROUBLE else "nobody" if kind in ROUTINE else "all"

    assert heard("question:1", kind) == expected
    assert TROUBLE.isdisjoint(ROUTINE)


@pytest.mark.parametrize("phase", [Phase.ABORTED, Phase.ROLLED_BACK, Phase.FAILED])
def test_a_bad_end_is_told_to_both(phase: Phase) -> None:
    """A good end is told to those who want all."""
    assert heard("result", phase=phase) == "both"
    assert heard("result") == "all"


@pytest.mark.parametrize("slot", ["board", "check:chat/check", "reminder:1:1", "rollback"])
def test_the_rest_stays_in_the_rooms(slot: str) -> None:
    """One to one is kept quiet: no board, no round, no reminder."""
    assert heard(slot) == "nobody"
    assert heard("share") == "all"


def test_a_release_is_watched_by_itself_or_its_target() -> None:
    """Either of the two leads to it."""
    release = started().release

    assert subjects(release) == (f"#{release.id}", release.target)
