"""Phases, questions that expire, alerts, changed plans: what holds for a release as a whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core import plan
from bot.core.config import ConfirmMode, Policy
from bot.core.config.policy import OnAlert
from bot.core.effect import EffectKind
from bot.core.event import Alerted, Event, Happened, Linked, Planned, Replanned, TimerRang
from bot.core.machine import advance, replay
from bot.core.release import Phase, QuestionKind, StepState
from bot.core.value import text
from bot.core.verb import Verb
from tests.support.releases import (
    APPROVER,
    CANARIED,
    ONE,
    OPERATOR,
    OTHER,
    T0,
    TWO,
    World,
    release,
    started,
    target,
)


def alert(name: str = "5xx", component: str = "auth", *, firing: bool = True) -> Alerted:
    """An alert of the system layer."""
    return Alerted(
        component=component, name=name, firing=firing, summary="too many", fingerprint=name
    )


def replanned(world: World) -> Replanned:
    """The same target with its first component only."""
    old = world.release
    kept = old.changes[:1]
    steps = plan.steps(old.config.target, kept)
    return Replanned(
        actor=APPROVER,
        config=old.config,
        changes=kept,
        left_out=tuple(c.component for c in old.changes[1:]),
        steps=steps,
        plan_hash=plan.digest(kept, steps, "d1"),
        difference=plan.difference(old.changes, kept),
    )


def test_nothing_happens_before_the_start_is_confirmed() -> None:
    """A planned release asks whether to start, and does nothing else."""
    world = World(release())
    world.run()

    assert world.phase() is Phase.PLANNED
    assert [q.kind for q in world.release.open_questions] == [QuestionKind.START]
    assert {e.kind for e in world.performed} == {EffectKind.SHOW}


def test_an_expired_start_is_cancelled() -> None:
    """Silence never starts a release."""
    world = World(release(target(ONE)))
    world.ring("expiry")

    assert world.phase() is Phase.ABORTED
    assert world.release.begun_at is None
    assert world.now == T0 + timedelta(hours=4)


@pytest.mark.scenario(23)
def test_an_approval_that_is_not_given_in_time_pauses_the_release() -> None:
    """The prompt closes, the release pauses; resumed, it asks anew and old votes are void."""
    world = started(release(target(CANARIED, approvals=2)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)
    world.click(gate, Verb.APPROVE, APPROVER)
    world.ring("expiry")  # the start's own timer: answered long ago, so nothing happens
    world.ring("expiry")

    assert world.phase() is Phase.PAUSED
    assert world.release.pause is not None
    assert world.release.pause.reason.key == "pause.expired"
    late = world.click(gate, Verb.APPROVE, OTHER)
    assert late.refusal is not None
    assert late.refusal.key == "refused.closed_expired"
    world.order(Verb.RESUME, OPERATOR)
    assert world.question(QuestionKind.GATE).votes == ()
    assert world.question(QuestionKind.GATE).nonce != gate.nonce


def test_an_expired_go_pauses_and_is_asked_again() -> None:
    """Nothing proceeds by itself."""
    world = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    world.run()
    world.ring("expiry")
    world.ring("expiry")

    assert world.phase() is Phase.PAUSED
    assert world.step("auth/deploy").attempt == 0
    world.order(Verb.RESUME, OPERATOR)
    assert world.question(QuestionKind.GO).step == "auth/deploy"


def test_what_holds_the_release_does_not_expire() -> None:
    """A failure stays open until somebody answers: there is nothing to fall back to."""
    world = started(release(target(ONE)))
    world.refused["auth/deploy"] = "no"
    world.run()
    question = world.question(QuestionKind.STEP_FAILED)

    names = [e.name for e in world.pending(EffectKind.TIMER) if e.question == question.id]
    assert question.expires_at is None
    assert "expiry" not in names
    world.feed(TimerRang(name="expiry", question=question.id))
    assert world.asks(QuestionKind.STEP_FAILED)


def test_reminders_are_said_at_their_times_and_stop_at_the_decision() -> None:
    """Ten, thirty and sixty minutes; a decided question is not said again."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)
    due = [
        e.due - gate.asked_at
        for e in world.pending(EffectKind.TIMER)
        if e.question == gate.id and e.name == "reminder"
    ]
    first = world.feed(TimerRang(name="reminder", question=gate.id, number=1))
    world.click(gate, Verb.APPROVE)
    second = world.feed(TimerRang(name="reminder", question=gate.id, number=2))

    assert due == [timedelta(minutes=m) for m in (10, 30, 60)]
    assert f"reminder:{gate.id}:1" in {e.slot for e in first.effects}
    assert not second.effects


@pytest.mark.scenario(22)
def test_a_changed_plan_voids_approvals_and_asks_again_with_the_difference() -> None:
    """The old question is closed, its votes count no more, the new one shows what changed."""
    world = World(release(target(TWO, start_approvals=2)))
    old = world.question(QuestionKind.START)
    world.click(old, Verb.START, APPROVER)
    world.feed(replanned(world))

    new = world.question(QuestionKind.START)
    assert new.version != old.version
    assert new.votes == ()
    assert new.context is not None
    assert new.context.params["changes"] == "- media 2.0"
    late = world.click(old, Verb.START, OTHER)
    assert late.refused_as == "expired"
    world.click(new, Verb.START, APPROVER)
    assert world.phase() is Phase.PLANNED


