"""What executors answer, or do not answer, and what follows from it."""

from __future__ import annotations

import pytest

from bot.core.effect import EffectKind
from bot.core.event import (
    Checked,
    Event,
    StepProgressed,
    StepStarted,
    StepUnsure,
    StopAnswered,
    TimerRang,
    VersionRead,
)
from bot.core.operation import HostResult, HostState, Progress, ProgressState
from bot.core.release import Phase, QuestionKind, StepState
from bot.core.verb import Verb
from tests.support.releases import (
    ADMIN,
    APPROVER,
    CANARIED,
    HOSTS,
    ONE,
    OPERATOR,
    World,
    hosts,
    release,
    started,
    target,
    verdict,
)

UNKNOWN = Progress(state=ProgressState.UNKNOWN, detail="HTML")
LOST = Progress(state=ProgressState.LOST, detail="404")
GOING = Progress(state=ProgressState.RUNNING)


def looked_at(progress: Progress, step: str = "auth/deploy") -> World:
    """A world in which this is what every look at a step says."""
    world = started(release(target(ONE)))
    world.progress[step] = progress
    world.until(step)
    while not world.step(step).handle:
        world.tick()
    return world


def look(world: World) -> None:
    """Let the world act until it has looked at an operation once more."""
    while (effect := world.tick()) is not None and effect.kind is not EffectKind.LOOK:
        pass


@pytest.mark.scenario(50)
def test_an_operation_past_its_deadline_is_asked_about_and_goes_on() -> None:
    """People choose between waiting, abort and rollback; nothing is decided for them."""
    world = looked_at(GOING)
    world.ring("deadline")

    question = world.question(QuestionKind.OVERDUE)
    assert question.choices == (Verb.CHECK, Verb.ABORT, Verb.ROLLBACK)
    assert world.phase() is Phase.RUNNING
    assert world.step("auth/deploy").state is StepState.RUNNING
    assert world.pending(EffectKind.LOOK)


@pytest.mark.scenario(50)
def test_who_keeps_waiting_is_asked_again_at_the_next_deadline() -> None:
    """*Keep waiting* closes the question; the next deadline opens a new one, also after silence."""
    world = looked_at(GOING)
    world.ring("deadline")
    world.ring("deadline")
    assert [q.kind for q in world.release.questions].count(QuestionKind.OVERDUE) == 1

    world.click(world.question(QuestionKind.OVERDUE), Verb.CHECK, OPERATOR)
    world.ring("deadline")

    assert world.asks(QuestionKind.OVERDUE)


def test_what_is_offered_past_the_deadline_depends_on_what_is_going_on() -> None:
    """During a rollback: wait or abort; while aborting: wait."""
    rolling = started(release(target(ONE)))
    rolling.until("auth/check")
    rolling.order(Verb.ROLLBACK, APPROVER)
    rolling.progress["auth/undo-deploy"] = GOING
    rolling.until("auth/undo-deploy")
    rolling.feed(TimerRang(name="deadline", step="auth/undo-deploy", attempt=1))
    aborting = looked_at(GOING)
    aborting.stops["auth/deploy"] = "no"
    aborting.order(Verb.ABORT, OPERATOR)
    aborting.feed(TimerRang(name="deadline", step="auth/deploy", attempt=1))

    assert rolling.question(QuestionKind.OVERDUE).choices == (Verb.CHECK, Verb.ABORT)
    assert aborting.question(QuestionKind.OVERDUE).choices == (Verb.CHECK,)


def test_a_deadline_of_an_older_attempt_asks_nothing() -> None:
    """Only the attempt that runs can be overdue."""
    world = looked_at(GOING)
    before = world.release

    world.feed(TimerRang(name="deadline", step="auth/deploy", attempt=0))

    assert world.release is before


def test_a_host_that_still_ran_when_all_succeeded_has_succeeded() -> None:
    """The last look at an operation that succeeded is not left half way."""
    world = looked_at(Progress(state=ProgressState.SUCCEEDED, hosts=hosts(HostState.RUNNING)))
    world.until("auth/deploy", StepState.DONE)

    assert {h.state for h in world.step("auth/deploy").hosts} == {HostState.SUCCEEDED}


@pytest.mark.scenario(51)
def test_an_operation_that_vanished_is_unknown_not_done() -> None:
    """The executor does not know its own task any more: people are asked."""
    world = looked_at(LOST)
    world.until("auth/deploy", StepState.UNSURE)

    question = world.question(QuestionKind.STEP_UNSURE)
    assert world.phase() is Phase.PAUSED
    assert question.choices == (Verb.CHECK, Verb.ROLLBACK, Verb.OVERRIDE, Verb.ABORT)
    assert Verb.RETRY not in question.choices


