"""What begins by itself, in which order, and when somebody must be asked first."""

from __future__ import annotations

from bot.core import flow
from bot.core.config import Component, ConfirmMode
from bot.core.effect import EffectKind
from bot.core.release import OPERATIONS, Phase, QuestionKind, StepKind, StepState
from bot.core.verb import Verb
from tests.support.releases import (
    CANARIED,
    ONE,
    OPERATOR,
    OTHER,
    TWO,
    World,
    release,
    started,
    target,
)


def finish(world: World) -> World:
    """Give every Go and every approval until the release ends."""
    for _ in range(200):
        world.run()
        if not world.release.live:
            return world
        for question in world.release.open_questions:
            verb = Verb.APPROVE if question.kind is QuestionKind.GATE else Verb.GO
            world.click(question, verb, OTHER)
    msg = "the release does not end"
    raise AssertionError(msg)


def test_the_seed_s_release_runs_from_start_to_done_under_gates() -> None:
    """Seven components and two promotions: done, with nothing asked but the promotions."""
    world = finish(started())

    kinds = [q.kind for q in world.release.questions]
    assert world.phase() is Phase.DONE
    assert kinds == [QuestionKind.START, QuestionKind.GATE, QuestionKind.GATE]


def test_each_step_asks_once_before_each_deployment_operation() -> None:
    """14 Go and 2 gates in the example: the restart behind a promotion is not asked for again."""
    world = finish(started(mode=ConfirmMode.EACH_STEP))

    kinds = [q.kind for q in world.release.questions]
    assert kinds.count(QuestionKind.GO) == 14
    assert kinds.count(QuestionKind.GATE) == 2
    begun = [s.id for s in world.release.steps if s.attempt == 1 and s.kind in OPERATIONS]
    assert sorted(world.done(EffectKind.START)) == sorted(begun)
    assert len(begun) == 16


def test_announcements_and_checks_never_ask() -> None:
    """Under each_step every question but the start and the gates is about a deploy or a restart."""
    world = finish(started(mode=ConfirmMode.EACH_STEP))

    asked = {world.step(q.step).kind for q in world.release.questions if q.step}
    assert asked == {StepKind.DEPLOY, StepKind.RESTART, StepKind.GATE}


def test_run_on_to_the_next_gate_switches_and_begins_what_waits() -> None:
    """*Run on* closes the open Go as its answer; *Ask before each step* asks again afterwards."""
    world = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    world.run()

    world.click(world.question(QuestionKind.GO), Verb.CONFIRM, OPERATOR)

    assert world.release.confirm is ConfirmMode.GATES
    assert world.step("auth/deploy").state is StepState.RUNNING
    assert world.release.questions[-1].closed is not None
    world.order(Verb.CONFIRM, OPERATOR, mode=ConfirmMode.EACH_STEP)
    world.run()
    assert world.question(QuestionKind.GO).step == "auth/restart"


def test_the_starter_may_give_a_go() -> None:
    """A Go is not an approval."""
    world = started(release(target(CANARIED)), ConfirmMode.EACH_STEP)
    world.run()

    outcome = world.click(world.question(QuestionKind.GO), Verb.GO, world.release.started_by)

    assert outcome.refusal is None
    assert world.step("chat/deploy").state is StepState.RUNNING


def test_one_component_after_the_other_unless_parallel_says_otherwise() -> None:
    """With `parallel: 1` the second component begins when the first one's restart has finished."""
    world = started(release(target(TWO)))
    world.until("auth/restart")

    assert world.step("media/start").state is StepState.WAITING
    world.until("auth/check")
    assert world.step("media/deploy").state is StepState.RUNNING


def test_parallel_counts_deploys_and_restarts_not_checks() -> None:
    """A component takes its place from its first step to the end of its last restart."""
    names = ("auth", "media", "push")
    world = started(release(target({n: Component() for n in names}, parallel=2)))
    most = 0
    while world.tick():
        most = max(most, len(flow.places(world.release)))

    assert most == 2
    assert world.phase() is Phase.DONE


def test_a_canary_keeps_its_place_until_its_last_restart() -> None:
    """Canary check and gate are inside the place: the next component waits for the promotion."""
    components = {**CANARIED, "media": Component()}
    world = started(release(target(components)))
    world.run()

    assert flow.places(world.release) == ("chat",)
    assert world.step("media/start").state is StepState.WAITING
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE, OTHER)
    world.until("chat/check")
    assert "media" in flow.places(world.release)


def test_a_canary_check_blocks_its_promotion() -> None:
    """The gate is asked when the canary's three rounds are done, not before."""
    world = started(release(target(CANARIED)))
    world.until("chat/check-canary")

    assert world.step("chat/gate").state is StepState.WAITING
    world.until("chat/gate", StepState.ASKED)
    assert world.step("chat/check-canary").state is StepState.DONE


def test_a_last_check_runs_on_while_others_proceed() -> None:
    """The release is done when all checks are; components that depend on the check wait for it."""
    components = {
        "auth": Component(),
        "profile": Component(depends_on=("auth",)),
        "media": Component(),
    }
    world = started(release(target(components, parallel=2)))
    world.until("media/check")

    assert world.step("auth/check").state is StepState.RUNNING
    assert world.step("profile/start").state is StepState.WAITING
    world.until("auth/check", StepState.DONE)
    assert world.step("profile/deploy").state is not StepState.WAITING


def test_without_monitoring_the_restart_is_the_last_step() -> None:
    """No checks: the finish is announced right after the restart."""
    start = release(target(ONE, monitoring=False))
    world = World(start.model_copy(update={"confirm": ConfirmMode.GATES}))
    world.click(world.question(QuestionKind.START), Verb.START, reason="nothing to watch")
    world.run()

    assert world.phase() is Phase.DONE
    assert {s.kind for s in world.release.steps} == {
        StepKind.ANNOUNCE,
        StepKind.DEPLOY,
        StepKind.RESTART,
    }