def test_a_plan_cannot_change_once_the_release_has_begun() -> None:
    """The change is refused and nothing is different."""
    world = started(release(target(TWO)))
    before = world.release

    outcome = world.feed(replanned(world))

    assert outcome.refusal is not None
    assert world.release is before


def test_the_question_version_changes_only_with_what_is_asked() -> None:
    """Progress, polls and another person's approval leave the buttons valid."""
    world = started(release(target(CANARIED, approvals=2)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)
    world.feed(alert(component="chat", firing=False))
    world.click(gate, Verb.APPROVE, APPROVER)

    again = world.question(QuestionKind.GATE)
    assert (again.version, again.nonce) == (gate.version, gate.nonce)
    assert world.click(gate, Verb.APPROVE, OTHER).refusal is None


def test_an_alert_pauses_the_release_of_its_component() -> None:
    """Unless the policy only observes; a resolved one is told and resumes nothing."""
    world = started(release(target(ONE)))
    world.feed(alert())
    assert world.phase() is Phase.PAUSED
    assert world.question(QuestionKind.ALERT).component == "auth"
    world.feed(alert(firing=False))
    assert world.phase() is Phase.PAUSED
    assert not world.release.alerts[0].firing

    calm = started(release(target(ONE), Policy(on_alert=OnAlert.OBSERVE)))
    calm.feed(alert())
    assert calm.phase() is Phase.RUNNING
    assert calm.release.alerts[0].firing


def test_an_alert_that_is_told_twice_is_one_alert() -> None:
    """The same fingerprint in the same state changes nothing."""
    world = started(release(target(ONE)))
    world.feed(alert())
    before = world.release

    world.feed(alert())
    world.feed(alert(component="another"))

    assert world.release is before


def test_an_alert_must_be_answered_before_anything_goes_on() -> None:
    """The answer to a failed step does not resume over an open alert."""
    world = started(release(target(TWO, parallel=2)))
    world.refused["media/deploy"] = "no"
    world.until("media/deploy", StepState.FAILED)
    world.order(Verb.RETRY, OPERATOR)
    world.feed(alert())
    world.feed(alert("disk"))

    world.order(Verb.RESUME, OPERATOR)

    assert world.phase() is Phase.RUNNING
    assert not world.asks(QuestionKind.ALERT)


def test_abort_ends_a_planned_a_running_and_a_paused_release() -> None:
    """Abort is accepted in every phase."""
    planned = World(release(target(ONE)))
    running = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    paused = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    paused.order(Verb.PAUSE, OPERATOR)

    for world in (planned, running, paused):
        assert world.order(Verb.ABORT, OPERATOR).refusal is None
        assert world.phase() is Phase.ABORTED
        assert world.release.open_questions == ()
        assert world.release.ended_at == world.now


def test_an_ended_release_is_linked_to_the_one_that_takes_it_back() -> None:
    """The link is all that still changes; a live release takes none."""
    world = started(release(target(ONE)))
    live = world.feed(Linked(release=43)).release
    assert live.rolled_back_by is None
    world.run()
    world.feed(Linked(release=43))

    assert world.release.rolled_back_by == 43
    assert world.phase() is Phase.DONE


@pytest.mark.parametrize(
    "event",
    [
        TimerRang(name="deadline", step="no/such", attempt=1),
        TimerRang(name="reminder", question=99),
        TimerRang(name="countdown", question=1),
    ],
)
def test_a_fact_that_is_no_longer_of_interest_changes_nothing(event: Event) -> None:
    """Unknown steps and questions, and timers of another kind, are no errors."""
    world = World(release(target(ONE)))
    before = world.release

    outcome = world.feed(event)

    assert outcome.refusal is None
    assert world.release is before


def test_a_replay_of_the_journal_gives_the_same_release() -> None:
    """The stored release is what its events make of it."""
    world = started()
    world.until("chat/gate", StepState.ASKED)
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE)
    world.run()

    assert replay(tuple(world.happened)) == world.release


def test_a_journal_without_its_beginning_cannot_be_replayed() -> None:
    """It is an error, not an empty release."""
    late = Happened(at=T0, event=Linked(release=1))

    for journal in ((), (late,)):
        with pytest.raises(ValueError, match="planned"):
            replay(journal)


def test_a_plan_arrives_once() -> None:
    """The event that began a release changes nothing later."""
    world = World(release(target(ONE)))

    outcome = advance(world.release, Planned(release=release(target(TWO))), T0)

    assert outcome.release is world.release


def test_the_journal_says_what_happened_in_codes() -> None:
    """Facts are message keys with parameters: no sentence is stored."""
    world = World(release(target(ONE)))
    outcome = world.click(world.question(QuestionKind.START), Verb.START)

    assert text("fact.running") in outcome.facts
    assert text("fact.order", verb="start", who="Ren", reason="") in outcome.facts
