"""One look after a deployment: scores of each type against the stored calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated import common, level, scores, shape, weekdays
from bot.core.verdict.calibrated.calibration import WARN_FACTOR, Calibration
from bot.core.verdict.calibrated.panel import Floats, Panel, PanelError
from bot.core.verdict.calibrated.scores import BEFORE, LOOKS, WINDOW, Minutes, Score, Window


@dataclass(frozen=True)
class Alarm:
    """A type whose score is rarer than the cut (or, for a watch line, than eight times it)."""

    key: str
    score: Score
    at: int
    """Minutes after the deployment at which it was first so rare."""
    rarity: float
    """-log10 of the odds."""
    odds: float
    """The probability that a release without a fault shows so rare a score anywhere."""
    proven: bool
    """Whether it exceeds the cut of an alarm."""


@dataclass(frozen=True)
class Look:
    """What the minutes since a deployment say."""

    keys: tuple[str, ...]
    elapsed: int
    """Whole minutes seen, at most 15."""
    missing: int
    """How many of them nothing is known of."""
    seen: Floats
    """(types,): events since the deployment."""
    mean: Floats
    """(types,): events expected, what most types do together included."""
    over: Floats
    """(types,): 1 / kappa at this length."""
    common: float
    """The factor by which most types rose together; 1 where they did not."""
    alarms: tuple[Alarm, ...]

    @property
    def failed(self) -> bool:
        """Whether any alarm is proven."""
        return any(alarm.proven for alarm in self.alarms)

    @property
    def whole(self) -> bool:
        """Whether the window is complete: only then may it pass."""
        return self.elapsed == WINDOW and not self.missing


def look(calibration: Calibration, recent: Panel, *, began: int) -> Look:
    """Judge the minutes [began, recent.end), at most 15; `began` is in minutes since the epoch.

    `recent` has the calibration's types in its order and begins two hours before the deployment
    or earlier, and at the end of the calibration or earlier. Raises PanelError otherwise.
    """
    if recent.keys != calibration.keys:
        raise PanelError("the types are not those of the calibration")
    if recent.start > min(began - BEFORE, calibration.end) or began < calibration.end:
        raise PanelError("the minutes do not reach from the calibration to the deployment")
    elapsed = min(recent.end - began, WINDOW)
    if elapsed < 1:
        raise PanelError("no minute since the deployment is over")
    known = recent.known
    counts = np.where(known, recent.counts, 0.0)
    expects = shape.expected_later(calibration.rates, recent)
    expects = np.where(known, expects * weekdays.of(recent, calibration.weekday), 0.0)
    window = _window(calibration, counts, expects, (recent.start, began, elapsed))
    here = began - recent.start
    missing = int((~known[here : here + elapsed]).sum())
    found = _scores(calibration, window, elapsed, missing)
    factor = found.common[:, -1]
    if elapsed == WINDOW:
        stays = scores.persistence(Minutes(counts, expects), np.array([here]), factor)
        # The tail is fitted from smaller rises too, but none of them is worth an alarm.
        rose = found.scores[Score.RISE][:, -1:] > 0
        found.scores[Score.PERSIST] = np.where(rose, stays, scores.NEVER)
    return _judged(calibration, window, found, (elapsed, missing))


def _window(
    calibration: Calibration, counts: Floats, expects: Floats, times: tuple[int, int, int]
) -> Window:
    start, began, elapsed = times
    here, since = began - start, calibration.end - start
    at_deploy = level.continued(calibration.averages, counts[:, since:here], expects[:, since:here])
    logs = at_deploy.logs()
    rho = np.stack([level.forecast(logs, beta) for beta in calibration.betas], axis=1)
    after, shape_after = (
        np.pad(x[:, here : here + elapsed], ((0, 0), (0, WINDOW - elapsed)))
        for x in (counts, expects)
    )
    return Window(after[:, None], shape_after[:, None], rho[:, None])


@dataclass(frozen=True)
class _Scored:
    scores: dict[Score, Floats]
    """(types, looks that are over)."""
    common: Floats
    """(1, looks)."""
    chance: Floats
    """(types, looks that are over): how improbable the counts are under Poisson's law alone, as
    -log10; see `scores.deviance`."""


def _scores(calibration: Calibration, window: Window, elapsed: int, missing: int) -> _Scored:
    seen, mean = scores.observed(window), scores.expected(window)
    factor = common.factor(seen, mean, calibration.over, calibration.follow)
    mean = mean * factor
    done = _looks_over(elapsed)
    found = {Score.RISE: scores.rise(seen, mean, calibration.over)[:, 0, done]}
    # Lines that are still under way would look like a type that vanished.
    if not missing:
        found[Score.FALL] = scores.fall(seen, mean, calibration.over)[:, 0, done]
    chance = scores.deviance(seen, mean, np.zeros((len(seen), 1, 1)))[:, 0, done]
    return _Scored(found, factor, chance)


def _looks_over(elapsed: int) -> NDArray[np.intp]:
    return np.array([n for n, minute in enumerate(LOOKS) if minute <= elapsed])


def _judged(
    calibration: Calibration, window: Window, found: _Scored, times: tuple[int, int]
) -> Look:
    elapsed, missing = times
    last = int(_looks_over(elapsed)[-1])
    factor = float(found.common[0, last])
    alarms = [
        alarm
        for score, values in found.scores.items()
        if score in calibration.tails
        for alarm in _alarms(calibration, score, values, found.chance)
    ]
    total = window.shape_after[:, 0].sum(axis=1) * window.rho[:, 0, -1] * factor
    return Look(
        keys=calibration.keys,
        elapsed=elapsed,
        missing=missing,
        seen=window.after[:, 0].sum(axis=1),
        mean=np.asarray(total),
        over=calibration.over[:, last],
        common=factor if factor > common.NAMED else 1.0,
        alarms=tuple(sorted(alarms, key=lambda a: (not a.proven, a.odds, a.key, a.score))),
    )


def _alarms(calibration: Calibration, score: Score, values: Floats, chance: Floats) -> list[Alarm]:
    """What is rarer than the cut, and not to be had by Poisson's chance either.

    A baseline as regular as a clock makes the cut small: 3 events for 2 expected would be rare in
    it, and no count of independent events is that regular for good. No odds are bolder either.
    """
    most, alpha = calibration.largest[score], calibration.alphas[score]
    cut, watch = most.cut(alpha), most.cut(min(alpha * WARN_FACTOR, 0.05))
    beyond = calibration.tails[score].beyond(values)
    by_chance = chance[:, -values.shape[1] :]
    sure = (beyond > cut) & (by_chance >= -np.log10(alpha))
    made = []
    for row in np.flatnonzero((beyond > watch).any(axis=1) & (values > 0).any(axis=1)):
        best, proven = float(beyond[row].max()), bool(sure[row].any())
        first = int(np.argmax(sure[row] if proven else beyond[row] > watch))
        at = WINDOW if score is Score.PERSIST else LOOKS[first]
        least = 10.0 ** -float(by_chance[row, int(beyond[row].argmax())])
        rarity, odds = most.rarity(best), max(most.odds(best), least)
        made.append(Alarm(calibration.keys[row], score, at, rarity, odds, proven=proven))
    return made
