"""The drawn phases are the phases that the machine goes through, arrow by arrow."""

from __future__ import annotations

import re
from random import Random

import pytest

from bot.core.config import Component
from bot.core.event import Event
from bot.core.machine import Outcome
from bot.core.operation import Progress, ProgressState
from bot.core.release import LIVE, TERMINAL, Phase, QuestionKind, Release, StepState
from bot.core.verb import Verb
from tests.support.chaos import Chaos, any_release
from tests.support.releases import ADMIN, APPROVER, ONE, OPERATOR, TWO, World, release, target
from tests.support.source import ROOT

Edge = tuple[str, str]
END = "[*]"
_BLOCK = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)
_ARROW = re.compile(r"^\s*(\S+) --> (\w+|\[\*\])(?:: .+)?$", re.MULTILINE)


class Walked:
    """Collects every change of the phase, also those that one event leads through."""

    def __init__(self) -> None:
        self.edges: set[Edge] = set()

    def __call__(self, before: Release, event: Event, outcome: Outcome) -> None:
        """See one transition."""
        now = str(before.phase)
        for fact in outcome.facts:
            word = fact.key.removeprefix("fact.")
            if word in set(Phase):
                self.edges.add((now, word))
                now = word
        assert now == outcome.release.phase


def drawn(*, outer: bool = False) -> set[Edge]:
    """The arrows of the README's diagram between phases; `outer`: those from and to its ends."""
    block = _BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert block is not None, "README.md has no state diagram"
    return {(a, b) for a, b in _ARROW.findall(block.group(1)) if (END in {a, b}) == outer}


def _story(walked: Walked, components: dict[str, Component] = ONE) -> World:
    whole = release(target(components, confirm="gates"))
    world = World(whole, walked)
    world.click(world.question(QuestionKind.START), Verb.START)
    return world


def _rolling(walked: Walked) -> World:
    world = _story(walked)
    world.until("auth/check")
    world.order(Verb.ROLLBACK, APPROVER)
    return world


def _stories() -> set[Edge]:
    """Every arrow, on purpose."""
    walked = Walked()
    _story(walked).run()
    World(release(target(ONE)), walked).ring("expiry")
    World(release(target(ONE)), walked).order(Verb.ABORT, OPERATOR)
    paused = _story(walked)
    paused.order(Verb.PAUSE, OPERATOR)
    paused.order(Verb.RESUME, OPERATOR)
    paused.order(Verb.PAUSE, OPERATOR)
    paused.order(Verb.ABORT, OPERATOR)
    _story(walked).order(Verb.ABORT, OPERATOR)
    _rolling(walked).run()
    _by_hand(walked)
    _rolling(walked).order(Verb.ABORT, OPERATOR)
    stopped = _rolling(walked)
    stopped.order(Verb.ABORT, OPERATOR)
    stopped.run()
    _nothing_left(walked)
    return walked.edges


def _by_hand(walked: Walked) -> None:
    world = _rolling(walked)
    world.versions = {"h1": "2.0"}
    world.run()
    world.order(Verb.OVERRIDE, ADMIN, reason="by hand")


def _nothing_left(walked: Walked) -> None:
    """One component is taken back, the other was never changed and is skipped."""
    world = _story(walked, TWO)
    world.progress["auth/deploy"] = Progress(state=ProgressState.FAILED)
    world.run()
    world.order(Verb.ROLLBACK, APPROVER, component="auth")
    world.run()
    world.refused = dict.fromkeys(("media/deploy", "media/restart"), "no")
    world.order(Verb.RESUME, OPERATOR)
    for step in world.refused:
        world.until(step, StepState.FAILED)
        world.order(Verb.SKIP, ADMIN, step=step, reason="not today")
    world.run()
    assert world.phase() is Phase.ROLLED_BACK


def test_the_arrows_drawn_are_the_arrows_walked() -> None:
    """No arrow is missing in the drawing, none is drawn that the machine never takes."""
    assert drawn() == _stories()


def test_chance_finds_no_other_arrow() -> None:
    """Whatever happens in whatever order, the phase follows a drawn arrow."""
    walked = Walked()
    for seed in range(40):
        dice = Random(seed)
        world = Chaos(any_release(dice), walked)
        for _ in range(80):
            world.act(dice)

    assert walked.edges - drawn() == set()
    assert len(walked.edges) > 8


def test_every_phase_is_drawn() -> None:
    """The names are those of the code."""
    assert {phase for edge in drawn() for phase in edge} == set(Phase)


def _reachable(start: str, edges: set[Edge]) -> set[str]:
    found = {start}
    while more := {b for a, b in edges if a in found} - found:
        found |= more
    return found


def test_from_planned_every_phase_can_be_reached() -> None:
    """No phase is there for nothing."""
    assert _reachable(Phase.PLANNED, drawn()) == set(Phase)


@pytest.mark.parametrize("phase", sorted(LIVE))
def test_every_live_phase_leads_to_an_end(phase: Phase) -> None:
    """No release can be caught for ever."""
    assert _reachable(phase, drawn()) & TERMINAL


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_no_arrow_leaves_an_end(phase: Phase) -> None:
    """A terminal phase absorbs everything."""
    assert not [edge for edge in drawn() if edge[0] == phase]


def test_beginnings_and_ends_are_drawn() -> None:
    """A release begins planned, the rollback of an ended one at once; terminal phases end it."""
    begins = {(END, phase) for phase in (Phase.PLANNED, Phase.ROLLING_BACK)}

    assert drawn(outer=True) == begins | {(phase, END) for phase in TERMINAL}
