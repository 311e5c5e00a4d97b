"""Releases of the journal as cases."""

from __future__ import annotations

from datetime import timedelta

from bot.core.backtest.case import Label
from bot.core.backtest.labels import Labels
from bot.core.backtest.past import past_cases
from bot.core.release import Phase, Release, Step, StepKind, StepState
from tests.support.releases import CANARIED, T0, release, target


def _ran(*, undo: bool = False, back: tuple[str, ...] = (), number: int = 42) -> Release:
    """A release of a canaried component whose every step took a minute."""
    planned = release(target(CANARIED))
    steps: list[Step] = []
    for place, step in enumerate(planned.steps):
        began = T0 + timedelta(minutes=place)
        times = {"started_at": began, "finished_at": began + timedelta(minutes=1)}
        steps.append(step.model_copy(update={"state": StepState.DONE, **times}))
    if undo:
        deploy = next(s for s in steps if s.kind is StepKind.DEPLOY)
        began = T0 + timedelta(minutes=40)
        undone = {"id": "chat/undo", "undo": True, "started_at": began}
        steps.append(deploy.model_copy(update=undone))
    return planned.model_copy(
        update={
            "id": number,
            "steps": tuple(steps),
            "rolled_back": back,
            "phase": Phase.ROLLED_BACK if undo else Phase.DONE,
            "begun_at": T0 + timedelta(hours=number),
            "ended_at": T0 + timedelta(hours=1),
        }
    )


def test_a_finished_release_is_a_good_case() -> None:
    """From its deploy, with the first restart behind it: that of the canary group."""
    ran = _ran()
    deploy = next(s for s in ran.steps if s.kind is StepKind.DEPLOY)
    canary = next(s for s in ran.steps if s.kind is StepKind.RESTART)

    (case,) = past_cases([ran], "chat")

    assert (case.name, case.label, case.pseudo) == ("#42", Label.GOOD, False)
    assert (case.began, case.restarted) == (deploy.started_at, canary.started_at)
    assert (case.ended, case.rolled_back_at) == (canary.finished_at, None)


def test_a_rollback_makes_it_bad() -> None:
    """From the moment at which the first thing was taken back."""
    (case,) = past_cases([_ran(undo=True, back=("chat",))], "chat")

    assert case.label is Label.BAD
    assert case.rolled_back_at == T0 + timedelta(minutes=40)


def test_a_later_release_that_took_it_back_makes_it_bad() -> None:
    """And is no case itself."""
    later = _ran(back=("chat",), number=43).model_copy(update={"rollback_of": 42})

    (case,) = past_cases([later, _ran()], "chat")

    assert (case.name, case.label) == ("#42", Label.BAD)
    assert case.rolled_back_at == later.begun_at


def test_labels_know_better() -> None:
    """A rollback for another reason was good; what was hot-fixed was bad."""
    back, kept = _ran(undo=True, back=("chat",)), _ran(number=41)
    labels = Labels(releases={42: Label.GOOD, 41: Label.BAD})

    cases = {case.name: case for case in past_cases([back, kept], "chat", labels)}

    assert (cases["#42"].label, cases["#42"].rolled_back_at) == (Label.GOOD, None)
    assert (cases["#41"].label, cases["#41"].rolled_back_at) == (Label.BAD, None)


def test_a_component_that_was_not_restarted_is_no_case() -> None:
    """Neither one that is not in the release, nor one that never got so far."""
    assert past_cases([_ran()], "search") == ()
    assert past_cases([release(target(CANARIED))], "chat") == ()
