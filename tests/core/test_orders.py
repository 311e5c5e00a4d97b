"""What people may decide, when, and what they are told when they may not."""

from __future__ import annotations

import pytest

from bot.core import view
from bot.core.card import Card
from bot.core.config import ConfirmMode, Role
from bot.core.machine import Outcome
from bot.core.release import Actor, Phase, QuestionKind, StepState
from bot.core.turn import board_nonce
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from tests.support.releases import (
    ADMIN,
    APPROVER,
    CANARIED,
    ONE,
    OPERATOR,
    OTHER,
    STARTER,
    TWO,
    VIEWER,
    World,
    release,
    started,
    target,
)


def refusal(outcome: Outcome) -> str:
    """The key of a refusal; empty when it was accepted."""
    return outcome.refusal.key if outcome.refusal else ""


def at_gate(**fields: object) -> World:
    """A canaried component whose promotion is asked for."""
    world = started(release(target(CANARIED, **fields)))
    world.until("chat/gate", StepState.ASKED)
    return world


def failed(world: World, step: str) -> World:
    """The executor refuses to start this step."""
    world.refused[step] = "no"
    world.until(step, StepState.FAILED)
    del world.refused[step]
    return world


@pytest.mark.scenario(2)
def test_two_people_approve_at_once_and_one_wins() -> None:
    """The second click is told privately who won and when, and changes nothing."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)
    world.click(gate, Verb.APPROVE, APPROVER)
    decided, before = world.now, world.release

    late = world.click(gate, Verb.APPROVE, OTHER)

    assert late.refused_as == "decided"
    assert late.refusal is not None
    assert late.refusal.params["who"] == "Ren"
    assert late.refusal.params["at"] == decided.isoformat()
    assert world.release is before


def on(surface: str, who: Actor) -> Actor:
    """The same person, deciding on a surface."""
    return who.model_copy(update={"surface": surface})


def places(card: Card, key: str) -> list[object]:
    """Where it was said what these lines of a card tell."""
    lines = [line for line in card.lines if isinstance(line, Text)]
    return [line.params["via"] for line in lines if line.key == key]


def test_every_decision_keeps_the_surface_it_came_from() -> None:
    """Cards of other rooms name it, and so does the answer to whoever is late."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)
    world.click(gate, Verb.APPROVE, on("line", APPROVER))
    late = world.click(gate, Verb.APPROVE, on("slack", OTHER))
    world.order(Verb.PAUSE, on("slack", OPERATOR), reason="look")
    paused = view.board(world.release, world.now)
    after = next(q for q in world.release.questions if q.id == gate.id)

    assert (after.votes[0].surface, after.closed and after.closed.surface) == ("line", "line")
    assert late.refusal is not None
    assert late.refusal.params["via"] == "line"
    assert places(view.question(world.release, after), "closed.by") == ["line"]
    assert places(paused, "board.paused_by") == ["slack"]


def test_a_rollback_and_a_waving_through_keep_their_surface() -> None:
    """They are told to every room, and stay on the board."""
    world = failed(started(release(target(ONE))), "auth/deploy")
    world.order(Verb.SKIP, on("slack", ADMIN), step="auth/deploy", reason="by hand")
    waved = view.override(world.release, world.step("auth/deploy"))
    board = view.board(world.release, world.now)
    other = at_gate()
    other.order(Verb.ROLLBACK, on("web", APPROVER))
    begun = view.rollback(other.release)

    assert waved.title.params["via"] == "slack"
    assert places(board, "board.overridden") == ["slack"]
    assert begun.title.params["via"] == "web"
    assert other.release.questions[-1].closed is not None
    assert other.release.questions[-1].closed.surface == "web"


