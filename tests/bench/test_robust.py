"""Bad data is never passed, and what is visible of a rise still fails."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from bench.judging import robust
from bench.judging.robust import NOTHING_VISIBLE, UNUSABLE, USABLE, Found
from bench.judging.worlds import DAY, synthetic


@lru_cache(maxsize=1)
def found() -> dict[str, Found]:
    """Twelve releases within half a day, of ten frequent types and two rare ones."""
    world = synthetic("S1q", days=11).between(0, 10 * DAY + 360)
    rows = np.argsort(world.counts.sum(axis=1))[[0, 1, *range(-10, 0)]]
    keys = tuple(world.keys[row] for row in rows)
    return robust.run(replace(world, keys=keys, counts=world.counts[rows]), releases=12, seed=1)


def test_no_disturbance_passes_unusable_data() -> None:
    """No pass where data is missing; tenfold rises fail wherever anything of them is seen."""
    assert set(found()) == {*UNUSABLE, *USABLE, robust.RITUAL}
    assert [name for name in UNUSABLE if found()[name].passed.value] == []
    assert [n for n, one in found().items() if one.failed.value < 1] == [NOTHING_VISIBLE]
    assert all(found()[name].passed.value > 0.8 for name in USABLE)


def test_rituals_are_learnt_from_healthy_releases() -> None:
    """After ten of them the noise of a restart is no alarm."""
    one = found()[robust.RITUAL]

    assert one.false.n == 2
    assert one.false.value == 0
