"""The canary against the remaining hosts in the same minutes: a test that may stop at any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.core.verdict.calibrated.closing import surprise
from bot.core.verdict.calibrated.panel import Floats, Panel, PanelError
from bot.core.verdict.calibrated.scores import RISE, WINDOW

RATIOS = (1.3, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""The rises that the mixture bets on, in equal parts."""
ALPHA = 0.01
"""The bound on false alarms in a release: a theorem where counts are conditionally binomial."""
MEMORY = 1440
"""Minutes before the deployment from which the canary's share is learnt."""
PSEUDO_EVENTS = 50.0
PRIOR = 5.0
HOUR = 60
_LARGEST = 600.0
CLOSING = 0.5
"""The part of the bound that the count at the end of the window may use; the rest is the
e-process's."""


@dataclass(frozen=True)
class Split:
    """What of each type the canary hosts wrote before the deployment."""

    keys: tuple[str, ...]
    share: Floats
    """(types,): the canary's part of the events, between 0 and 1."""
    dispersion: Floats
    """(types,): how much more that part varies from hour to hour than a fair coin's; at least 1."""
    hourly: Floats
    """(types,): events of both groups an hour; 0 where nothing of the past is known."""
    hours: float
    """How many of them were known."""


def split(canary: Panel, control: Panel) -> Split:
    """Learn share and dispersion from the last 24 hours of both groups before the deployment.

    f = (canary events + 50 w) / (all events + 50), w = the canary's part of the exposure;
    phi = (sum of squared Pearson residuals of hourly shares + 5) / (hours + 5), at least 1.
    Minutes that one group lacks count for neither. Raises PanelError when the panels do not match.
    """
    _check(canary, control)
    begin = max(canary.end - MEMORY, canary.start)
    mine, others, known = _both(
        canary.between(begin, canary.end), control.between(begin, control.end)
    )
    exposed = [float(p.between(begin, p.end).exposure[known].sum()) for p in (canary, control)]
    part = exposed[0] / max(sum(exposed), 1e-9)
    total = mine.sum(axis=1) + others.sum(axis=1)
    share = (mine.sum(axis=1) + PSEUDO_EVENTS * part) / (total + PSEUDO_EVENTS)
    share = np.clip(share, 1e-6, 1 - 1e-6)
    hours = max(float(known.sum()) / HOUR, 1.0)
    return Split(canary.keys, share, _dispersion(mine, others, share), total / hours, hours)


def _check(canary: Panel, control: Panel) -> None:
    if (canary.keys, canary.start, canary.end) != (control.keys, control.start, control.end):
        raise PanelError("canary and control differ in types or minutes")


def _both(canary: Panel, control: Panel) -> tuple[Floats, Floats, np.ndarray]:
    known = canary.known & control.known
    return np.where(known, canary.counts, 0.0), np.where(known, control.counts, 0.0), known


def _dispersion(mine: Floats, others: Floats, share: Floats) -> Floats:
    hours = mine.shape[1] // HOUR
    cut = (len(mine), hours, HOUR)
    own, rest = (x[:, : hours * HOUR].reshape(cut).sum(axis=2) for x in (mine, others))
    total = own + rest
    variance = total * (share * (1 - share))[:, None]
    squared = np.where(
        total > 0, (own - total * share[:, None]) ** 2 / np.maximum(variance, 1e-9), 0
    )
    return np.asarray(
        np.maximum(1.0, (squared.sum(axis=1) + PRIOR) / ((total > 0).sum(axis=1) + PRIOR))
    )


@dataclass(frozen=True)
class Evidence:
    """How strongly the minutes since the deployment speak against the canary."""

    keys: tuple[str, ...]
    canary: Floats
    """(types,): events on the canary, in minutes that both groups have."""
    control: Floats
    log_e: Floats
    """(types,): the natural logarithm of 1 / p so far, p valid at any time: an alarm at
    types / alpha."""
    alarmed: tuple[str, ...]
    """Types that reached types / alpha: by their e-value at any time, or at the closing."""
    flagged: tuple[str, ...]
    """Types found by e-BH: more of them, once there are several."""
    at: dict[str, int]
    """Minutes after the deployment at which an alarmed type became so."""
    missing: int
    """Minutes of which one of the groups knows nothing."""