@pytest.mark.scenario(3)
def test_abort_before_approve_and_nothing_leaves() -> None:
    """If the abort comes first, the approval finds nothing to approve and no restart leaves."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)
    world.order(Verb.ABORT, OPERATOR)
    performed = len(world.performed)

    late = world.click(gate, Verb.APPROVE, APPROVER)
    world.run()

    assert refusal(late) == "refused.ended_decided"
    assert late.refusal is not None
    assert (late.refusal.params["who"], late.refusal.params["verb"]) == ("Yui", "abort")
    assert world.step("chat/restart").attempt == 0
    assert all(e.kind in {"show", "share"} for e in world.performed[performed:])


@pytest.mark.scenario(12)
def test_a_click_on_a_message_of_an_ended_release_is_expired() -> None:
    """Old buttons stay clickable for ever; they are answered and change nothing."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)
    world.order(Verb.ABORT, OPERATOR)
    before = world.release

    late = world.click(gate, Verb.APPROVE, APPROVER)

    assert late.refused_as == "expired"
    assert world.release is before
    assert before.phase is Phase.ABORTED


@pytest.mark.scenario(12)
def test_a_late_press_says_who_decided_what_and_that_it_is_over() -> None:
    """After the end the person of the question is named, not somebody of another question."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)
    world.click(gate, Verb.APPROVE, APPROVER)
    world.run()
    assert world.phase() is Phase.DONE

    pressed = world.click(gate, Verb.APPROVE, OTHER)
    board = world.order(Verb.ABORT, OTHER)

    assert pressed.refusal is not None
    assert refusal(pressed) == "refused.ended_decided"
    assert pressed.refused_as == "expired"
    assert pressed.refusal.params["who"] == "Ren"
    assert pressed.refusal.params["phase"] == "done"
    assert refusal(board) == "refused.ended"


@pytest.mark.scenario(12)
def test_a_rollback_by_a_person_is_who_ended_the_other_questions() -> None:
    """The card of a gate that a rollback made needless names whoever rolled back, and why."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)
    world.order(Verb.ROLLBACK, APPROVER, reason="too slow")

    closed = next(q for q in world.release.questions if q.id == gate.id).closed
    assert closed is not None
    assert (closed.verb, closed.name, closed.reason) == ("rollback", "Ren", "too slow")


@pytest.mark.scenario(14)
def test_one_person_signs_once_however_many_devices() -> None:
    """With two approvals needed, the same person twice counts once; another one completes it."""
    world = at_gate(approvals=2)
    gate = world.question(QuestionKind.GATE)
    world.click(gate, Verb.APPROVE, APPROVER)

    again = world.click(gate, Verb.APPROVE, APPROVER)

    assert refusal(again) == "refused.voted"
    assert len(world.question(QuestionKind.GATE).votes) == 1
    world.click(gate, Verb.APPROVE, OTHER)
    assert world.step("chat/gate").state is StepState.DONE


@pytest.mark.scenario(15)
def test_the_starter_may_not_approve_the_promotion() -> None:
    """self_approval: false refuses whoever started; true lets them."""
    world = at_gate()
    own = world.click(world.question(QuestionKind.GATE), Verb.APPROVE, STARTER)
    trusting = at_gate(self_approval=True)
    allowed = trusting.click(trusting.question(QuestionKind.GATE), Verb.APPROVE, STARTER)

    assert refusal(own) == "refused.self_approval"
    assert refusal(allowed) == ""


@pytest.mark.scenario(16)
def test_the_role_at_the_time_of_the_click_decides() -> None:
    """Somebody who was an approver when asked, and is none now, is refused."""
    world = at_gate()
    removed = APPROVER.model_copy(update={"role": Role.VIEWER})

    outcome = world.click(world.question(QuestionKind.GATE), Verb.APPROVE, removed)

    assert refusal(outcome) == "refused.role"
    assert world.step("chat/gate").state is StepState.ASKED


@pytest.mark.scenario(24)
def test_break_glass_needs_a_role_and_a_reason_and_is_flagged() -> None:
    """Only an admin, only with a reason, told to the room, kept for ever."""
    world = started(release(target(ONE)))
    world.results["auth/check"] = Result.FAIL
    world.until("auth/check", StepState.FAILED)
    question = world.question(QuestionKind.VERDICT_FAIL)

    assert refusal(world.click(question, Verb.OVERRIDE, APPROVER, reason="x")) == "refused.role"
    assert refusal(world.click(question, Verb.OVERRIDE, ADMIN, reason="  ")) == "refused.reason"
    outcome = world.click(question, Verb.OVERRIDE, ADMIN, reason="known noise")

    override = world.step("auth/check").override
    assert override is not None
    assert (override.name, override.reason) == ("Kai", "known noise")
    assert "override:auth/check" in {e.slot for e in outcome.effects}
    world.run()
    assert world.phase() is Phase.DONE
    assert world.step("auth/check").state is StepState.OVERRIDDEN


