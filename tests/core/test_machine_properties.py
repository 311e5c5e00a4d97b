"""Whatever happens in whatever order, a release keeps its promises."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.machine import replay
from tests.support.chaos import Chaos, any_release
from tests.support.invariants import Monitor, stuck

SEEDS = st.lists(st.integers(0, 2**31), min_size=30, max_size=140)


@settings(max_examples=60)
@given(st.integers(0, 2**31), SEEDS)
def test_whatever_happens_every_promise_holds(first: int, seeds: list[int]) -> None:
    """No event in any state raises or breaks an invariant; nothing is stuck; a replay agrees."""
    world = Chaos(any_release(Random(first)), Monitor())
    for seed in seeds:
        world.act(Random(seed))
        assert stuck(world.release, list(world.effects.values())) == ""

    assert replay(tuple(world.happened)) == world.release
