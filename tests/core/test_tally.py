"""The seed's arithmetic."""

from __future__ import annotations

from bot.core import tally
from bot.core.config import Component
from bot.core.release import QuestionKind, StepState
from bot.core.verb import Verb
from tests.support.releases import ADMIN, ONE, OTHER, World, release, started, target


def promoted(world: World) -> World:
    """The world after all promotions were approved."""
    world.run()
    while world.asks(QuestionKind.GATE):
        world.click(world.question(QuestionKind.GATE), Verb.APPROVE, OTHER)
        world.run()
    return world


def test_the_example_counts_41_operations_and_3_by_people() -> None:
    """16 sharing, 16 deployment, 9 monitoring; under gates: start and 2 promotions."""
    count = tally.tally(promoted(started()).release)

    assert (count.sharing, count.deployment, count.monitoring) == (16, 16, 9)
    assert count.operations == 41
    assert count.people == 3


def test_an_operation_counts_once_however_many_rooms_hear_it() -> None:
    """Rooms that share change nothing in the count."""
    rooms = ({"room": "a"}, {"room": "b", "share": "digest"})
    world = promoted(started(release(target(share=rooms))))

    assert tally.tally(world.release).sharing == 16


def test_what_was_not_done_does_not_count() -> None:
    """A skipped step was not done; a failed one was; nothing was before the start."""
    world = World(release(target(ONE)))
    assert tally.tally(world.release).operations == 0

    world = started(release(target({"auth": Component()})))
    world.refused["auth/restart"] = "no"
    world.run()
    assert tally.tally(world.release).deployment == 2
    world.order(Verb.SKIP, ADMIN, step="auth/restart", reason="by hand")
    assert world.step("auth/restart").state is StepState.SKIPPED
    assert tally.tally(world.release).deployment == 1


def test_the_line_says_it_all() -> None:
    """The numbers of one sentence."""
    line = tally.line(promoted(started()).release)

    assert line.params == {
        "operations": 41,
        "sharing": 16,
        "deployment": 16,
        "monitoring": 9,
        "people": 3,
    }
