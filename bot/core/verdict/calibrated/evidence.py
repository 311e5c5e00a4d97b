"""What a person reads of a look: one line a type, with interval, odds and what stayed unseen."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import numpy as np

from bot.core.value import Text, text
from bot.core.verdict.calibrated import scores
from bot.core.verdict.calibrated.births import NewType
from bot.core.verdict.calibrated.calibration import Calibration
from bot.core.verdict.calibrated.canary import Evidence
from bot.core.verdict.calibrated.look import Alarm, Look
from bot.core.verdict.calibrated.scores import LOOKS, Score

HALF_CHI_SQUARE = 1.920729 / float(np.log(10))
"""Half the 95 % point of chi-square with one degree of freedom, in units of log10."""
LARGEST_FACTOR = 1000.0
LARGEST_ODDS = 10**9


def interval(seen: float, mean: float, over: float) -> tuple[float, float]:
    """The factors on `mean` that fit the count: 95 % by the negative-binomial likelihood ratio."""

    def misfit(factor: float) -> float:
        cells = (np.array(x) for x in (seen, mean * factor, over))
        return float(scores.deviance(*cells))

    best = max(seen / max(mean, 1e-9), 1e-9)
    low = 0.0 if not seen else _crossing(misfit, best, best / LARGEST_FACTOR)
    return low, _crossing(misfit, best, max(best, 1 / max(mean, 1e-9)) * LARGEST_FACTOR)


def _crossing(misfit: Callable[[float], float], inside: float, outside: float) -> float:
    for _ in range(60):
        middle = (inside * outside) ** 0.5
        inside, outside = (
            (middle, outside) if misfit(middle) <= HALF_CHI_SQUARE else (inside, middle)
        )
    return float(inside)


def detection_limits(calibration: Calibration, look: Look) -> dict[str, float]:
    """Give for each type the smallest factor of a rise that this look would have called an alarm.

    The rise score's cut is inverted for the expected count of a rise; infinity beyond 1,000 x.
    """
    if Score.RISE not in calibration.tails:
        return dict.fromkeys(look.keys, float("inf"))
    cut = calibration.cut(Score.RISE) + calibration.tails[Score.RISE].handicap
    low, high = np.full(len(look.keys), scores.RISE), np.full(len(look.keys), LARGEST_FACTOR)
    for _ in range(30):
        middle = np.sqrt(low * high)
        seen = np.maximum(look.mean * middle, 0.0)
        score = scores.weight(seen, look.mean, look.over)
        score = np.where(seen >= scores.FEWEST, score, 0.0)
        enough = score > cut
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    found = np.where(high < LARGEST_FACTOR * 0.999, high, np.inf)
    return dict(zip(look.keys, found.tolist(), strict=True))


def releases(odds: float) -> int:
    """How many healthy releases it takes for one such alarm."""
    return min(round(1 / max(odds, 1 / LARGEST_ODDS)), LARGEST_ODDS)


_KEYS = {
    Score.RISE: "calibrated.up",
    Score.PERSIST: "calibrated.stays_up",
    Score.FALL: "calibrated.gone",
}
_BOUNDED = {Score.RISE: "calibrated.up_bounded", Score.FALL: "calibrated.gone_bounded"}


def alarm_line(alarm: Alarm, look: Look, calibration: Calibration) -> Text:
    """A type that rose or vanished; the odds are of all scores together, and say whose they are."""
    keys = _BOUNDED if calibration.bounded else _KEYS
    row = look.keys.index(alarm.key)
    seen, mean = float(look.seen[row]), float(look.mean[row])
    low, high = interval(seen, mean, float(look.over[row]))
    return text(
        keys[alarm.score],
        type=alarm.key,
        ratio=round(seen / max(mean, 1e-9), 1),
        low=round(low, 1),
        high=round(high, 1),
        seen=int(seen),
        minutes=look.elapsed,
        mean=round(mean, 1),
        odds=releases(alarm.odds * len(calibration.tails)),
        after=alarm.at,
    )


def new_line(new: NewType) -> Text:
    """A type that was never seen: an alarm, a variant of a known one, or to be watched."""
    key, seen, hosts = new.key, new.events, new.hosts
    if new.variant_of:
        return text("calibrated.variant", type=key, seen=seen, hosts=hosts, known=new.variant_of)
    odds = releases(new.probability)
    if new.alarm:
        return text("calibrated.new", type=key, seen=seen, hosts=hosts, odds=odds)
    return text("calibrated.new_watch", type=key, seen=seen, hosts=hosts, odds=odds)


def canary_line(key: str, evidence: Evidence, share: float) -> Text:
    """A type that rose on the canary and not on the control.

    It is proof alone, since a minute, or together with other types that rose, or not yet.
    """
    row = evidence.keys.index(key)
    mine, others = float(evidence.canary[row]), float(evidence.control[row])
    mean = others * share / (1 - share)
    numbers = {
        "ratio": round((mine + 0.5) / (mean + 0.5), 1),
        "seen": int(mine),
        "mean": round(mean, 1),
        "control": int(others),
    }
    if key in evidence.at:
        return text("calibrated.canary", type=key, **numbers, after=evidence.at[key])
    proof = key in evidence.flagged
    said = "calibrated.canary_together" if proof else "calibrated.canary_watch"
    return text(said, type=key, **numbers)


def quiet_line(calibration: Calibration, look: Look) -> Text:
    """How many types stayed within range, the largest rise, and what could have been seen."""
    alarmed = {alarm.key for alarm in look.alarms}
    rows = [n for n, key in enumerate(look.keys) if key not in alarmed]
    ratios = [look.seen[n] / look.mean[n] for n in rows if look.mean[n] >= scores.FEWEST]
    limits = detection_limits(calibration, look)
    finite = sorted((limit, key) for key, limit in limits.items() if isfinite(limit))
    return text(
        "calibrated.quiet",
        count=len(rows),
        largest=round(float(max(ratios, default=0.0)), 1),
        limit=round(finite[0][0], 1) if finite else None,
        type=finite[0][1] if finite else "",
        rare=round(finite[len(finite) // 2][0], 1) if finite else None,
        minutes=min(look.elapsed, LOOKS[-1]),
    )
