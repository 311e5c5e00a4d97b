"""Cards that rooms only hear."""

from __future__ import annotations

from bot.core import view
from bot.core.release import Phase, QuestionKind
from bot.core.value import Text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from tests.support.releases import (
    ADMIN,
    APPROVER,
    HOSTS,
    ONE,
    OPERATOR,
    TWO,
    World,
    release,
    started,
    target,
)


def rolling(start: str = "auth/check") -> World:
    """A rollback of everything has been asked for."""
    world = started(release(target(ONE)))
    world.until(start)
    world.order(Verb.ROLLBACK, APPROVER)
    return world


def test_each_component_and_the_whole_release_are_told_differently() -> None:
    """`each` names the component, `digest` all of them at once."""
    world = started(release(target(TWO)))
    step = world.step("auth/start")

    each = view.share(world.release, step, digest=False)
    digest = view.share(world.release, step, digest=True)

    assert each.text.key == "share.start.each"
    assert each.text.params["candidate"] == "2.0"
    assert digest.text.key == "share.start.digest"
    assert digest.text.params["components"] == "auth, media"


def test_the_result_has_the_seed_s_arithmetic() -> None:
    """Operations, and how many decisions people took."""
    world = started(release(target(ONE)))
    world.run()
    card = view.result(world.release)

    assert card.state == "done"
    assert isinstance(card.lines[-1], Text)
    assert card.lines[-1].params["operations"] == 5
    assert card.lines[-1].params["people"] == 1


def test_the_result_names_what_was_taken_back() -> None:
    """A release that ended without a component says which."""
    world = started(release(target(TWO)))
    world.results["auth/check"] = Result.FAIL
    world.run()
    world.click(world.question(QuestionKind.VERDICT_FAIL), Verb.ROLLBACK)
    world.run()
    world.click(world.question(QuestionKind.ROLLED_BACK), Verb.RESUME)
    world.run()

    first = view.result(world.release).lines[0]
    assert isinstance(first, Text)
    assert first.params == {"components": "auth"}


def test_a_reminder_mentions_people_only_when_it_escalates() -> None:
    """The question is said again with the time since when it is open."""
    world = started(release(target(ONE)))
    question = world.release.questions[0]

    again = view.reminder(world.release, question, last=False, mentions=())
    last = view.reminder(world.release, question, last=True, mentions=("kai",))

    assert (again.text.key, again.mentions) == ("reminder.again", ())
    assert (last.text.key, last.mentions) == ("reminder.escalation", ("kai",))
    assert again.text.params["at"] == question.asked_at.isoformat()


def test_an_override_is_told_with_person_and_reason() -> None:
    """To the whole room."""
    world = started(release(target(ONE)))
    world.results["auth/check"] = Result.FAIL
    world.run()
    world.order(Verb.OVERRIDE, ADMIN, reason="known")

    card = view.override(world.release, world.step("auth/check"))

    assert card.who == "Kai"
    assert card.text.params["reason"] == "known"


def test_a_rollback_is_told_from_its_beginning_to_its_end() -> None:
    """Running with who asked; failed with what failed; done when the versions were read."""
    world = rolling()
    assert view.rollback(world.release).text.params["who"] == "Ren"
    world.refused["auth/undo-deploy"] = "disk full"
    world.run()
    failed = view.rollback(world.release)
    world.refused.clear()
    world.order(Verb.RETRY, OPERATOR)
    world.run()

    assert failed.text.key == "rollback.failed"
    assert failed.lines
    assert view.rollback(world.release).text.key == "rollback.done"
    assert world.phase() is Phase.ROLLED_BACK


def test_a_rollback_that_was_not_confirmed_never_says_it_was() -> None:
    """Stopped half way, or restored by hand."""
    stopped = rolling()
    stopped.until("auth/undo-deploy")
    stopped.order(Verb.ABORT, OPERATOR)
    stopped.run()
    by_hand = rolling()
    by_hand.versions = dict.fromkeys(HOSTS, "2.0")
    by_hand.run()
    by_hand.order(Verb.OVERRIDE, ADMIN, reason="by hand")

    assert view.rollback(stopped.release).text.key == "rollback.stopped"
    assert view.rollback(by_hand.release).text.key == "rollback.by_hand"