@pytest.mark.scenario(52)
def test_an_answer_that_is_no_answer_is_never_success() -> None:
    """Three looks in a row without a usable answer, then people are asked; one good look resets."""
    world = looked_at(UNKNOWN)
    look(world)
    look(world)
    assert world.step("auth/deploy").unknown_looks == 2
    world.progress["auth/deploy"] = GOING
    look(world)
    assert world.step("auth/deploy").unknown_looks == 0

    world.progress["auth/deploy"] = UNKNOWN
    world.until("auth/deploy", StepState.UNSURE)
    assert world.asks(QuestionKind.STEP_UNSURE)


@pytest.mark.scenario(53)
def test_partial_success_is_told_host_by_host_and_blocks_the_promotion() -> None:
    """3 of 5 hosts: the step failed, the names are told, nothing behind it begins."""
    some = (*hosts(HostState.SUCCEEDED, *HOSTS[:3]), *hosts(HostState.FAILED, *HOSTS[3:]))
    world = started(release(target(CANARIED)))
    world.until("chat/deploy")
    world.progress["chat/deploy"] = Progress(state=ProgressState.SUCCEEDED, hosts=some)
    world.run()

    detail = world.step("chat/deploy").detail
    assert world.step("chat/deploy").state is StepState.FAILED
    assert detail is not None
    assert (detail.params["failed"], detail.params["names"]) == (2, "h4, h5")
    assert world.step("chat/restart-canary").state is StepState.WAITING
    assert world.question(QuestionKind.STEP_FAILED).choices[:2] == (Verb.RETRY, Verb.ROLLBACK)


@pytest.mark.scenario(56)
def test_abort_of_what_cannot_be_stopped_waits_and_says_so() -> None:
    """The state is aborting, not aborted, with the reason; it ends when the operation does."""
    world = looked_at(GOING)
    world.stops["auth/deploy"] = "this executor cannot stop"
    world.order(Verb.ABORT, OPERATOR)
    look(world)
    look(world)

    detail = world.step("auth/deploy").detail
    assert world.phase() is Phase.ABORTING
    assert detail is not None
    assert detail.params["detail"] == "this executor cannot stop"
    assert "fact.cannot_stop" in world.facts
    assert world.order(Verb.ABORT, OPERATOR).refused_as == "decided"
    del world.progress["auth/deploy"]
    world.run()
    assert world.phase() is Phase.ABORTED
    assert world.step("auth/restart").attempt == 0


@pytest.mark.scenario(49)
def test_an_operation_that_may_have_begun_is_looked_for_not_repeated() -> None:
    """*Look again* finds it by its key under the same attempt; no second start leaves."""
    world = started(release(target(ONE)))
    world.until("auth/deploy")
    world.effects.clear()
    world.feed(StepUnsure(step="auth/deploy", attempt=1, detail="timeout"))

    world.click(world.question(QuestionKind.STEP_UNSURE), Verb.CHECK, OPERATOR)

    (find,) = world.pending(EffectKind.START)
    assert (find.name, find.attempt) == ("find", 1)
    world.run()
    assert world.step("auth/deploy").attempt == 1
    assert world.phase() is Phase.DONE


def test_a_person_who_knows_better_says_that_it_finished() -> None:
    """An unsure operation is waved through by an admin, and the release goes on."""
    world = looked_at(LOST)
    world.until("auth/deploy", StepState.UNSURE)

    world.click(world.question(QuestionKind.STEP_UNSURE), Verb.OVERRIDE, ADMIN, reason="seen it")
    world.run()

    assert world.step("auth/deploy").state is StepState.OVERRIDDEN
    assert world.phase() is Phase.DONE


def test_a_refused_start_fails_the_step_and_pauses() -> None:
    """Certainly not begun: retry, roll back, skip or abort."""
    world = started(release(target(ONE)))
    world.refused["auth/deploy"] = "maintenance"
    world.run()

    question = world.question(QuestionKind.STEP_FAILED)
    assert question.choices == (Verb.RETRY, Verb.ROLLBACK, Verb.SKIP, Verb.ABORT)
    assert question.context is not None
    assert question.context.params["detail"] == "maintenance"
    assert world.phase() is Phase.PAUSED


def test_an_answer_for_an_older_attempt_changes_nothing() -> None:
    """A slow worker's late answer about attempt 1 does not touch attempt 2."""
    world = started(release(target(ONE)))
    world.refused["auth/deploy"] = "no"
    world.run()
    world.refused.clear()
    world.order(Verb.RETRY, OPERATOR)
    before = world.release

    done = Progress(state=ProgressState.SUCCEEDED, hosts=hosts())
    world.feed(StepProgressed(step="auth/deploy", attempt=1, progress=done))

    assert world.release is before
    assert before.step("auth/deploy").attempt == 2


