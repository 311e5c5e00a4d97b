"""The card of a question: what is asked, of whom, until when, and who decided."""

from __future__ import annotations

import pytest

from bot.core import view
from bot.core.card import Card
from bot.core.config import Component
from bot.core.event import Replanned
from bot.core.operation import Progress, ProgressState
from bot.core.plan import difference
from bot.core.release import QuestionKind, StepState
from bot.core.value import Text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from tests.support.releases import (
    ADMIN,
    APPROVER,
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


def asked(world: World, kind: QuestionKind) -> Card:
    """The card of the last question of a kind."""
    question = next(q for q in reversed(world.release.questions) if q.kind is kind)
    return view.question(world.release, question, ("ren", "sora"))


def at_gate(**fields: object) -> World:
    """A promotion is asked for."""
    world = started(release(target(CANARIED, **fields)))
    world.until("chat/gate", StepState.ASKED)
    return world


def failed_check() -> World:
    """The second of two components has a regression."""
    world = started(release(target(TWO)))
    world.results["media/check"] = Result.FAIL
    world.until("media/check", StepState.FAILED)
    return world


def labels(card: Card) -> list[str]:
    """What the buttons say."""
    return [action.label.key for action in card.actions]


def lines(card: Card) -> list[str]:
    """The keys of the card's lines."""
    return [line.key for line in card.lines if isinstance(line, Text)]


def test_a_promotion_names_what_goes_from_what_to_what() -> None:
    """The people who may are mentioned; the dialog says it again; silence has a consequence."""
    card = asked(at_gate(), QuestionKind.GATE)

    assert card.mentions == ("ren", "sora")
    assert (card.text.params["running"], card.text.params["candidate"]) == ("1.0", "2.0")
    assert labels(card) == ["button.approve", "button.reject"]
    approve, reject = (action.confirm for action in card.actions)
    assert approve is not None
    assert not approve.reason
    assert reject is not None
    assert reject.reason
    assert isinstance(card.footer, Text)
    assert card.footer.key == "silence.pause"


def test_a_decided_question_loses_its_buttons_and_says_who_decided() -> None:
    """A persistent line with decision, person and time; nobody is mentioned any more."""
    world = at_gate()
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE, APPROVER)
    card = asked(world, QuestionKind.GATE)

    decision = card.lines[-1]
    assert card.actions == ()
    assert card.mentions == ()
    assert card.state == "closed"
    assert isinstance(decision, Text)
    assert decision.key == "closed.by"
    assert decision.params["who"] == "Ren"
    assert decision.params["at"] == world.now.isoformat()


def test_a_decision_with_a_reason_keeps_it() -> None:
    """The rejection's reason stays on the card."""
    world = at_gate()
    world.click(world.question(QuestionKind.GATE), Verb.REJECT, APPROVER, reason="odd")

    decision = asked(world, QuestionKind.GATE).lines[-1]
    assert isinstance(decision, Text)
    assert (decision.key, decision.params["reason"]) == ("closed.reason", "odd")


def test_votes_are_counted_on_the_card() -> None:
    """One of two, and whose."""
    world = at_gate(approvals=2)
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE, APPROVER)

    card = asked(world, QuestionKind.GATE)

    assert lines(card) == ["question.vote", "question.votes"]
    assert labels(card) == ["button.approve", "button.reject"]
    world.click(world.question(QuestionKind.GATE), Verb.APPROVE, OTHER)
    assert lines(asked(world, QuestionKind.GATE)) == ["question.vote", "question.vote", "closed.by"]


@pytest.mark.parametrize(("ring", "key"), [(True, "closed.expired"), (False, "closed.superseded")])
def test_a_question_that_nobody_answered_says_so(*, ring: bool, key: str) -> None:
    """Expired, or not needed any more."""
    world = World(release(target(ONE)))
    if ring:
        world.ring("expiry")
    else:
        changes, steps = world.release.changes, world.release.steps
        world.feed(
            Replanned(
                actor=APPROVER,
                config=world.release.config,
                changes=changes,
                left_out=(),
                steps=steps,
                plan_hash="other",
                difference=difference(changes, changes),
            )
        )
    first = view.question(world.release, world.release.questions[0])

    assert lines(first)[-1] == key


def test_the_start_shows_the_plan_and_what_is_left_out() -> None:
    """Running and candidate of each component, canary hosts, operations."""
    whole = release(target({**ONE, **CANARIED})).model_copy(update={"left_out": ("push",)})
    card = asked(World(whole), QuestionKind.START)

    assert card.table is not None
    assert [row.cells[:2] for row in card.table.rows[:2]] == [
        ("auth", "1.0 → 2.0"),
        ("chat", "1.0 → 2.0"),
    ]
    assert card.table.rows[1].cells[2:] == ("canary: h1, h2", "3")
    assert card.table.rows[2].state == "left_out"
    assert labels(card) == ["button.start", "button.cancel"]
    assert isinstance(card.footer, Text)
    assert card.footer.key == "silence.start"


