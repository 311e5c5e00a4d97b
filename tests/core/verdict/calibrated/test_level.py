"""The local level follows what was just written."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated import level


def test_averages_of_the_baseline_and_of_single_minutes_agree() -> None:
    """Going on minute by minute ends where the baseline's steps end."""
    counts = np.random.default_rng(1).poisson(3.0, (2, 100)).astype(np.float64)
    expects = np.full((2, 100), 3.0)
    whole = level.averages(counts, expects)
    half = level.averages(counts[:, :50], expects[:, :50])
    last = level.Averages(half.counts[:, -1], half.expected[:, -1])
    on = level.continued(last, counts[:, 50:], expects[:, 50:])

    assert on.counts == pytest.approx(whole.counts[:, -1])
    assert on.expected == pytest.approx(whole.expected[:, -1])


def test_nothing_known_is_a_level_of_one() -> None:
    """No counts and no expectation, in either way of asking."""
    none = level.Averages(np.zeros((1, 5)), np.zeros((1, 5)))

    assert none.logs() == pytest.approx(np.zeros((1, 5)))
    assert level.rho(none.logs(), np.ones((1, 5))) == pytest.approx(np.ones(1))


def test_a_lasting_level_is_forecast() -> None:
    """Counts that stay high for hours are expected high; a steady type stays at one."""
    rng = np.random.default_rng(2)
    factor = np.repeat(np.exp(rng.normal(0, 0.8, 60)), 200)
    mean = np.stack([10 * factor, np.full(12000, 10.0)])
    counts, expects = rng.poisson(mean).astype(np.float64), np.full((2, 12000), 10.0)
    at = np.arange(500, 11900, 20)
    logs = level.averages(counts, expects).logs()[:, at // 5]
    seen = np.stack([counts[:, at + n] for n in range(15)]).sum(axis=0)
    beta, _ = level.fit(logs, seen, np.full(seen.shape, 150.0))
    forecast = 150 * level.rho(logs, beta)

    assert np.corrcoef(np.log(forecast[0]), np.log(seen[0] + 1))[0, 1] > 0.8
    assert np.std(np.log(forecast[1] / 150)) < 0.15


def test_a_forecast_stays_between_what_was_written_and_the_baseline() -> None:
    """A clock's baseline gives weights that expect nothing after six times as much; no forecast."""
    counts = np.full((1, 12000), 2.0)
    counts[0, ::50] += np.resize([1.0, -1.0], 240)
    expects = np.full_like(counts, 2.0)
    moments = np.arange(500, 11900, 7)
    logs = level.at(level.averages(counts, expects), counts, expects, moments).logs()
    seen = np.stack([counts[:, moments + n] for n in range(15)]).sum(axis=0)
    beta, _ = level.fit(logs, seen, np.full(seen.shape, 30.0))
    counts[0, 10000:10008] *= 6
    after = level.averages(counts, expects).logs()[:, 2002:2020]

    assert level.rho(after, beta).min() < 0.7, "that is what the bounds are for"
    forecast = level.forecast(after, beta)
    assert forecast.min() > 0.9
    assert (forecast <= np.exp(after.max(axis=-1).clip(0)) + 1e-12).all()
    low = np.full((1, 5), -1.0)
    assert level.forecast(low, np.full((1, 5), 9.0)) == pytest.approx(np.exp(-1.0))
    assert level.forecast(-low, np.full((1, 5), 9.0)) == pytest.approx(np.exp(1.0))


def test_overdispersion_is_none_for_poisson_and_found_for_more() -> None:
    """1 / kappa of a negative-binomial count of 0.5, and about nothing."""
    rng = np.random.default_rng(3)
    plain = rng.poisson(20.0, (1, 20000)).astype(np.float64)
    wide = rng.poisson(20.0 * rng.gamma(2.0, 0.5, (1, 20000))).astype(np.float64)
    mean = np.full((1, 20000), 20.0)

    assert level.overdispersion(plain, mean)[0] < 0.01
    assert level.overdispersion(wide, mean)[0] == pytest.approx(0.5, rel=0.15)


def test_averages_between_the_fifth_minutes_are_exact() -> None:
    """At minute 13 they are those of ten minutes and three more."""
    counts = np.random.default_rng(4).poisson(3.0, (2, 20)).astype(np.float64)
    past = level.averages(counts, np.ones_like(counts))
    found = level.at(past, counts, np.ones_like(counts), np.array([10, 13]))
    first = level.Averages(past.counts[:, 2], past.expected[:, 2])
    wanted = level.continued(first, counts[:, 10:13], np.ones((2, 3)))

    assert np.allclose(found.counts[:, 0], first.counts)
    assert np.allclose(found.counts[:, 1], wanted.counts)
    assert np.allclose(found.expected[:, 1], wanted.expected)
