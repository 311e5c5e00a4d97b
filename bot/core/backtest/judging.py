"""Judges the cases of one day by every policy: a piece of work for another process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.backtest import calibrated, seed2020
from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.backtest.visible import Visible
from bot.core.config.policy import Policy
from bot.core.minutes import MinuteCounts, bin_length, bin_of, joined
from bot.core.verdict.calibrated.calibration import Calibration, calibrate
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The cases of one day, with the minutes around them."""

    packed: Sequence[bytes]
    span: tuple[int, int]
    """The packed minutes are [begin, end), since the epoch."""
    cases: Sequence[Case]
    policies: Mapping[str, Policy]
    scale: float
    arrived: Mapping[str, Mapping[datetime, bytes]] = field(default_factory=dict)
    """Name of a case -> what had arrived when, as in `Visible`."""


def judge(piece: Piece) -> list[Replayed]:
    """Judge every case by every policy, in the order of the cases.

    Of `calibrated` one calibration serves all cases: it ends before the first of them, at most a
    day before the last, as in a bot that renews it. Raises MinutesError for other bytes.
    """
    begin, end = piece.span
    history = joined([MinuteCounts.unpack(part) for part in piece.packed], start=begin, end=end)
    cases, policies, scale = piece.cases, piece.policies, piece.scale
    fitted = {
        name: _fitted(history, cases, policy, scale)
        for name, policy in policies.items()
        if policy.comparison == "calibrated"
    }
    return [
        calibrated.replay(case, known, policy, fitted[name], called=name, scale=scale)
        if name in fitted
        else seed2020.replay(case, known, policy, called=name, scale=scale)
        for case in cases
        for known in (Visible(history, piece.arrived.get(case.name, {})),)
        for name, policy in policies.items()
    ]


def _fitted(
    history: MinuteCounts, cases: Iterable[Case], policy: Policy, scale: float
) -> Calibration | None:
    """A calibration on the baseline before the first case; None where that is under a day."""
    minute = bin_length(scale)
    first = min((bin_of(case.began, minute) for case in cases), default=history.end)
    begin = first - policy.baseline // bin_length(1)
    baseline = history.between(begin, first).panel()
    if int(baseline.known.sum()) < MINUTES_A_DAY or not baseline.keys:
        return None
    return calibrate(baseline, two_sided=policy.two_sided)


def days(cases: Iterable[Case], scale: float) -> list[list[Case]]:
    """The cases by the day of the comparison in which they began, the oldest day first."""
    minute = bin_length(scale)
    found: dict[int, list[Case]] = {}
    for case in sorted(cases, key=lambda c: c.began):
        found.setdefault(bin_of(case.began, minute) // MINUTES_A_DAY, []).append(case)
    return list(found.values())


def moments(case: Case, policies: Iterable[Policy], scale: float) -> tuple[datetime, ...]:
    """When any of the policies looks at a case, in order."""
    found: set[datetime] = set()
    for policy in policies:
        if policy.comparison == "calibrated":
            found.update(calibrated.looks(case, scale))
        else:
            found.update(seed2020.rounds(case, policy, scale))
    return tuple(sorted(found))
