"""When rounds run, and what their verdicts lead to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.core.config import OnFail, Policy
from bot.core.config.policy import RollbackScope
from bot.core.effect import EffectKind
from bot.core.event import Checked, Drifted
from bot.core.release import Phase, QuestionKind, Step, StepState
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.verdict.honesty import MISSED_ALL
from bot.core.verdict.verdict import Result
from bot.core.view.check import check_word
from tests.support.releases import (
    ADMIN,
    CANARIED,
    ONE,
    OPERATOR,
    TWO,
    World,
    release,
    started,
    target,
    verdict,
)

MINUTE = timedelta(minutes=1)
BY_ITSELF = Policy(on_fail=OnFail.ROLL_BACK)


def checking(result: Result = Result.PASS, policy: Policy | None = None) -> World:
    """One component whose last check has begun; its rounds will have this result."""
    world = started(release(target(ONE), policy, may_roll_back=True))
    world.results["auth/check"] = result
    world.until("auth/check")
    return world


def restarted(world: World) -> datetime:
    """F: the end of the restart that the check follows."""
    finished = world.step("auth/restart").finished_at
    assert finished is not None
    return finished


def ran(step: Step) -> list[tuple[int, int]]:
    """(round, repeat) of each look, in order."""
    return [(r.number, r.repeat) for r in step.rounds]


def test_exactly_three_rounds_at_five_ten_and_fifteen_minutes() -> None:
    """F + 5, F + 10, F + 15, each due and run at its time."""
    world = checking()
    world.run()

    rounds = world.step("auth/check").rounds
    expected = [restarted(world) + 5 * n * MINUTE for n in (1, 2, 3)]
    assert [r.due for r in rounds] == expected
    assert [r.ran_at for r in rounds] == expected
    assert world.phase() is Phase.DONE


def test_short_intervals_keep_their_times_too() -> None:
    """An interval shorter than the pause before a repetition does not shift the rounds."""
    world = checking(policy=Policy(interval=timedelta(seconds=20)))
    world.run()

    due = [r.due - restarted(world) for r in world.step("auth/check").rounds]
    assert due == [timedelta(seconds=20 * n) for n in (1, 2, 3)]


def test_the_time_scale_divides_every_duration_of_the_comparison() -> None:
    """With a factor of 60 the rounds are 5, 10 and 15 seconds after the restart."""
    start = release(target(ONE))
    scaled = start.config.model_copy(update={"time_scale": 60.0})
    world = started(start.model_copy(update={"config": scaled}))
    world.until("auth/check")
    world.run()

    due = [r.due - restarted(world) for r in world.step("auth/check").rounds]
    assert due == [timedelta(seconds=5 * n) for n in (1, 2, 3)]


def test_a_late_round_is_not_followed_by_its_successor_in_a_burst() -> None:
    """After downtime the missed round runs once, late, and the next one a minute later."""
    world = checking()
    world.now = restarted(world) + 11 * MINUTE
    step = world.step("auth/check")
    world.feed(Checked(step=step.id, round=1, repeat=0, late=True, verdict=verdict(at=world.now)))

    assert world.step("auth/check").next_at == world.now + MINUTE
    world.run()
    rounds = world.step("auth/check").rounds
    assert [r.late for r in rounds] == [True, False, False]
    assert rounds[2].due == restarted(world) + 15 * MINUTE


def test_an_answer_about_another_round_changes_nothing() -> None:
    """A round that two processes measured counts once."""
    world = checking()
    world.until("auth/check")
    while len(world.step("auth/check").rounds) < 1:
        world.tick()
    before = world.release

    world.feed(Checked(step="auth/check", round=1, repeat=0, late=False, verdict=verdict()))

    assert world.release is before


def test_under_ask_the_first_round_with_a_finding_is_the_verdict_fail() -> None:
    """One round is enough: the release pauses and people choose."""
    world = checking(Result.FAIL)
    world.run()

    question = world.question(QuestionKind.VERDICT_FAIL)
    assert ran(world.step("auth/check")) == [(1, 0)]
    assert world.phase() is Phase.PAUSED
    assert question.choices == (Verb.ROLLBACK, Verb.OVERRIDE, Verb.ABORT)


def test_under_observe_all_three_rounds_run_and_the_worst_counts() -> None:
    """A fail in round 1 is shown for ever; the release goes on."""
    world = checking(Result.FAIL, Policy(on_fail=OnFail.OBSERVE))
    while not world.step("auth/check").rounds:
        world.tick()
    world.results["auth/check"] = Result.PASS
    world.run()

    assert ran(world.step("auth/check")) == [(1, 0), (2, 0), (3, 0)]
    assert world.step("auth/check").result is Result.FAIL
    assert check_word(world.step("auth/check")) == "fail"
    assert world.phase() is Phase.DONE


def test_roll_back_acts_by_itself_after_a_countdown() -> None:
    """Thirty seconds in which anyone who may abort can stop it; then the component goes back."""
    world = checking(Result.FAIL, BY_ITSELF)
    world.run()
    question = world.question(QuestionKind.COUNTDOWN)

    assert question.act_at == question.asked_at + timedelta(seconds=30)
    world.ring("countdown")
    world.run()

    assert world.phase() is Phase.ROLLED_BACK
    assert world.step("auth/undo-verify").state is StepState.DONE


@pytest.mark.parametrize("typed", [True, False])
def test_whoever_may_abort_stops_the_countdown(*, typed: bool) -> None:
    """Pause, typed or pressed, leaves the decision to people; the timer then does nothing."""
    world = checking(Result.FAIL, BY_ITSELF)
    world.run()
    question = world.question(QuestionKind.COUNTDOWN)

    outcome = (
        world.order(Verb.PAUSE, OPERATOR) if typed else world.click(question, Verb.PAUSE, OPERATOR)
    )
    world.ring("countdown")

    assert outcome.refusal is None
    assert world.asks(QuestionKind.VERDICT_FAIL)
    assert world.phase() is Phase.PAUSED


def test_one_pause_stops_every_countdown() -> None:
    """Two failing components: the typed pause stops both automatic rollbacks."""
    world = started(release(target(TWO, parallel=2), BY_ITSELF, may_roll_back=True))
    world.results = {"auth/check": Result.FAIL, "media/check": Result.FAIL}
    world.run()
    kinds = [q.kind for q in world.release.open_questions]
    assert kinds == [QuestionKind.COUNTDOWN] * 2

    world.order(Verb.PAUSE, OPERATOR)

    kinds = [q.kind for q in world.release.open_questions]
    assert kinds == [QuestionKind.VERDICT_FAIL] * 2


def test_roll_back_without_a_backtest_acts_as_ask() -> None:
    """Nobody has shown how often it would be wrong: people decide."""
    world = started(release(target(ONE), BY_ITSELF, may_roll_back=False))
    world.results["auth/check"] = Result.FAIL
    world.run()

    assert world.asks(QuestionKind.VERDICT_FAIL)
    assert not world.asks(QuestionKind.COUNTDOWN)


def test_the_scope_of_an_automatic_rollback_is_the_policy_s() -> None:
    """The failing component alone by default; everything released so far with `release`."""
    released = {}
    for scope in RollbackScope:
        policy = Policy(on_fail=OnFail.ROLL_BACK, rollback_scope=scope)
        world = started(release(target(TWO), policy, may_roll_back=True))
        world.results["media/check"] = Result.FAIL
        world.until("media/check", StepState.FAILED)
        world.ring("countdown")
        world.run()
        released[scope] = (world.release.phase, world.release.rolled_back)

    assert released[RollbackScope.COMPONENT] == (Phase.PAUSED, ("media",))
    assert released[RollbackScope.RELEASE] == (Phase.ROLLED_BACK, ("auth", "media"))


def test_a_countdown_waits_for_the_rollback_that_is_under_way() -> None:
    """Two failing components are taken back one after the other, and the card says the new time."""
    world = started(release(target(TWO, parallel=2), BY_ITSELF, may_roll_back=True))
    world.results = {"auth/check": Result.FAIL, "media/check": Result.FAIL}
    world.run()
    world.ring("countdown")
    world.ring("countdown")
    second = world.question(QuestionKind.COUNTDOWN)

    assert world.release.rollback is not None
    assert second.act_at is not None
    assert second.act_at > world.now
    world.run()
    world.ring("countdown")
    world.run()
    assert set(world.release.rolled_back) == {"auth", "media"}


def test_an_automatic_rollback_with_nothing_to_go_back_to_asks() -> None:
    """Without a previous version the countdown ends in a question, not in a rollback."""
    start = release(target(ONE), BY_ITSELF, may_roll_back=True)
    first = start.changes[0].model_copy(update={"running": ""})
    world = started(start.model_copy(update={"changes": (first,)}))
    world.results["auth/check"] = Result.FAIL
    world.run()
    world.ring("countdown")

    closed = next(q for q in world.release.questions if q.kind is QuestionKind.COUNTDOWN).closed
    assert closed is not None
    assert closed.verb == "superseded"
    assert world.asks(QuestionKind.VERDICT_FAIL)


@pytest.mark.scenario(58)
@pytest.mark.parametrize("on_fail", list(OnFail))
def test_inconclusive_is_repeated_three_times_and_then_asked_about(on_fail: OnFail) -> None:
    """At every level: four looks a minute apart, then people choose; nothing passes by itself."""
    world = checking(Result.INCONCLUSIVE, Policy(on_fail=on_fail))
    world.run()

    question = world.question(QuestionKind.INCONCLUSIVE)
    assert ran(world.step("auth/check")) == [(1, 0), (1, 1), (1, 2), (1, 3)]
    gaps = [r.ran_at - restarted(world) for r in world.step("auth/check").rounds]
    assert gaps == [5 * MINUTE, 6 * MINUTE, 7 * MINUTE, 8 * MINUTE]
    assert question.choices == (Verb.CHECK, Verb.OVERRIDE, Verb.ROLLBACK, Verb.ABORT)
    assert world.step("auth/check").state is StepState.UNSURE
    assert world.phase() is Phase.PAUSED


def test_a_repetition_that_can_measure_goes_on_with_the_rounds() -> None:
    """The repeated round counts instead of the inconclusive one."""
    world = checking(Result.INCONCLUSIVE)
    while not world.step("auth/check").rounds:
        world.tick()
    world.results["auth/check"] = Result.PASS
    world.run()

    assert ran(world.step("auth/check")) == [(1, 0), (1, 1), (2, 0), (3, 0)]
    assert world.step("auth/check").result is Result.PASS
    assert world.step("auth/check").rounds[2].due == restarted(world) + 10 * MINUTE


def test_check_again_looks_at_once() -> None:
    """*Check again* runs the round now; when it passes, the others follow."""
    world = checking(Result.INCONCLUSIVE)
    world.run()
    world.results["auth/check"] = Result.PASS

    world.click(world.question(QuestionKind.INCONCLUSIVE), Verb.CHECK, OPERATOR)

    (look,) = world.pending(EffectKind.CHECK)
    assert look.due == world.now
    world.run()
    assert world.phase() is Phase.DONE


@pytest.mark.scenario(43)
def test_whoever_missed_all_rounds_is_asked_at_once() -> None:
    """Down for longer than all rounds: inconclusive, no repetition by itself, a look is offered."""
    world = checking()
    world.now = restarted(world) + 60 * MINUTE
    missed = verdict(Result.INCONCLUSIVE).model_copy(
        update={"reasons": (text(MISSED_ALL, late="45m"),)}
    )
    world.feed(Checked(step="auth/check", round=1, repeat=0, late=True, verdict=missed))

    question = world.question(QuestionKind.INCONCLUSIVE)
    assert question.choices[0] is Verb.CHECK
    assert ran(world.step("auth/check")) == [(1, 0)]


def test_go_on_anyway_is_shown_for_ever() -> None:
    """An override of an inconclusive check keeps the result, the person and the reason."""
    world = checking(Result.INCONCLUSIVE)
    world.run()
    world.click(
        world.question(QuestionKind.INCONCLUSIVE), Verb.OVERRIDE, ADMIN, reason="logs are down"
    )
    world.run()

    step = world.step("auth/check")
    assert world.phase() is Phase.DONE
    assert check_word(step) == "overridden"
    assert step.result is Result.INCONCLUSIVE
    assert step.override is not None


def test_checks_already_running_go_on_in_a_pause() -> None:
    """The release pauses for one component; another one's rounds run at their times."""
    world = started(release(target(TWO, parallel=2)))
    world.results["auth/check"] = Result.FAIL
    world.run()

    assert world.phase() is Phase.PAUSED
    assert world.step("media/check").state is StepState.DONE
    assert world.step("media/finish").state is StepState.WAITING


