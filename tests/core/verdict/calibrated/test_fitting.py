"""Many types are fitted in groups, and what the busiest say together holds for all."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import calibration, fitting
from bot.core.verdict.calibrated.calibration import calibrate, pseudo_deploys
from bot.core.verdict.calibrated.look import look
from bot.core.verdict.calibrated.panel import Panel
from bot.core.verdict.calibrated.scores import Score
from tests.support.counted_minutes import BEGAN, DAY, SHORT, START, after, baseline, quiet

PART = quiet().between(START, START + SHORT * DAY)
MOMENTS = pseudo_deploys(PART, 7, ())


def test_a_group_is_drawn_to_what_the_busiest_say() -> None:
    """A rare type has no shape and no weights of its own: those of the busy ones."""
    busy = fitting.fit(PART.of(np.array([6, 7])), MOMENTS, None, two_sided=False)
    alone = fitting.fit(PART.of(np.array([0])), MOMENTS, None, two_sided=False)
    drawn = fitting.fit(PART.of(np.array([0])), MOMENTS, busy.pooled, two_sided=False)

    assert drawn.pooled is busy.pooled
    far = [np.abs(one.rates[0] / one.rates[0].mean() - busy.pooled.shape) for one in (drawn, alone)]
    assert far[0].mean() < 0.7 * far[1].mean()
    apart = [np.abs(one.betas[3, 0] - busy.pooled.betas[3]).max() for one in (drawn, alone)]
    assert apart[0] < 0.5 * apart[1]


def test_scores_are_asked_for_at_each_moment() -> None:
    """Rises and persistence always, falls in the two-sided mode only."""
    one, two = (fitting.fit(PART, MOMENTS, None, two_sided=sided) for sided in (False, True))

    assert set(one.largest) == {Score.RISE, Score.PERSIST}
    assert set(two.largest) == set(Score)
    assert {values.shape for values in two.largest.values()} == {(8, len(MOMENTS))}


def test_groups_judge_nearly_as_all_types_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three types at a time, in whatever order they come: the same order, nearly the same cuts."""
    whole = baseline()
    monkeypatch.setattr(calibration, "TOGETHER", 3)
    turned = np.array([3, 0, 7, 5, 1, 6, 2, 4])
    parts, mixed = calibrate(PART), calibrate(PART.of(turned))

    assert parts.keys == PART.keys
    assert parts.total.tolist() == whole.total.tolist()
    assert parts.rates.mean(axis=1) == pytest.approx(whole.rates.mean(axis=1), rel=0.02)
    assert parts.cut(Score.RISE) == pytest.approx(whole.cut(Score.RISE), rel=0.05)
    assert mixed.rates == pytest.approx(parts.rates[turned])
    found = look(parts, after({5: [12.0] * 15}), began=BEGAN)
    assert {alarm.key for alarm in found.alarms} == {"ERROR/type-5"}


def test_without_moments_there_is_nothing_to_score() -> None:
    """A day is enough for rates, and for no pseudo-deploy that is whole when all of it is odd."""
    day = PART.between(START, START + DAY)
    none = np.array([], dtype=np.intp)
    found = fitting.fit(day, none, None, two_sided=False)

    assert found.largest[Score.RISE].shape == (8, 0)
    assert found.rates[7].mean() == pytest.approx(10.0, rel=0.05)


def test_a_panel_of_some_types_keeps_the_rest() -> None:
    """Rows by number, in the order asked for."""
    some = PART.of(np.array([2, 0]))

    assert isinstance(some, Panel)
    assert some.keys == ("ERROR/type-2", "ERROR/type-0")
    assert (some.counts == PART.counts[[2, 0]]).all()
    assert some.exposure is PART.exposure


def test_what_moves_all_types_is_no_persistence_of_one() -> None:
    """A quarter of an hour with a fifth more of everything scores as any other, as in a look."""
    rng = np.random.default_rng(4)
    rates = np.full((12, 3 * DAY), 20.0)
    moments = np.arange(720, 3 * DAY - 15, 60)
    for moment in moments[::4]:
        rates[:, moment : moment + 15] *= 1.2
    keys = tuple(f"ERROR/type-{n:02}" for n in range(12))
    panel = Panel(START, keys, rng.poisson(rates).astype(float), np.ones(3 * DAY))
    found = fitting.fit(panel, moments, None, two_sided=False).largest[Score.PERSIST].mean(axis=0)

    busy, others = found[::4].mean(), found[np.arange(len(moments)) % 4 > 0].mean()
    assert busy - others < np.log(1.2) / 2
