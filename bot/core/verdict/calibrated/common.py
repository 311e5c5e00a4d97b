"""What all error types do together: traffic that grows, and the small changes of every hour."""

from __future__ import annotations

import numpy as np

from bot.core.verdict.calibrated.panel import Floats

NAMED = 1.3
"""A rise of most types beyond this is named; it is expected whatever the baseline says."""
FEWEST = 5
"""So many types must agree before anything is called common."""
EVENTS = 2.0
"""A type with so many expected events has a say in it: soon after the deployment few have more."""
BUSIEST = 200
"""So many types, the busiest ones, say how all of them move."""
_TINY = 1e-9


def named(seen: Floats, mean: Floats) -> Floats:
    """(moments, looks): the factor by which at least half of the busy types rose; 1 below 1.3.

    Counts and expectations are (types, moments, looks).
    """
    if len(seen) < FEWEST:
        return np.ones(seen.shape[1:])
    busy = mean >= EVENTS
    ratio = np.where(busy, seen / np.maximum(mean, _TINY), np.inf)
    count = busy.sum(axis=0)
    place = np.maximum(count - 1, 0) // 2
    median = np.take_along_axis(np.sort(ratio, axis=0), place[None], axis=0)[0]
    return np.asarray(np.where((count >= FEWEST) & (median > NAMED), median, 1.0))


def shared(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """(moments, looks): the logarithm of the factor by which types moved together.

    The median over types of log((X + 0.5) / (E + 0.5)), each weighted by what it can know,
    E / (1 + E / kappa), but none by more than the fifth of them: what one type does must not
    become what is expected of it. Never beyond 1.3 either way: what is larger is to be named, not
    to be expected in silence. `over` is (types, looks).
    """
    if len(seen) < FEWEST:
        return np.zeros(seen.shape[1:])
    if len(seen) > BUSIEST:
        rows = np.sort(np.argsort(-mean.sum(axis=(1, 2)), kind="stable")[:BUSIEST])
        seen, mean, over = seen[rows], mean[rows], over[rows]
    say = mean / (1 + over[:, None, :] * mean)
    say = np.minimum(say, np.partition(say, -FEWEST, axis=0)[-FEWEST])
    ratio = np.log((seen + 0.5) / (mean + 0.5))
    order = np.argsort(ratio, axis=0)
    ratio, say = (np.take_along_axis(x, order, axis=0) for x in (ratio, say))
    below = say.cumsum(axis=0)
    middle = (below >= below[-1] / 2).argmax(axis=0)
    found = np.take_along_axis(ratio, middle[None], axis=0)[0]
    return np.asarray(np.clip(found, -np.log(NAMED), np.log(NAMED)))


def following(seen: Floats, mean: Floats, over: Floats) -> Floats:
    """(looks,): how far types follow what they share, 0 (each goes its own way) to 1.

    Least squares over the moments of a baseline, each residual by its variance. Half of the types
    are held against what the other half shares, and the other way round: a type that is part of
    what it is held against would seem to follow it. Twice as many types know it better, by the
    formula of Spearman and Brown (1910).
    """
    order = np.argsort(-mean.sum(axis=(1, 2)), kind="stable")
    halves = np.sort(order[0::2]), np.sort(order[1::2])
    up, down = np.zeros(seen.shape[2]), np.zeros(seen.shape[2])
    for rows, others in (halves, halves[::-1]):
        expected = mean[rows]
        by = expected * shared(seen[others], mean[others], over[others])
        precision = 1 / np.maximum(expected * (1 + over[rows, None, :] * expected), _TINY)
        up += np.einsum("kml,kml,kml->l", precision, seen[rows] - expected, by)
        down += np.einsum("kml,kml,kml->l", precision, by, by)
    half = np.clip(up / np.maximum(down, _TINY), 0.0, 1.0)
    return np.asarray(2 * half / (1 + half))


def factor(seen: Floats, mean: Floats, over: Floats, follow: Floats) -> Floats:
    """(moments, looks): the factor on all expectations: what types share, or the rise it names."""
    quiet = np.exp(follow * shared(seen, mean, over))
    loud = named(seen, mean)
    return np.asarray(np.where(loud > 1, np.maximum(loud, quiet), quiet))