DONE = Progress(state=ProgressState.FAILED, detail="late")


@pytest.mark.parametrize(
    "event",
    [
        StepProgressed(step="auth/deploy", attempt=1, progress=DONE),
        StepProgressed(step="auth/check", attempt=1, progress=DONE),
        StepUnsure(step="auth/start", attempt=0, detail="late"),
        VersionRead(step="auth/deploy", attempt=1, versions={}),
        VersionRead(step="auth/check", attempt=1, versions={}),
        Checked(step="auth/deploy", round=0, repeat=0, late=False, verdict=verdict()),
        Checked(step="no/such", round=1, repeat=0, late=False, verdict=verdict()),
    ],
    ids=lambda event: f"{event.kind}-{event.step}",
)
def test_an_answer_that_does_not_fit_its_step_changes_nothing(event: Event) -> None:
    """Another kind of step, one that has ended, or one that is not there."""
    world = started(release(target(ONE)))
    world.until("auth/check")
    before = world.release

    assert world.feed(event).refusal is None
    assert world.release is before


def test_versions_of_an_older_reading_confirm_nothing() -> None:
    """Only the reading that is under way counts, and one that failed is no confirmation."""
    world = started(release(target(ONE)))
    world.until("auth/check")
    world.order(Verb.ROLLBACK, APPROVER)
    world.until("auth/undo-verify")
    right = dict.fromkeys(HOSTS, "1.0")
    world.feed(VersionRead(step="auth/undo-verify", attempt=0, versions=right))
    assert world.step("auth/undo-verify").state is StepState.RUNNING

    world.feed(VersionRead(step="auth/undo-verify", attempt=1, versions=right, detail="half"))
    detail = world.step("auth/undo-verify").detail
    assert world.step("auth/undo-verify").state is StepState.FAILED
    assert detail is not None
    assert detail.params["found"] == "half"
    world.feed(VersionRead(step="auth/undo-verify", attempt=1, versions=right))
    assert world.step("auth/undo-verify").state is StepState.FAILED


def test_a_host_that_was_not_touched_by_a_success_stays_so() -> None:
    """What the executor left alone is not taken back later."""
    some = (*hosts(HostState.SUCCEEDED, "h1"), *hosts(HostState.UNCHANGED, *HOSTS[1:]))
    world = looked_at(Progress(state=ProgressState.SUCCEEDED, hosts=some))
    world.until("auth/deploy", StepState.DONE)

    assert world.step("auth/deploy").hosts == some
    assert world.step("auth/deploy").changed_hosts == ("h1",)


def test_a_second_handle_is_not_taken() -> None:
    """Once an operation has its handle, a repeated answer of the start changes nothing."""
    world = looked_at(GOING)
    before = world.release

    world.feed(StepStarted(step="auth/deploy", attempt=1, handle="another"))

    assert world.release is before


def test_a_start_that_was_halted_is_not_made_or_stopped_at_once() -> None:
    """An abort before the call: it never leaves. An abort during the call: stopped when known."""
    early = started(release(target(ONE)))
    early.until("auth/deploy")
    early.order(Verb.ABORT, OPERATOR)
    assert early.step("auth/deploy").state is StepState.STOPPING
    early.run()

    late = started(release(target(ONE)))
    late.until("auth/deploy")
    late.order(Verb.ABORT, OPERATOR)
    late.feed(StepStarted(step="auth/deploy", attempt=1, handle="t1"))
    stops = late.pending(EffectKind.STOP)
    late.run()

    assert early.phase() is Phase.ABORTED
    assert early.step("auth/deploy").handle == ""
    assert [e.step for e in stops] == ["auth/deploy"]
    assert late.phase() is Phase.ABORTED


def test_somebody_else_stopped_it_counts_as_a_failure() -> None:
    """An operation that the bot did not stop, and that was stopped, has failed."""
    world = looked_at(Progress(state=ProgressState.STOPPED))
    world.until("auth/deploy", StepState.FAILED)

    assert world.asks(QuestionKind.STEP_FAILED)


def test_an_accepted_stop_is_told() -> None:
    """The journal says that the operation is being stopped."""
    world = looked_at(GOING)
    world.order(Verb.ABORT, OPERATOR)

    outcome = world.feed(StopAnswered(step="auth/deploy", attempt=1, accepted=True, detail=""))

    assert [f.key for f in outcome.facts] == ["fact.stop_accepted"]


def test_what_a_look_says_is_kept_host_by_host() -> None:
    """The hosts of the last look that named any stay on the step."""
    half = (HostResult(host="h1", state=HostState.SUCCEEDED),)
    world = looked_at(Progress(state=ProgressState.RUNNING, hosts=half))
    look(world)
    world.progress["auth/deploy"] = GOING
    look(world)

    assert world.step("auth/deploy").hosts == half