def test_owners_are_approvers_of_their_component_only() -> None:
    """An owner approves what they own, and gains nothing over the release as a whole."""
    owner = Actor(person="umi", name="Umi", owns=("chat",))
    world = at_gate()

    assert refusal(world.order(Verb.PAUSE, owner)) == "refused.role"
    assert refusal(world.order(Verb.ABORT, owner)) == "refused.role"
    assert refusal(world.order(Verb.ROLLBACK, owner)) == "refused.role"
    assert refusal(world.order(Verb.APPROVE, owner)) == ""
    assert world.step("chat/gate").state is StepState.DONE


def test_an_owner_may_not_roll_back_everything_through_their_question() -> None:
    """*Roll back all* on the card of an owned component needs an approver of the whole target."""
    owner = Actor(person="umi", name="Umi", owns=("media",))
    world = started(release(target(TWO)))
    world.results["media/check"] = Result.FAIL
    world.until("media/check", StepState.FAILED)
    question = world.question(QuestionKind.VERDICT_FAIL)

    everything = world.click(question, Verb.ROLLBACK, owner, component="all", step="")
    own = world.click(question, Verb.ROLLBACK, owner)

    assert refusal(everything) == "refused.role"
    assert refusal(own) == ""
    assert world.release.rollback is not None
    assert world.release.rollback.components == ("media",)


def test_a_production_start_needs_an_approver() -> None:
    """An operator may start elsewhere than production only."""
    production = World(release(target(ONE)))
    rehearsal = World(release(target(ONE, production=False)))

    first = production.click(production.question(QuestionKind.START), Verb.START, OPERATOR)
    second = rehearsal.click(rehearsal.question(QuestionKind.START), Verb.START, OPERATOR)

    assert refusal(first) == "refused.role"
    assert refusal(second) == ""


@pytest.mark.scenario(70)
def test_an_unwatched_target_is_started_by_saying_so() -> None:
    """Without monitoring the start needs words: nothing is skipped silently."""
    world = World(release(target(ONE, monitoring=False)))
    question = world.question(QuestionKind.START)

    assert refusal(world.click(question, Verb.START)) == "refused.acknowledge"
    assert world.phase() is Phase.PLANNED
    assert refusal(world.click(question, Verb.START, reason="I know")) == ""
    assert world.release.begun_at is not None


@pytest.mark.parametrize("role", [VIEWER, Actor(person="", name="?")])
def test_whoever_may_only_look_moves_nothing(role: Actor) -> None:
    """Viewers and strangers are refused whatever they press."""
    world = at_gate()
    before = world.release

    for verb in Verb:
        assert world.order(verb, role, reason="x").refusal is not None
    for verb in world.question(QuestionKind.GATE).choices:
        assert world.click(world.question(QuestionKind.GATE), verb, role).refusal is not None
    assert world.release is before


def test_pause_stops_beginning_and_resume_goes_on() -> None:
    """What runs, runs on; nothing further begins; a second pause is refused with the name."""
    world = started(release(target(ONE)))
    world.until("auth/deploy")
    world.order(Verb.PAUSE, OPERATOR, reason="lunch")
    world.run()

    assert world.step("auth/deploy").state is StepState.DONE
    assert world.step("auth/restart").state is StepState.WAITING
    again = world.order(Verb.PAUSE, APPROVER)
    assert again.refusal is not None
    assert again.refusal.params["who"] == "Yui"
    world.order(Verb.RESUME, APPROVER)
    world.run()
    assert world.phase() is Phase.DONE
    assert refusal(world.order(Verb.RESUME, APPROVER)) == "refused.ended"


