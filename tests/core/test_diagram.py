"""The README's drawing of the states is the machine's own."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from bot.core.event import Event
from bot.core.machine import Outcome
from bot.core.release import LIVE, TERMINAL, Phase, Release
from bot.core.verb import Verb
from tests.support.chaos import Chaos, any_release
from tests.support.releases import ADMIN

README = Path(__file__).parent.parent.parent / "README.md"
END = "[*]"
ENTERED = {f"fact.{phase}": str(phase) for phase in Phase if phase is not Phase.PLANNED}
Edges = set[tuple[str, str]]


def drawn() -> Edges:
    """The edges of the Mermaid drawing."""
    block = README.read_text().partition("```mermaid")[2].partition("```")[0]
    found = re.findall(r"^\s*(\S+) --> ([^\s:]+)", block, flags=re.MULTILINE)
    return {(one, other) for one, other in found}


class Walker:
    """Notes every phase that a release enters, also those it only passes through."""

    def __init__(self) -> None:
        self.edges: Edges = set()

    def __call__(self, before: Release, event: Event, outcome: Outcome) -> None:
        """Read one transition's facts."""
        here = str(before.phase)
        for fact in outcome.facts:
            there = ENTERED.get(fact.key)
            if there is not None:
                self.edges.add((here, there))
                here = there


@pytest.fixture(scope="module")
def walked() -> Edges:
    """The edges that releases took that were played by chance, always the same ones."""
    walker = Walker()
    for seed in range(250):
        dice = Random(seed)
        world = Chaos(any_release(dice), walker)
        if dice.random() < 0.7:
            world.order(Verb.START, ADMIN, reason="because")
        for _ in range(120):
            world.act(dice)
    return walker.edges


def test_the_drawing_is_the_machine(walked: Edges) -> None:
    """No edge is missing in the README, and none is drawn that the machine does not have."""
    inner = {edge for edge in drawn() if END not in edge}

    assert inner == walked


def test_beginning_and_ends_are_drawn() -> None:
    """A release begins planned; exactly the terminal phases end it."""
    outer = {edge for edge in drawn() if END in edge}

    assert outer == {(END, "planned")} | {(str(phase), END) for phase in TERMINAL}


def test_every_phase_is_reachable_and_every_live_one_ends(walked: Edges) -> None:
    """From planned every phase is reached; from each live phase a terminal one is."""
    assert _reached({"planned"}, walked) == {str(phase) for phase in Phase}
    for phase in LIVE:
        assert _reached({str(phase)}, walked) & {str(end) for end in TERMINAL}


def _reached(known: set[str], edges: Edges) -> set[str]:
    while True:
        more = known | {other for one, other in edges if one in known}
        if more == known:
            return known
        known = more
