"""One case judged anew by `calibrated`, before against after, from the minutes of the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.backtest.told import told
from bot.core.backtest.visible import Visible
from bot.core.baseline import SHORTEST_LAG
from bot.core.calibrated import comparison
from bot.core.calibrated.prior import learnt
from bot.core.config.policy import Policy
from bot.core.counts import Alive, Counts, TypeCount, Window, WindowCounts
from bot.core.minutes import bin_length, bin_of, moment_of
from bot.core.value import Moment, text
from bot.core.verdict.calibrated.calibration import Calibration
from bot.core.verdict.calibrated.scores import LOOKS
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Result

ALL = "all hosts"
"""History is kept as the sum over the hosts."""


def replay(
    case: Case,
    known: Visible,
    policy: Policy,
    fitted: Calibration | None,
    *,
    called: str = "calibrated",
    scale: float = 1,
) -> Replayed:
    """Look at the minutes behind the restart as the engine would have, until something is decided.

    `fitted` is a calibration that ends before the deploy; None where there is none.
    """
    here = _Here(case, known, policy, scale)
    baseline = known.history.between(here.first, here.restarted)
    prior = learnt(baseline, deployed=here.deployed, calibration=fitted)
    if fitted is None:
        why = text("calibration.too_short", component=case.component, minutes=baseline.known)
        prior = replace(prior, missing=why)
    found, now = None, case.ended
    for now in looks(case, scale):
        situation = here.situation(now)
        found = comparison.outcome(situation, here.counted(now), prior)
        if found.result is not Result.INCONCLUSIVE:
            break
    if found is None:
        raise ValueError("there is at least one look")
    return told(case, called, found, at=now)


def looks(case: Case, scale: float) -> tuple[Moment, ...]:
    """When the minutes behind the restart are looked at: as soon as their lines have arrived."""
    minute = bin_length(scale)
    began = _after(case.ended, minute)
    return tuple(moment_of(began + look, minute) + SHORTEST_LAG / scale for look in LOOKS)


def _after(moment: Moment, minute: timedelta) -> int:
    """The first minute that begins at a moment or after it."""
    number = bin_of(moment, minute)
    return number if moment_of(number, minute) == moment else number + 1


@dataclass(frozen=True)
class _Here:
    """A case among the minutes of its history."""

    case: Case
    known: Visible
    policy: Policy
    scale: float

    @property
    def minute(self) -> timedelta:
        return bin_length(self.scale)

    @property
    def deployed(self) -> int:
        return bin_of(self.case.began, self.minute)

    @property
    def restarted(self) -> int:
        return bin_of(self.case.restarted, self.minute)

    @property
    def first(self) -> int:
        return bin_of(self.case.began - self.policy.baseline / self.scale, self.minute)

    def situation(self, now: Moment) -> Situation:
        return Situation(
            policy=self.policy,
            component=self.case.component,
            deploy_started=self.case.began,
            restart_started=self.case.restarted,
            restart_ended=self.case.ended,
            now=now,
            time_scale=self.scale,
        )

    def counted(self, now: Moment) -> Counts:
        """What the log store would have answered at a moment, all hosts as one.

        Of exposure only the sum over all hosts is known, which is all that is needed.
        """
        seen = self.known.at(now).between(self.restarted, bin_of(now, self.minute))
        at = [moment_of(seen.start + place, self.minute) for place in range(seen.minutes)]
        rows = tuple(
            TypeCount(error_type=named, level=level, host=ALL, count=int(count), bucket=moment)
            for key, counts in zip(seen.keys, seen.counts, strict=True)
            for level, _, named in (key.partition(" "),)
            for moment, count in zip(at, counts, strict=True)
            if count > 0
        )
        alive = tuple(
            Alive(host=ALL, bucket=moment, count=1, exposure=int(served))
            for moment, served in zip(at, seen.exposure, strict=True)
            if served > 0
        )
        start = moment_of(self.restarted, self.minute)
        whole = WindowCounts(window=Window(start=start, end=now), types=rows, alive=alive)
        rest = WindowCounts(window=Window(start=min(self.case.ended, now), end=now))
        return Counts(windows=(whole, rest), newest=now)