def test_a_pause_does_not_stop_the_watching_of_what_was_restarted() -> None:
    """A restart that ends during a pause is watched at its times; nothing is deployed meanwhile."""
    world = started(release(target(TWO)))
    world.until("auth/restart")
    world.order(Verb.PAUSE, OPERATOR)
    world.run()

    rounds = world.step("auth/check").rounds
    assert [r.due - restarted(world) for r in rounds] == [5 * n * MINUTE for n in (1, 2, 3)]
    assert world.step("auth/finish").state is StepState.WAITING
    assert world.step("media/start").state is StepState.WAITING


@pytest.mark.scenario(68)
def test_an_abort_between_rounds_cancels_the_remaining_ones() -> None:
    """Later looks do not happen, and the check's message is brought up to date."""
    world = checking()
    while not world.step("auth/check").rounds:
        world.tick()
    outcome = world.order(Verb.ABORT, OPERATOR)
    world.run()

    assert [f.key for f in outcome.facts if "checks" in f.key] == ["fact.checks_cancelled"]
    assert "check:auth/check" in {e.slot for e in outcome.effects}
    assert ran(world.step("auth/check")) == [(1, 0)]
    assert world.step("auth/check").next_at is None


@pytest.mark.scenario(69)
def test_a_terminated_check_never_shows_as_success() -> None:
    """Two clean rounds and an abort: cancelled, whatever the rounds said."""
    world = checking()
    while len(world.step("auth/check").rounds) < 2:
        world.tick()
    world.order(Verb.ABORT, OPERATOR)

    assert world.step("auth/check").result is Result.PASS
    assert check_word(world.step("auth/check")) == "cancelled"