def test_pause_and_abort_are_accepted_from_any_board_of_a_live_release() -> None:
    """The board's nonce is good as long as the release lives, whatever was asked meanwhile."""
    world = started(release(target(ONE)))
    old = {"nonce": board_nonce(world.release), "version": "board"}
    world.until("auth/check")

    assert refusal(world.order(Verb.PAUSE, OPERATOR, **old)) == ""
    assert refusal(world.order(Verb.APPROVE, APPROVER, **old)) == "refused.stale"
    assert refusal(world.order(Verb.ABORT, OPERATOR, **old)) == ""
    assert world.phase() is Phase.ABORTED


def test_an_old_copy_of_the_board_never_asks_for_the_opposite() -> None:
    """The button names the way of confirming, so pressing it twice changes it once."""
    world = started(release(target(ONE)))
    button = {"nonce": board_nonce(world.release), "version": "eachstep"}

    first = world.order(Verb.CONFIRM, OPERATOR, mode=ConfirmMode.EACH_STEP, **button)
    again = world.order(Verb.CONFIRM, OPERATOR, mode=ConfirmMode.GATES, **button)

    assert refusal(first) == ""
    assert refusal(again) == "refused.confirm_same"
    assert world.release.confirm is ConfirmMode.EACH_STEP


def test_a_forged_or_foreign_button_is_stale() -> None:
    """Another nonce, version or step than the question's own changes nothing."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)

    for wrong in ({"nonce": "00000000"}, {"version": "00000000"}, {"step": "chat/deploy"}):
        assert refusal(world.click(gate, Verb.APPROVE, APPROVER, **wrong)) == "refused.stale"
    assert refusal(world.click(gate, Verb.GO, APPROVER)) == "refused.stale"


def test_a_button_may_name_its_step_by_number() -> None:
    """A step with a long name stands in its buttons by its number."""
    world = at_gate()
    number = str(world.step("chat/gate").number)

    outcome = world.click(world.question(QuestionKind.GATE), Verb.APPROVE, step=number)

    assert refusal(outcome) == ""


def test_typed_text_that_could_mean_two_questions_must_name_the_step() -> None:
    """Nothing is guessed: the refusal lists the steps, and naming one decides."""
    world = started(release(target(TWO, parallel=2)), ConfirmMode.EACH_STEP)
    world.run()

    outcome = world.order(Verb.GO, OPERATOR)

    assert refusal(outcome) == "refused.which"
    assert outcome.refusal is not None
    assert outcome.refusal.params["steps"] == "auth/deploy, media/deploy"
    assert refusal(world.order(Verb.GO, OPERATOR, step="media/deploy")) == ""
    assert world.step("media/deploy").state is StepState.RUNNING
    assert world.step("auth/deploy").state is StepState.ASKED


def test_a_typed_answer_that_comes_late_is_told_who_decided() -> None:
    """Without an open question the last decision of its kind is named."""
    world = at_gate()
    world.order(Verb.APPROVE, APPROVER)

    late = world.order(Verb.APPROVE, OTHER)

    assert refusal(late) == "refused.decided"
    assert refusal(world.order(Verb.RETRY, OTHER)) == "refused.no_question"


def test_a_go_waits_for_the_end_of_a_pause() -> None:
    """Nothing begins while paused, not even what is asked for."""
    world = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    world.run()
    world.order(Verb.PAUSE, OPERATOR)

    assert refusal(world.order(Verb.GO, OPERATOR)) == "refused.paused_by"
    world.order(Verb.RESUME, OPERATOR)
    assert refusal(world.order(Verb.GO, OPERATOR)) == ""


def test_retry_begins_a_new_attempt_without_asking_again() -> None:
    """Under each_step the retry is the Go of its attempt."""
    world = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    world.run()
    world.order(Verb.GO, OPERATOR)
    failed(world, "auth/deploy")

    world.order(Verb.RETRY, OPERATOR)

    assert world.step("auth/deploy").attempt == 2
    assert world.step("auth/deploy").state is StepState.RUNNING
    assert world.phase() is Phase.RUNNING


def test_a_retry_begins_when_everything_that_holds_the_release_is_answered() -> None:
    """With two failed steps, the first retry waits for the second answer: nothing begins paused."""
    world = started(release(target(TWO, parallel=2)))
    world.refused = {"auth/deploy": "no", "media/deploy": "no"}
    world.run()
    world.refused = {}

    world.order(Verb.RETRY, OPERATOR, step="auth/deploy")
    assert world.phase() is Phase.PAUSED
    assert world.step("auth/deploy").attempt == 1
    world.order(Verb.RETRY, OPERATOR, step="media/deploy")

    assert world.phase() is Phase.RUNNING
    assert {world.step(s).attempt for s in ("auth/deploy", "media/deploy")} == {2}


def test_a_retry_respects_the_pause_of_a_person() -> None:
    """Who paused by hand resumes by hand."""
    world = started(release(target(TWO, parallel=2)))
    world.until("auth/deploy")
    world.order(Verb.PAUSE, OPERATOR)
    failed(world, "media/deploy")
    world.order(Verb.RETRY, OPERATOR)

    assert world.phase() is Phase.PAUSED
    world.order(Verb.RESUME, OPERATOR)
    assert world.step("media/deploy").attempt == 2


def test_resume_does_not_pass_over_what_must_be_answered() -> None:
    """An open failure is named; answering it is the way on."""
    world = failed(started(release(target(ONE))), "auth/deploy")

    outcome = world.order(Verb.RESUME, OPERATOR)

    assert refusal(outcome) == "refused.answer_first"
    assert outcome.refusal is not None
    assert outcome.refusal.params["step"] == "auth/deploy"


def test_only_an_admin_skips_and_only_what_failed() -> None:
    """Skip needs a fail, a reason and the role; what was skipped is shown for ever."""
    world = started(release(target(ONE)))
    early = world.order(Verb.SKIP, ADMIN, step="auth/check", reason="hurry")
    failed(world, "auth/deploy")

    assert refusal(early) == "refused.skip"
    assert (
        refusal(world.order(Verb.SKIP, ADMIN, step="nothing/here", reason="x")) == "refused.no_step"
    )
    assert (
        refusal(world.order(Verb.SKIP, OPERATOR, step="auth/deploy", reason="x")) == "refused.role"
    )
    assert refusal(world.order(Verb.SKIP, ADMIN, step="auth/deploy", reason="x")) == ""
    assert world.step("auth/deploy").state is StepState.SKIPPED
    world.run()
    assert world.phase() is Phase.DONE


def test_a_promotion_is_never_skipped() -> None:
    """A rejected gate is asked again, rolled back or aborted; there is no way around it."""
    world = at_gate()
    world.order(Verb.REJECT, APPROVER, reason="looks odd")

    assert refusal(world.order(Verb.SKIP, ADMIN, step="chat/gate", reason="x")) == "refused.skip"
    world.order(Verb.RETRY, OPERATOR)
    assert world.step("chat/gate").state is StepState.ASKED


def test_a_rejection_pauses_and_asks_what_next() -> None:
    """Reject needs a reason, which is told; nothing is rolled back by itself."""
    world = at_gate()
    gate = world.question(QuestionKind.GATE)

    assert refusal(world.click(gate, Verb.REJECT, APPROVER)) == "refused.reason"
    world.click(gate, Verb.REJECT, APPROVER, reason="looks odd")

    question = world.question(QuestionKind.REJECTED)
    assert world.phase() is Phase.PAUSED
    assert question.choices == (Verb.ROLLBACK, Verb.RETRY, Verb.ABORT)
    assert question.context is not None
    assert question.context.params == {"who": "Ren", "reason": "looks odd"}


def test_by_people_counts_accepted_decisions() -> None:
    """Refusals and notes count nothing."""
    world = at_gate()
    world.order(Verb.NOTE, OPERATOR, reason="the canary looks fine")
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE, STARTER)
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE, APPROVER)

    assert world.release.decisions == 2
    assert "fact.note" in world.facts


def test_a_pause_by_a_rule_has_no_name() -> None:
    """The refusal of a Go names a person only where one paused."""
    world = started(release(target(TWO, parallel=2)), ConfirmMode.EACH_STEP)
    world.run()
    world.refused["auth/deploy"] = "no"
    world.order(Verb.GO, OPERATOR, step="auth/deploy")
    world.until("auth/deploy", StepState.FAILED)

    assert refusal(world.order(Verb.GO, OPERATOR, step="media/deploy")) == "refused.paused"
    assert refusal(world.order(Verb.PAUSE, OPERATOR)) == "refused.paused"


def test_nothing_is_decided_about_a_release_that_is_being_aborted() -> None:
    """Rollback, pause and another way of confirming make no sense any more; it says so."""
    world = started(release(target(ONE)))
    world.until("auth/deploy")
    world.order(Verb.ABORT, OPERATOR)

    for verb in (Verb.ROLLBACK, Verb.PAUSE, Verb.CONFIRM):
        assert refusal(world.order(verb, ADMIN)) == "refused.phase"
    assert refusal(world.order(Verb.RESUME, ADMIN)) == "refused.not_paused"
    assert refusal(world.order(Verb.ROLLBACK, ADMIN, component="no")) == "refused.no_component"


def test_switching_the_way_of_confirming_in_a_pause_begins_nothing() -> None:
    """The open Go is given by *Run on*, and used when the pause ends."""
    world = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    world.run()
    world.order(Verb.PAUSE, OPERATOR)
    world.order(Verb.CONFIRM, OPERATOR)

    assert not world.asks(QuestionKind.GO)
    assert world.step("auth/deploy").attempt == 0
    world.order(Verb.RESUME, OPERATOR)
    assert world.step("auth/deploy").attempt == 1


def test_a_skip_answers_the_question_about_its_step() -> None:
    """Nothing stays open about what was skipped, not even a check's verdict."""
    world = started(release(target(ONE)))
    world.results["auth/check"] = Result.FAIL
    world.run()
    world.order(Verb.SKIP, ADMIN, step="auth/check", reason="known")

    assert world.release.open_questions == ()
    assert world.phase() is Phase.DONE
    assert world.step("auth/check").state is StepState.SKIPPED


