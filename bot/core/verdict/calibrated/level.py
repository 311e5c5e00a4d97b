"""The local level: how much more or less than its shape a type writes just before a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated.panel import Floats

HALF_LIVES = (3.0, 10.0, 30.0, 120.0, 720.0)
"""Minutes; the memory of the averages."""
STEP = 5
"""Levels of the baseline are taken every so many minutes."""
PSEUDO_EVENTS = 5.0
RIDGE = 10.0
CLIP = 3.0
"""A logarithm of a level beyond e^3 = 20 is no level but an outburst."""
WIDEST = 50.0
"""The largest 1 / kappa."""
_ROUNDS = 8


@dataclass(frozen=True)
class Averages:
    """Exponentially weighted sums of counts and of expectations, by half-life."""

    counts: Floats
    """(types, ..., half-lives)."""
    expected: Floats

    def logs(self) -> Floats:
        """The logarithms of the levels, shrunk to 0 where little was expected."""
        ratio = (PSEUDO_EVENTS + self.counts) / (PSEUDO_EVENTS + self.expected)
        return np.asarray(np.clip(np.log(ratio), -CLIP, CLIP))


def _decay(minutes: Floats) -> Floats:
    return np.asarray(2.0 ** (-minutes[:, None] / np.array(HALF_LIVES)))


def averages(counts: Floats, expected: Floats) -> Averages:
    """At the begin of every fifth minute, from all minutes before it; the last is the end.

    Missing minutes are 0 in both.
    """
    within = _decay(STEP - 0.5 - np.arange(STEP, dtype=np.float64))
    keep = _decay(np.array([float(STEP)]))[0]
    types, steps = counts.shape[0], counts.shape[1] // STEP
    both = np.stack([counts, expected])[:, :, : steps * STEP].reshape(2, types, steps, STEP)
    added = np.ascontiguousarray((both @ within).transpose(2, 0, 1, 3))
    sums = np.zeros((steps + 1, 2, types, len(HALF_LIVES)))
    for step in range(steps):
        sums[step + 1] = sums[step] * keep + added[step]
    turned = sums.transpose(1, 2, 0, 3)
    return Averages(turned[0], turned[1])


def continued(before: Averages, counts: Floats, expected: Floats) -> Averages:
    """The averages after some more minutes (types, minutes) behind those of `before`."""
    minutes = counts.shape[1]
    weights = _decay(minutes - 0.5 - np.arange(minutes, dtype=np.float64))
    keep = _decay(np.array([float(minutes)]))[0]
    return Averages(
        before.counts * keep + counts @ weights, before.expected * keep + expected @ weights
    )


def at(past: Averages, counts: Floats, expected: Floats, moments: NDArray[np.intp]) -> Averages:
    """The averages at some minutes: (types, moments, half-lives); `past` is of every fifth."""
    whole, rest = moments // STEP, moments % STEP
    found = Averages(past.counts[:, whole].copy(), past.expected[:, whole].copy())
    for minutes in range(1, STEP):
        late = np.flatnonzero(rest == minutes)
        behind = moments[late, None] - minutes + np.arange(minutes)
        keep = _decay(np.array([float(minutes)]))[0]
        weights = _decay(minutes - 0.5 - np.arange(minutes, dtype=np.float64))
        for sums, values in ((found.counts, counts), (found.expected, expected)):
            sums[:, late] = sums[:, late] * keep + values[:, behind] @ weights
    return found


def fit(
    logs: Floats, observed: Floats, expected: Floats, pooled: Floats | None = None
) -> tuple[Floats, Floats]:
    """(types, half-lives): how each average counts in the forecast of the next minutes; and pooled.

    log rho = sum_j beta_j log level_j, a heterogeneous autoregression (Corsi 2009), by penalised
    quasi-likelihood of the counts of the next 15 minutes with negative-binomial weights; each
    type is drawn to what all types together say (half-lives,), or to `pooled`, what busier types
    said, by RIDGE units of information. `logs` is (types, moments, half-lives), the counts are
    (types, moments).
    """
    size = logs.shape[2]
    beta = np.zeros((logs.shape[0], size))
    given, pooled = pooled, np.zeros(size) if pooled is None else pooled
    for _ in range(_ROUNDS):
        gradient, information = _derivatives(logs, observed, expected, beta)
        together = 1.0 / (1.0 + np.trace(information, axis1=1, axis2=2) / 1000.0)
        all_types = np.einsum("k,kij->ij", together, information) + RIDGE * np.eye(size) / 10
        moved = gradient + np.einsum("kij,kj->ki", information, beta)
        pooled = np.linalg.solve(all_types, together @ moved) if given is None else given
        own = information + RIDGE * np.eye(size)
        beta = np.linalg.solve(own, (moved + RIDGE * pooled)[:, :, None])[:, :, 0]
    return np.asarray(beta), np.asarray(pooled)


def _derivatives(
    logs: Floats, observed: Floats, expected: Floats, beta: Floats
) -> tuple[Floats, Floats]:
    mean = expected * rho(logs, beta)
    over = overdispersion(observed, mean)[:, None]
    variance = mean * (1 + over * mean)
    residual = (observed - mean) / np.sqrt(np.maximum(variance, 1e-9))
    weight = np.minimum(1.0, (2.58 / np.maximum(np.abs(residual), 1e-9)) ** 2) / (1 + over * mean)
    gradient = np.einsum("kn,knj->kj", weight * (observed - mean), logs)
    information = (logs * (weight * mean)[:, :, None]).transpose(0, 2, 1) @ logs
    return np.asarray(gradient), np.asarray(information)


def rho(logs: Floats, beta: Floats) -> Floats:
    """The factor on the shape's expectation; `logs` is (types, ..., half-lives)."""
    if logs.ndim == 2:
        return np.asarray(np.exp(np.clip(np.einsum("kj,kj->k", logs, beta), -CLIP, CLIP)))
    return np.asarray(np.exp(np.clip(np.einsum("knj,kj->kn", logs, beta), -CLIP, CLIP)))


def forecast(logs: Floats, beta: Floats) -> Floats:
    """`rho`, but never outside of what was just written and the baseline's own level.

    What is fitted on a baseline that is as regular as a clock has weights of either sign; after a
    burst such as that baseline never saw they would expect next to nothing.
    """
    lowest = np.exp(np.minimum(logs.min(axis=-1), 0.0))
    highest = np.exp(np.maximum(logs.max(axis=-1), 0.0))
    return np.asarray(np.clip(rho(logs, beta), lowest, highest))


def overdispersion(observed: Floats, mean: Floats) -> Floats:
    """(types,): 1 / kappa by moments, Var = mean + mean^2 / kappa; residuals cut at 99.5 %."""
    squared = (observed - mean) ** 2
    limit = np.quantile(squared / np.maximum(mean, 1e-9), 0.995, axis=-1, keepdims=True)
    squared = np.minimum(squared, limit * np.maximum(mean, 1e-9))
    over = (squared - mean).sum(axis=-1) / np.maximum((mean**2).sum(axis=-1), 1e-12)
    return np.asarray(np.clip(over, 1e-6, WIDEST))