@dataclass(frozen=True)
class Bound:
    """The bound on false alarms of one test, and when its last count is taken."""

    alpha: float = ALPHA
    closing: int = WINDOW
    """Minutes after the panels' begin at which the closing count is taken, once."""


ONE_TEST = Bound()


def evidence(before: Split, canary: Panel, control: Panel, bound: Bound = ONE_TEST) -> Evidence:
    """Test the minutes since the deployment; both panels begin with it.

    E = mean over r of [(theta_r / f)^Xc ((1 - theta_r) / (1 - f))^Xb]^(1 / phi) with
    theta_r = f r / (1 - f + f r): a mixture of likelihood ratios given all events (Lindon and
    Malek 2022, with the known share for theta_0), valid at every minute by Ville's inequality for
    phi = 1; tempering by the dispersion is a working choice, measured, not a theorem. At the
    closing, the canary's count has a beta-binomial tail p of its own. A type is alarmed when
    min(1 / ((1 - c) E), p / c) <= alpha / types, c the closing's part of the bound; e-BH (Wang and
    Ramdas 2022) keeps the k largest with E_(k) >= types / (k (1 - c) alpha).
    """
    _check(canary, control)
    if canary.keys != before.keys:
        raise PanelError("the types are not those of the split")
    mine, others, known = _both(canary, control)
    own, rest = mine.cumsum(axis=1), others.cumsum(axis=1)
    logs = np.maximum.accumulate(_log_e(before, own, rest), axis=1) + np.log(1 - CLOSING)
    types = len(before.keys)
    betting = logs[:, -1] if logs.shape[1] else np.zeros(types)
    if logs.shape[1] >= bound.closing:
        at = bound.closing - 1
        closed = _closed(before, own[:, at], rest[:, at]) + np.log(CLOSING)
        logs[:, at:] = np.maximum(logs[:, at:], closed[:, None])
    needed = np.log(types / bound.alpha) if types else 0.0
    last = logs[:, -1] if logs.shape[1] else np.zeros(types)
    rows = np.flatnonzero(last >= needed)
    return Evidence(
        keys=before.keys,
        canary=own[:, -1] if own.shape[1] else np.zeros(types),
        control=rest[:, -1] if rest.shape[1] else np.zeros(types),
        log_e=last,
        alarmed=tuple(before.keys[row] for row in rows),
        flagged=_flagged(before.keys, betting, bound.alpha),
        at={before.keys[row]: int(np.argmax(logs[row] >= needed)) + 1 for row in rows},
        missing=int((~known).sum()),
    )


def _flagged(keys: tuple[str, ...], logs: Floats, alpha: float) -> tuple[str, ...]:
    if not keys:
        return ()
    order = np.argsort(-logs, kind="stable")
    ranks = np.arange(1, len(keys) + 1)
    kept = np.flatnonzero(logs[order] >= np.log(len(keys) / (ranks * alpha)))
    return tuple(keys[row] for row in order[: int(kept.max()) + 1 if len(kept) else 0])


def _closed(before: Split, own: Floats, rest: Floats) -> Floats:
    """(types,): -ln p of the canary's count, from the control's of the same minutes.

    The variance of a binomial count is widened by what the share varies between hours, more so
    where more is counted than in an hour of the past, and by how little the past has taught of it.
    """
    total = own + rest
    hourly = np.where(before.hourly > 0, before.hourly, np.maximum(total, 1.0))
    drift = (before.dispersion - 1) * np.maximum(total / hourly, 1.0)
    learnt = before.hourly * before.hours + PSEUDO_EVENTS
    factor = 1 + drift + np.maximum(total - 1, 0) / (learnt + 1)
    found = surprise(own, rest, before.share, factor)
    mean = rest * before.share / (1 - before.share)
    return np.asarray(np.where(own > RISE * mean, found, 0.0))


def _log_e(before: Split, own: Floats, rest: Floats) -> Floats:
    share = before.share[:, None, None]
    theta = share * np.array(RATIOS) / (1 - share + share * np.array(RATIOS))
    terms = own[:, :, None] * np.log(theta / share)
    terms = terms + rest[:, :, None] * np.log((1 - theta) / (1 - share))
    terms = np.clip(terms / before.dispersion[:, None, None], -_LARGEST, _LARGEST)
    return np.asarray(np.log(np.exp(terms).mean(axis=2)))