def test_a_note_is_kept_even_after_the_end() -> None:
    """A note moves nothing, so an ended release takes it."""
    world = at_gate()
    world.order(Verb.ABORT, OPERATOR)

    outcome = world.order(Verb.NOTE, OPERATOR, reason="to be continued")

    assert refusal(outcome) == ""
    assert [f.key for f in outcome.facts] == ["fact.note", "fact.order"]
    assert not outcome.effects


def test_a_step_that_is_not_asked_about_is_named() -> None:
    """Nobody decided about it: an unknown step, or one whose turn has not come."""
    world = started(mode=ConfirmMode.EACH_STEP)
    world.run()

    unknown = world.order(Verb.GO, OPERATOR, step="99")
    early = world.order(Verb.GO, OPERATOR, step="chat/deploy")
    world.click(world.question(QuestionKind.GO), Verb.GO, OPERATOR)
    twice = world.order(Verb.GO, OPERATOR, step="auth/deploy")

    assert refusal(unknown) == "refused.no_step"
    assert early.refusal == text(
        "refused.not_asked_but", step="chat/deploy", verb="go", steps="auth/deploy"
    )
    assert refusal(twice) == "refused.decided"
    assert refusal(world.order(Verb.APPROVE, step="chat/deploy")) == "refused.not_asked"


def test_the_reason_of_a_pause_is_a_question_that_is_open() -> None:
    """When what held the release is answered and something else holds it, that is the reason."""
    world = started(release(target(TWO, parallel=2)))
    world.results.update({"auth/check": Result.FAIL, "media/check": Result.INCONCLUSIVE})
    world.run()
    first, second = world.release.open_questions
    assert world.release.pause is not None
    assert world.release.pause.reason == first.cause
    world.click(first, Verb.OVERRIDE, ADMIN, reason="known")

    assert world.release.pause is not None
    assert world.release.pause.reason == second.cause
    world.click(second, Verb.OVERRIDE, ADMIN, reason="known")
    assert world.release.pause is None
