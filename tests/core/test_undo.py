"""Rollbacks: what they cover, in which order, and how they end."""

from __future__ import annotations

import pytest

from bot.core import undo
from bot.core.config import Component
from bot.core.effect import EffectKind
from bot.core.machine import plan_release
from bot.core.operation import HostState, Progress, ProgressState
from bot.core.release import OPERATIONS, Phase, QuestionKind, Release, Rollback, StepKind, StepState
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from tests.support.releases import (
    ADMIN,
    APPROVER,
    CANARIED,
    CANARY,
    HOSTS,
    ONE,
    OPERATOR,
    T0,
    TWO,
    World,
    hosts,
    release,
    started,
    target,
)

THREE = {"auth": Component(), "media": Component(), "push": Component()}


def undone(world: World) -> list[str]:
    """The undo steps in their order."""
    return [s.id for s in world.release.steps if s.undo]


def checking(step: str, start: Release) -> World:
    """A world that has come as far as this check."""
    world = started(start)
    world.until(step)
    return world


def test_rollback_goes_in_reverse_order() -> None:
    """The component that was changed last goes back first; each is confirmed before the next."""
    world = checking("push/check", release(target(THREE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    verified = [s.component for s in world.release.steps if s.kind is StepKind.VERIFY]
    assert verified == ["push", "media", "auth"]
    steps = [s for s in world.release.steps if s.undo]
    assert [s.needs for s in steps[1:]] == [(s.id,) for s in steps[:-1]]
    assert world.phase() is Phase.ROLLED_BACK
    assert world.release.rolled_back == ("auth", "media", "push")


@pytest.mark.scenario(53)
def test_rollback_covers_exactly_the_changed_hosts() -> None:
    """3 of 5 hosts were deployed to: these three go back, and are confirmed."""
    some = (*hosts(HostState.SUCCEEDED, *HOSTS[:3]), *hosts(HostState.UNCHANGED, *HOSTS[3:]))
    world = started(release(target(ONE)))
    world.progress["auth/deploy"] = Progress(state=ProgressState.FAILED, hosts=some)
    world.run()
    world.click(world.question(QuestionKind.STEP_FAILED), Verb.ROLLBACK)
    world.run()

    assert undone(world) == ["auth/undo-deploy", "auth/undo-verify"]
    assert world.step("auth/undo-deploy").only_hosts == HOSTS[:3]
    assert world.step("auth/undo-verify").only_hosts == HOSTS[:3]


def test_rollback_of_a_canary_restarts_the_canary_only() -> None:
    """All hosts got the files, two were restarted: all get the old files, two restart."""
    world = checking("chat/check-canary", release(target(CANARIED)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    assert world.step("chat/undo-deploy").only_hosts == HOSTS
    assert world.step("chat/undo-restart").only_hosts == CANARY


def test_rollback_remembers_what_earlier_attempts_changed() -> None:
    """Attempt 1 changed one host, attempt 2 was refused: that host goes back."""
    one = (*hosts(HostState.FAILED, "h1"), *hosts(HostState.UNCHANGED, *HOSTS[1:]))
    world = started(release(target(ONE)))
    world.progress["auth/deploy"] = Progress(state=ProgressState.FAILED, hosts=one)
    world.run()
    world.refused["auth/deploy"] = "maintenance"
    world.order(Verb.RETRY, OPERATOR)
    world.run()
    assert world.step("auth/deploy").hosts == ()

    world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    assert world.step("auth/undo-deploy").only_hosts == ("h1",)


def test_rollback_covers_what_was_skipped_after_it_had_changed_hosts() -> None:
    """A skipped step that failed half way has changed hosts all the same."""
    one = (*hosts(HostState.SUCCEEDED, "h1"), *hosts(HostState.UNCHANGED, *HOSTS[1:]))
    world = started(release(target(TWO)))
    world.progress["auth/deploy"] = Progress(state=ProgressState.FAILED, hosts=one)
    world.run()
    world.order(Verb.SKIP, ADMIN, step="auth/deploy", reason="enough")

    assert undo.changed(world.release) == ("auth",)
    world.order(Verb.ROLLBACK, APPROVER)
    world.run()
    assert world.step("auth/undo-deploy").only_hosts == ("h1",)


def test_of_an_unsure_operation_every_host_may_have_changed() -> None:
    """Nobody can tell: the whole group goes back."""
    world = started(release(target(ONE)))
    world.progress["auth/deploy"] = Progress(state=ProgressState.LOST)
    world.run()
    world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    assert world.step("auth/undo-deploy").only_hosts == HOSTS
    assert world.phase() is Phase.ROLLED_BACK


def test_an_operation_in_flight_is_stopped_before_the_undo_begins() -> None:
    """First the deploy comes to rest, then its hosts go back; the two never overlap."""
    world = started(release(target(ONE)))
    world.until("auth/restart")
    world.progress["auth/restart"] = Progress(state=ProgressState.RUNNING)
    while not world.step("auth/restart").handle:
        world.tick()
    world.order(Verb.ROLLBACK, APPROVER)

    assert world.step("auth/restart").state is StepState.STOPPING
    assert undone(world) == []
    world.until("auth/restart", StepState.CANCELLED)
    assert undone(world) == ["auth/undo-deploy", "auth/undo-restart", "auth/undo-verify"]
    world.run()
    assert world.phase() is Phase.ROLLED_BACK


def test_on_fail_only_the_failing_component_goes_back() -> None:
    """The other one stays; the release pauses and asks what next."""
    world = checking("media/check", release(target(THREE)))
    world.results["media/check"] = Result.FAIL
    world.run()
    world.click(world.question(QuestionKind.VERDICT_FAIL), Verb.ROLLBACK)
    world.run()

    question = world.question(QuestionKind.ROLLED_BACK)
    assert world.release.rolled_back == ("media",)
    assert world.phase() is Phase.PAUSED
    assert question.choices == (Verb.RESUME, Verb.ROLLBACK, Verb.ABORT)
    assert world.step("media/check").state is StepState.FAILED


def test_after_a_component_rollback_the_others_go_on() -> None:
    """*Go on with the others* releases the rest; the release is done."""
    world = started(release(target(THREE)))
    world.results["auth/check"] = Result.FAIL
    world.run()
    world.click(world.question(QuestionKind.VERDICT_FAIL), Verb.ROLLBACK)
    world.run()
    world.click(world.question(QuestionKind.ROLLED_BACK), Verb.RESUME)
    world.run()

    assert world.phase() is Phase.DONE
    assert world.step("push/finish").state is StepState.DONE
    assert world.step("auth/finish").state is StepState.CANCELLED


def test_after_a_component_rollback_everything_can_follow() -> None:
    """*Roll back all N* takes the others back, too, and ends the release."""
    world = checking("push/check", release(target(THREE)))
    world.order(Verb.ROLLBACK, APPROVER, component="push")
    world.run()
    world.click(world.question(QuestionKind.ROLLED_BACK), Verb.ROLLBACK, component="all")
    world.run()

    assert world.phase() is Phase.ROLLED_BACK
    assert set(world.release.rolled_back) == set(THREE)
    assert undone(world).count("push/undo-deploy") == 1


def test_after_a_component_rollback_the_release_may_end_here() -> None:
    """*End here* aborts: what was released stays."""
    world = checking("push/check", release(target(THREE)))
    world.order(Verb.ROLLBACK, APPROVER, component="push")
    world.run()
    world.click(world.question(QuestionKind.ROLLED_BACK), Verb.ABORT)

    assert world.phase() is Phase.ABORTED
    assert undo.changed(world.release) == ("auth", "media")


def test_what_depends_on_a_component_taken_back_is_left_out() -> None:
    """The dependent component never begins; when nothing else is left, the release is over."""
    components = {"auth": Component(), "profile": Component(depends_on=("auth",))}
    world = started(release(target(components)))
    world.results["auth/check"] = Result.FAIL
    world.run()
    world.click(world.question(QuestionKind.VERDICT_FAIL), Verb.ROLLBACK)
    world.run()

    assert world.phase() is Phase.ROLLED_BACK
    assert world.step("profile/deploy").state is StepState.CANCELLED
    assert world.step("profile/deploy").attempt == 0


def test_the_failure_of_a_dependent_in_flight_stays_open() -> None:
    """A dependent that had begun is not forgotten: its failure is asked about, and answered."""
    components = {
        "auth": Component(),
        "profile": Component(depends_on=("auth",)),
        "media": Component(),
    }
    world = started(release(target(components, parallel=2)))
    world.until("profile/deploy")
    world.refused["profile/deploy"] = "no"
    world.until("profile/deploy", StepState.FAILED)
    world.order(Verb.ROLLBACK, APPROVER, component="auth")
    world.run()

    assert world.asks(QuestionKind.STEP_FAILED)
    assert world.asks(QuestionKind.ROLLED_BACK)


def test_a_rollback_of_everything_ends_every_question() -> None:
    """No button of before does anything once everything goes back; each says who did that."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)
    world.order(Verb.ROLLBACK, APPROVER)

    late = world.click(gate, Verb.APPROVE)

    assert late.refusal is not None
    assert late.refusal.key == "refused.decided"
    assert late.refusal.params["verb"] == "rollback"
    assert world.phase() is Phase.ROLLING_BACK


@pytest.mark.scenario(57)
def test_a_rollback_without_anything_to_go_back_to_is_refused() -> None:
    """No previous version, the same version, or nothing changed: each is said."""
    keys = []
    for odd in ({"running": ""}, {"running": "2.0"}):
        start = release(target(ONE))
        first = start.changes[0].model_copy(update=odd)
        world = checking("auth/check", start.model_copy(update={"changes": (first,)}))
        outcome = world.order(Verb.ROLLBACK, APPROVER)
        keys.append(outcome.refusal.key if outcome.refusal else "")
    early = started(release(target(ONE)))
    early.refused["auth/deploy"] = "no"
    early.run()
    nothing = early.order(Verb.ROLLBACK, APPROVER)

    assert keys == ["refused.no_previous", "refused.same_version"]
    assert nothing.refusal is not None
    assert nothing.refusal.key == "refused.nothing_changed"


def test_a_rollback_of_everything_leaves_out_what_kept_its_version() -> None:
    """A component that was restarted on the same version is no obstacle to taking back the rest."""
    start = release(target(TWO))
    same = start.changes[0].model_copy(update={"running": "2.0"})
    world = checking("media/check", start.model_copy(update={"changes": (same, start.changes[1])}))

    outcome = world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    assert outcome.refusal is None
    assert world.release.rolled_back == ("media",)
    assert world.phase() is Phase.ROLLED_BACK


@pytest.mark.scenario(54)
def test_a_failed_rollback_is_loud_and_does_not_loop() -> None:
    """It is asked about with the manual steps, is live still (so its locks stay), tries nothing."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.refused["auth/undo-deploy"] = "disk full"
    world.run()

    question = world.question(QuestionKind.ROLLBACK_FAILED)
    assert world.phase() is Phase.ROLLING_BACK
    assert world.done(EffectKind.START).count("auth/undo-deploy") == 1
    assert question.context is not None
    assert question.context.params["version"] == "1.0"
    assert question.context.params["hosts"] == ", ".join(HOSTS)
    assert question.expires_at is None


def test_a_failed_rollback_is_tried_again_by_a_person() -> None:
    """Retry is one more attempt; when it works the rollback is confirmed."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.refused["auth/undo-deploy"] = "disk full"
    world.run()
    world.refused.clear()
    world.click(world.question(QuestionKind.ROLLBACK_FAILED), Verb.RETRY, OPERATOR)
    world.run()

    assert world.step("auth/undo-deploy").attempt == 2
    assert world.phase() is Phase.ROLLED_BACK


def test_restored_by_hand_ends_without_a_confirmation() -> None:
    """The word of an admin is no reading of the version: the release ends as failed."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.versions = dict.fromkeys(HOSTS, "2.0")
    world.run()
    detail = world.step("auth/undo-verify").detail
    world.click(
        world.question(QuestionKind.ROLLBACK_FAILED), Verb.OVERRIDE, ADMIN, reason="did it by hand"
    )

    assert detail is not None
    assert str(detail.params["found"]).startswith("h1: 2.0")
    assert world.phase() is Phase.FAILED


@pytest.mark.parametrize("found", [{}, {"h1": "1.0"}, {**dict.fromkeys(HOSTS, "1.0"), "h5": "2.0"}])
def test_a_rollback_is_confirmed_by_reading_the_version_of_each_host(found: dict[str, str]) -> None:
    """An empty answer, a missing host and a wrong version confirm nothing."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.versions = found or {"another": "1.0"}
    world.run()

    assert world.step("auth/undo-verify").state is StepState.FAILED
    assert world.asks(QuestionKind.ROLLBACK_FAILED)


def test_abort_is_accepted_during_a_rollback() -> None:
    """It stops what can be stopped and ends as failed: hosts are half way, somebody must look."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.progress["auth/undo-deploy"] = Progress(state=ProgressState.RUNNING)
    while not world.step("auth/undo-deploy").handle:
        world.tick()

    outcome = world.order(Verb.ABORT, OPERATOR)
    world.run()

    assert outcome.refusal is None
    assert world.phase() is Phase.FAILED
    assert world.step("auth/undo-restart").attempt == 0
    assert world.step("auth/undo-verify").state is StepState.CANCELLED


def test_an_unsure_undo_is_looked_for_not_repeated() -> None:
    """Even in a rollback nothing is repeated blindly."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.progress["auth/undo-deploy"] = Progress(state=ProgressState.LOST)
    world.run()

    question = world.question(QuestionKind.ROLLBACK_FAILED)
    assert question.choices == (Verb.CHECK, Verb.OVERRIDE, Verb.ABORT)
    world.progress.clear()
    world.click(question, Verb.CHECK, OPERATOR)
    world.run()
    assert world.step("auth/undo-deploy").attempt == 1
    assert world.phase() is Phase.ROLLED_BACK


def test_a_halted_operation_that_gets_lost_is_not_asked_about() -> None:
    """What is being taken back anyway needs no answer about how it ended."""
    world = started(release(target(TWO, parallel=2)))
    world.until("auth/restart")
    while not world.step("auth/restart").handle:
        world.tick()
    world.stops["auth/restart"] = "cannot"
    world.order(Verb.ROLLBACK, APPROVER, component="auth")
    world.progress["auth/restart"] = Progress(state=ProgressState.LOST)
    world.until("auth/restart", StepState.UNSURE)

    assert not world.asks(QuestionKind.STEP_UNSURE)
    world.until("auth/undo-verify", StepState.DONE)


def test_undo_steps_of_a_second_rollback_have_names_of_their_own() -> None:
    """After a rollback that was cut off, the next one's steps are told apart from the first's."""
    world = checking("auth/check", release(target(ONE)))
    world.order(Verb.ROLLBACK, APPROVER)
    world.order(Verb.ABORT, OPERATOR)
    world.run()

    again = undo.undo_steps(world.release, undo.changed(world.release))

    assert world.phase() is Phase.FAILED
    assert [s.id for s in again][:2] == ["auth/undo-deploy-2", "auth/undo-restart-2"]
    assert again[1].needs == ("auth/undo-deploy-2",)


def test_an_abort_before_the_undo_began_leaves_everything_released() -> None:
    """Nothing was taken back yet: aborted, not failed."""
    world = started(release(target(ONE)))
    world.until("auth/restart")
    world.progress["auth/restart"] = Progress(state=ProgressState.RUNNING)
    while not world.step("auth/restart").handle:
        world.tick()
    world.stops["auth/restart"] = "cannot"
    world.order(Verb.ROLLBACK, APPROVER)
    world.order(Verb.ABORT, OPERATOR)
    del world.progress["auth/restart"]
    world.run()

    assert undone(world) == []
    assert world.phase() is Phase.ABORTED


def test_hosts_without_names_go_back_as_a_whole_group() -> None:
    """An executor that names no hosts is asked for the group."""
    start = release(target(ONE))
    bare = start.changes[0].model_copy(update={"groups": {"all": ()}})
    world = started(start.model_copy(update={"changes": (bare,)}))
    world.progress = dict.fromkeys(
        ("auth/deploy", "auth/restart"), Progress(state=ProgressState.SUCCEEDED)
    )
    world.until("auth/check")
    world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    assert {s.only_hosts for s in world.release.steps if s.undo} == {()}
    assert world.phase() is Phase.ROLLED_BACK


def test_taking_back_an_ended_release_is_a_release_of_its_own() -> None:
    """Its steps are the undo steps of the ended one; it begins at once and ends confirmed."""
    ended = started(release(target(TWO)))
    ended.run()
    old = ended.release
    scope = undo.changed(old)
    steps = undo.undo_steps(old, scope)
    back = old.model_copy(
        update={
            "id": 43,
            "phase": Phase.ROLLING_BACK,
            "steps": tuple(s.model_copy(update={"number": n}) for n, s in enumerate(steps, 1)),
            "questions": (),
            "ended_at": None,
            "rollback": Rollback(
                components=scope, whole=True, name="Ren", reason="", at=T0, planned=True
            ),
            "rollback_of": 42,
        }
    )
    first = plan_release(back, T0)
    world = World(back)
    world.run()

    assert old.phase is Phase.DONE
    assert [e.step for e in first.effects if e.kind is EffectKind.START] == ["media/undo-deploy"]
    assert world.phase() is Phase.ROLLED_BACK
    assert all(s.undo for s in world.release.steps)
    assert len([s for s in world.release.steps if s.kind in OPERATIONS]) == 4
