"""What is known before a restart: births of types, known types, and the minutes just before."""

from __future__ import annotations

import numpy as np

from bot.core.calibrated.prior import born, learnt
from bot.core.minutes import MinuteCounts
from bot.core.verdict.calibrated.scores import BEFORE

START, SIZE = 29_453_760, 10 * 1440


def counts(**first: int) -> MinuteCounts:
    """Types that write two lines a minute from some minute on."""
    rows = np.zeros((len(first), SIZE))
    for row, minute in enumerate(first.values()):
        rows[row, minute:] = 2.0
    return MinuteCounts(START, tuple(first), rows, np.ones(SIZE))


def test_types_that_were_there_at_the_begin_were_not_born() -> None:
    """The first tenth of the baseline is its memory; a birth's size is that of 15 minutes."""
    found = born(counts(old=0, early=1000, late=5000))

    assert found.sizes == (30,)
    assert found.days == 9.0
    assert born(MinuteCounts(START, (), np.zeros((0, SIZE)), np.ones(SIZE))).sizes == ()


def test_what_was_born_since_the_deployment_is_not_known() -> None:
    """It may be the new version's."""
    baseline = counts(old=0, new=SIZE - 5)
    before, after = (learnt(baseline, deployed=START + SIZE - n, calibration=None) for n in (5, 4))

    assert before.known == {"old"}
    assert after.known == {"old", "new"}


def test_only_the_minutes_that_looks_need_are_kept() -> None:
    """Two hours before the restart, as there is no calibration to go on from."""
    found = learnt(counts(old=0), deployed=START + SIZE, calibration=None).recent

    assert found is not None
    assert (found.start, found.end) == (START + SIZE - BEFORE, START + SIZE)
