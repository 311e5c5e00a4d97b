"""A type whose scatter no one number describes is widened, and no other."""

from __future__ import annotations

import numpy as np

from bot.core.verdict.calibrated import level, scores, spread

TYPES, MOMENTS, LOOKS = 8, 1500, 10


def counts(*, lively: float) -> tuple[np.ndarray, np.ndarray]:
    """Poisson counts of 30; those of type 0 are a mixture: mostly quiet, sometimes far off."""
    rng = np.random.default_rng(5)
    mean = np.full((TYPES, MOMENTS, LOOKS), 30.0)
    rates = mean.copy()
    rates[0] *= np.exp(np.where(rng.uniform(size=(MOMENTS, 1)) < 0.02, lively, 0.0))
    return rng.poisson(rates).astype(np.float64), mean


def moments(seen: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """1 / kappa without any widening."""
    return np.stack(
        [level.overdispersion(seen[:, :, n], mean[:, :, n]) for n in range(LOOKS)], axis=1
    )


def test_a_lively_type_reaches_no_further_than_the_regular_ones() -> None:
    """One in a hundred of its deviances is as large as those of the others, nearly."""
    seen, mean = counts(lively=0.8)
    found = spread.overdispersion(seen, mean)[0]
    before, after = (
        np.quantile(np.expm1(scores.rise(seen, mean, over).max(axis=2)), 0.99, axis=1)
        for over in (moments(seen, mean), found)
    )

    assert before[0] > 1.5 * before[1:].max()
    assert after[0] < 1.2 * after[1:].max()
    assert (found[0] > 2 * moments(seen, mean)[0]).all()


def test_regular_types_stay_nearly_as_they_are() -> None:
    """None is narrowed, and Poisson counts remain close to Poisson's law."""
    seen, mean = counts(lively=0.0)
    found = spread.overdispersion(seen, mean)[0]

    assert (found >= moments(seen, mean)).all()
    assert found.max() < 0.03


def test_rare_types_say_nothing_of_what_is_regular() -> None:
    """With hardly an event expected there is nothing to compare; moments decide."""
    seen, mean = counts(lively=0.8)
    few = mean / 100
    sparse = np.minimum(seen, 1.0)

    assert (spread.overdispersion(sparse, few)[0] == moments(sparse, few)).all()
