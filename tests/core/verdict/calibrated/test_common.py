"""What all types do is expected of each; what one type does is not."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import common
from bot.core.verdict.calibrated.panel import Floats

MEAN = np.full((20, 1, 1), 100.0)
POISSON = np.full((20, 1), 1e-6)


def test_a_named_rise_is_the_median_of_busy_types() -> None:
    """Five types twice as frequent are traffic; four are too few to say."""
    mean = MEAN[:5]

    assert common.named(2 * mean, mean).item() == 2
    assert common.named(mean, mean).item() == 1
    assert common.named(2 * mean[:4], mean[:4]).item() == 1


def test_a_small_rise_of_all_types_is_shared() -> None:
    """A tenth more or less of everything."""
    for change in (1.1, 0.9):
        found = common.shared(change * MEAN, MEAN, POISSON).item()
        assert found == pytest.approx(np.log(change), abs=0.01)


def test_what_is_shared_stays_below_what_is_named() -> None:
    """Nothing is expected in silence to double or to halve."""
    for change in (2.0, 0.5):
        found = abs(common.shared(change * MEAN, MEAN, POISSON).item())
        assert found == pytest.approx(np.log(common.NAMED))
    assert common.shared(1.1 * MEAN[:4], MEAN[:4], POISSON[:4]).item() == 0


def test_one_huge_type_moves_nobody() -> None:
    """A type with most of all events doubles, and the others are still expected as they were."""
    mean = MEAN.copy()
    mean[0] = 100_000.0
    seen = mean.copy()
    seen[0] *= 2

    assert common.shared(seen, mean, POISSON).item() == 0


def test_only_the_busiest_of_many_types_are_asked() -> None:
    """Hundreds of rare types that fell silent do not outvote those that know."""
    mean = np.concatenate([np.full((common.BUSIEST, 1, 1), 50.0), np.full((900, 1, 1), 1.0)])
    seen = mean * 1.1
    seen[common.BUSIEST :] = 0

    found = common.shared(seen, mean, np.full((len(mean), 1), 1e-6)).item()

    assert found == pytest.approx(np.log(1.1), abs=0.01)


def _world(*, together: bool) -> tuple[Floats, Floats]:
    """Counts and expectations of 20 types at 400 moments, all moved by one noise or each by its."""
    rng = np.random.default_rng(3)
    noise = rng.normal(0.0, 0.1, (1 if together else 20, 400, 1))
    mean = np.full((20, 400, 1), 200.0)
    return rng.poisson(mean * np.exp(noise)).astype(np.float64), mean


def test_types_follow_what_they_share_as_far_as_the_baseline_shows() -> None:
    """Nearly all of it where they move as one, little of it where each goes its own way."""
    one, each = (
        common.following(*_world(together=together), POISSON).item() for together in (True, False)
    )

    assert one > 0.9
    assert each < 0.1


def test_the_factor_is_the_named_rise_or_what_is_followed() -> None:
    """Half of a shared tenth where types follow by half; a doubling whatever they do."""
    follow = np.array([0.5])

    assert common.factor(1.1 * MEAN, MEAN, POISSON, follow).item() == pytest.approx(1.1**0.5, 0.01)
    assert common.factor(2 * MEAN, MEAN, POISSON, np.zeros(1)).item() == 2
    assert common.factor(1.1 * MEAN, MEAN, POISSON, np.zeros(1)).item() == 1