@pytest.mark.scenario(55)
def test_a_foreign_deployment_suspends_the_verdict_and_warns() -> None:
    """Somebody deploys outside: no verdict, the release pauses, people are asked."""
    world = started(release(target(CANARIED)))
    world.until("chat/check-canary")
    world.feed(Drifted(component="chat", expected="h1: 2.0", found="h1: 9.9"))

    question = world.question(QuestionKind.DRIFT)
    assert world.step("chat/check-canary").state is StepState.UNSURE
    assert world.phase() is Phase.PAUSED
    assert question.step == "chat/check-canary"
    assert question.context is not None
    assert question.context.params["found"] == "h1: 9.9"


def test_two_foreign_versions_are_answered_one_by_one() -> None:
    """Answering for one component leaves the other question open; the last answer goes on."""
    world = started(release(target(TWO)))
    for name in ("auth", "media"):
        world.feed(Drifted(component=name, expected="1.0", found="9.9"))
    first, second = world.release.open_questions

    assert world.click(first, Verb.RESUME, OPERATOR).refusal is None
    assert world.phase() is Phase.PAUSED
    assert world.click(second, Verb.RESUME, OPERATOR).refusal is None
    assert world.phase() is Phase.RUNNING


def test_a_foreign_version_is_asked_about_once() -> None:
    """The same finding again changes nothing; one during a check suspends it, too."""
    world = started(release(target(ONE)))
    world.until("auth/deploy")
    foreign = Drifted(component="auth", expected="h1: 1.0", found="h1: 9.9")
    world.feed(foreign)
    before = world.release
    world.feed(foreign)
    assert world.release is before

    world.order(Verb.RESUME, OPERATOR)
    world.until("auth/check")
    world.feed(foreign)
    world.click(world.question(QuestionKind.DRIFT), Verb.CHECK, OPERATOR)
    world.feed(foreign)
    kinds = [q.kind for q in world.release.open_questions]
    assert kinds == [QuestionKind.DRIFT]
    assert world.step("auth/check").state is StepState.UNSURE


def test_a_foreign_version_is_not_asked_about_on_the_way_out() -> None:
    """In a rollback the versions are read back anyway."""
    world = checking()
    world.order(Verb.ROLLBACK, ADMIN)
    before = world.release

    world.feed(Drifted(component="auth", expected="1.0", found="9.9"))

    assert world.release is before


def test_a_foreign_version_of_an_unknown_component_is_none_of_ours() -> None:
    """Nothing is asked about what this release does not contain."""
    world = started(release(target(ONE)))
    before = world.release

    world.feed(Drifted(component="another", expected="1.0", found="9.9"))

    assert world.release is before
