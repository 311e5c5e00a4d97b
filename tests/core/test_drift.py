"""Whether a component runs what this release put there."""

from __future__ import annotations

from bot.core.drift import drift
from bot.core.operation import HostState, Progress, ProgressState
from bot.core.release import QuestionKind, Release, StepState
from bot.core.verb import Verb
from tests.support.releases import (
    ADMIN,
    APPROVER,
    CANARIED,
    CANARY,
    HOSTS,
    ONE,
    World,
    hosts,
    release,
    running,
    started,
    target,
)


def canary_checking() -> World:
    """The canary runs 2.0, the other hosts 1.0."""
    world = started(release(target(CANARIED)))
    world.until("chat/check-canary")
    return world


def found(now: Release, **versions: str) -> tuple[str, str] | None:
    """What is found with these versions; the others run 1.0."""
    return drift(now, now.changes[0].component, running("1.0", **versions))


def test_only_restarted_hosts_run_the_candidate() -> None:
    """During the canary: two hosts on the candidate, three on the old version."""
    now = canary_checking().release

    assert found(now, **dict.fromkeys(CANARY, "2.0")) is None
    assert found(now, h1="2.0", h2="1.0") == ("h2: 2.0", "h2: 1.0")
    assert found(now, **dict.fromkeys(HOSTS, "2.0")) == ("h3: 1.0", "h3: 2.0")
    assert found(now, h1="2.0", h2="2.0", h4="9.9") == ("h4: 1.0", "h4: 9.9")


def test_nothing_can_be_said_while_an_operation_is_in_flight() -> None:
    """Any version may be there at this moment."""
    world = started(release(target(ONE)))
    world.until("auth/restart")

    assert found(world.release, h1="9.9") is None


def test_before_anything_is_restarted_the_old_version_runs() -> None:
    """A deploy alone changes no running version."""
    world = started(release(target(ONE)))
    world.until("auth/deploy", StepState.DONE)
    world.release = world.release.model_copy(
        update={
            "steps": tuple(
                s.model_copy(update={"state": StepState.WAITING})
                if s.state is StepState.RUNNING
                else s
                for s in world.release.steps
            )
        }
    )

    assert found(world.release) is None
    assert found(world.release, h3="2.0") == ("h3: 1.0", "h3: 2.0")


def test_after_a_rollback_the_old_version_runs_again() -> None:
    """What was taken back counts no more."""
    world = canary_checking()
    world.order(Verb.ROLLBACK, APPROVER)
    world.run()

    assert found(world.release) is None
    assert found(world.release, h1="2.0") == ("h1: 1.0", "h1: 2.0")


def test_of_a_mixed_component_only_restarted_hosts_are_known() -> None:
    """What the other hosts run was never one version."""
    world = canary_checking()
    mixed = world.release.changes[0].model_copy(update={"mixed": True})
    now = world.release.model_copy(update={"changes": (mixed,)})

    assert found(now, h1="2.0", h2="2.0", h4="9.9") is None
    assert found(now, h1="1.0", h2="2.0") == ("h1: 2.0", "h1: 1.0")


def test_an_executor_without_host_results_restarted_the_whole_group() -> None:
    """A restart that is done and names no hosts counts for all of its group."""
    world = started(release(target(ONE)))
    world.progress["auth/restart"] = Progress(state=ProgressState.SUCCEEDED)
    world.until("auth/check")

    assert found(world.release, **dict.fromkeys(HOSTS, "2.0")) is None
    assert found(world.release, **dict.fromkeys(HOSTS[:4], "2.0")) == ("h5: 2.0", "h5: 1.0")


def test_hosts_that_a_person_vouched_for_may_run_either_version() -> None:
    """After *It finished* nobody knows exactly; a third version is foreign all the same."""
    world = started(release(target(ONE)))
    world.progress["auth/restart"] = Progress(state=ProgressState.LOST)
    world.run()
    world.click(world.question(QuestionKind.STEP_UNSURE), Verb.OVERRIDE, ADMIN, reason="seen")

    assert found(world.release, **dict.fromkeys(HOSTS, "2.0")) is None
    assert found(world.release, h1="2.0") is None
    assert found(world.release, h1="9.9") == ("h1: 1.0 / 2.0", "h1: 9.9")


def test_hosts_of_a_skipped_restart_may_run_either_version() -> None:
    """Three hosts were restarted before it failed; the others were not."""
    some = (*hosts(HostState.SUCCEEDED, *HOSTS[:3]), *hosts(HostState.UNCHANGED, *HOSTS[3:]))
    world = started(release(target(ONE)))
    world.progress["auth/restart"] = Progress(state=ProgressState.FAILED, hosts=some)
    world.run()
    world.order(Verb.SKIP, ADMIN, step="auth/restart", reason="enough")

    assert found(world.release, **dict.fromkeys(HOSTS[:3], "2.0")) is None
    assert found(world.release, h5="2.0") == ("h5: 1.0", "h5: 2.0")
