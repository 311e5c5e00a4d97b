"""Whatever happens in whatever order, a release keeps its promises."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.machine import replay
from bot.core.verb import Verb
from tests.support.chaos import Chaos, any_release
from tests.support.invariants import Monitor, stuck
from tests.support.releases import ADMIN

SEEDS = st.integers(0, 2**31)


def walk(seed: int, moves: int, *, honest: bool = False) -> Chaos:
    """Play a release by chance; fewer moves with the same seed are the beginning of the same."""
    dice = Random(seed)
    world = Chaos(any_release(dice), Monitor())
    if dice.random() < 0.7:
        world.order(Verb.START, ADMIN, reason="because")
    for _ in range(moves):
        world.act(dice, honest=honest)
        assert stuck(world.release, list(world.effects.values())) == ""
    assert replay(tuple(world.happened)) == world.release
    return world


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 120))
@example(209, 400)  # a second component was taken back while the room was asked what next
def test_whatever_happens_every_promise_holds(seed: int, moves: int) -> None:
    """No event in any state raises or breaks an invariant; nothing is stuck; a replay agrees."""
    walk(seed, moves)


@pytest.mark.long
@settings(max_examples=3000)
@given(SEEDS, st.integers(100, 500), st.booleans())
def test_every_promise_holds_for_long_stories(seed: int, moves: int, honest: bool) -> None:
    """The same with many more and longer stories."""
    walk(seed, moves, honest=honest)