@pytest.mark.scenario(70)
def test_an_unwatched_start_asks_for_words_in_its_dialog() -> None:
    """The button has a dialog with a reason; a watched start has none."""
    unwatched = asked(World(release(target(ONE, monitoring=False))), QuestionKind.START)
    watched = asked(World(release(target(ONE))), QuestionKind.START)

    assert unwatched.actions[0].confirm is not None
    assert unwatched.actions[0].confirm.reason
    assert watched.actions[0].confirm is None


def test_a_regression_offers_one_component_and_everything() -> None:
    """*Roll back NAME* and *Roll back all N released so far*; the way on needs a reason."""
    card = asked(failed_check(), QuestionKind.VERDICT_FAIL)

    assert labels(card) == [
        "button.rollback_one",
        "button.rollback_all",
        "button.override",
        "button.abort",
    ]
    assert card.actions[1].label.params == {"count": 2}
    bodies = [a.confirm.body.params for a in card.actions[:2] if a.confirm]
    assert bodies == [
        {"component": "media", "candidate": "2.0", "running": "1.0"},
        {"components": "media, auth"},
    ]
    override = card.actions[2].confirm
    assert override is not None
    assert override.reason
    assert isinstance(card.footer, Text)
    assert card.footer.key == "silence.stands"


@pytest.mark.scenario(57)
def test_a_rollback_that_would_be_refused_is_not_offered() -> None:
    """Without a previous version there is no button to go back."""
    start = release(target(ONE))
    first = start.changes[0].model_copy(update={"running": ""})
    world = started(start.model_copy(update={"changes": (first,)}))
    world.results["auth/check"] = Result.FAIL
    world.run()

    assert labels(asked(world, QuestionKind.VERDICT_FAIL)) == ["button.override", "button.abort"]


def test_the_buttons_of_an_unsure_step_say_what_they_do() -> None:
    """*Look again*, *It finished*: never a blind *Retry*."""
    world = started(release(target(ONE)))
    world.progress["auth/deploy"] = Progress(state=ProgressState.LOST)
    world.run()

    card = asked(world, QuestionKind.STEP_UNSURE)

    assert labels(card) == [
        "button.look_again",
        "button.rollback_one",
        "button.it_finished",
        "button.abort",
    ]
    finished = card.actions[2].confirm
    assert finished is not None
    assert finished.body.key == "confirm.override.step_unsure"


@pytest.mark.scenario(54)
def test_a_failed_rollback_lists_what_to_do_by_hand() -> None:
    """Hosts and version, and the three ways on."""
    world = started(release(target(ONE)))
    world.until("auth/check")
    world.order(Verb.ROLLBACK, APPROVER)
    world.refused["auth/undo-deploy"] = "disk full"
    world.run()

    card = asked(world, QuestionKind.ROLLBACK_FAILED)

    assert lines(card) == ["question.rollback_failed"]
    assert labels(card) == ["button.retry", "button.restored_by_hand", "button.abort"]
    stop = card.actions[2].confirm
    assert stop is not None
    assert stop.body.key == "confirm.abort_rollback.body"


def test_after_a_part_was_taken_back_the_buttons_name_the_ways_on() -> None:
    """*Go on with the others*, *Roll back all N*, *End here*."""
    world = failed_check()
    world.click(world.question(QuestionKind.VERDICT_FAIL), Verb.ROLLBACK)
    world.run()

    assert labels(asked(world, QuestionKind.ROLLED_BACK)) == [
        "button.go_on_others",
        "button.rollback_all",
        "button.end_here",
    ]


def test_a_rollback_is_not_offered_while_another_one_runs() -> None:
    """It would be refused; the question stays for afterwards."""
    world = started(release(target(TWO, parallel=2)))
    world.results = {"auth/check": Result.FAIL, "media/check": Result.FAIL}
    world.run()
    first = next(q for q in world.release.open_questions if q.component == "auth")
    world.click(first, Verb.ROLLBACK)

    assert "button.rollback_one" not in labels(asked(world, QuestionKind.VERDICT_FAIL))
    world.run()
    assert "button.rollback_one" in labels(asked(world, QuestionKind.VERDICT_FAIL))


def test_a_step_with_a_long_name_fits_into_its_button_by_number() -> None:
    """The longest name that release.yml allows still gives buttons that work."""
    name = "n" * 60
    world = started(release(target({name: Component(canary="canary")})))
    world.refused[f"{name}/restart-canary"] = "no"
    world.run()
    card = asked(world, QuestionKind.STEP_FAILED)
    number = world.step(f"{name}/restart-canary").number

    assert f"|{number}|" in card.actions[0].value
    question = world.question(QuestionKind.STEP_FAILED)
    assert world.click(question, Verb.RETRY, OPERATOR, step=str(number)).refusal is None


def test_a_refused_start_shows_why() -> None:
    """What the executor said stands on the card."""
    world = started(release(target(ONE)))
    world.refused["auth/deploy"] = "maintenance"
    world.run()

    context = asked(world, QuestionKind.STEP_FAILED).lines[0]
    assert isinstance(context, Text)
    assert context.params == {"step": "auth/deploy", "detail": "maintenance"}
    world.order(Verb.SKIP, ADMIN, step="auth/deploy", reason="later")
    assert labels(asked(world, QuestionKind.STEP_FAILED)) == []
