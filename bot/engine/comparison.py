"""What compares logs: a comparison says what to ask the log store, and judges what it answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.baseline import lasting
from bot.core.counts import CountRequest, Counts
from bot.core.release import Release, Step
from bot.core.value import Text
from bot.core.verdict import seed2020
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """One round or look of a check."""

    release: Release
    step: Step
    situation: Situation
    patient: bool = True
    """Whether it is worth waiting for what is still being read or fitted; a look is not."""


class Comparison(Protocol):
    """A way to compare, by the name that `policy.comparison` has."""

    def request(self, situation: Situation) -> CountRequest:
        """What to count. The last window is the time since the restart ended."""
        ...

    async def judge(self, case: Case, counts: Counts, reasons: Iterable[Text]) -> Verdict:
        """Say what the counts mean; `reasons` are what the honesty rules found wrong with them."""
        ...


class Seed2020:
    """The rule of the OpenChat team's talk; it needs nothing but two windows."""

    def request(self, situation: Situation) -> CountRequest:
        """Baseline, the time since the deploy, and since the restart."""
        return seed2020.request(
            situation.policy,
            situation.component,
            deploy_started=situation.deploy_started,
            restart_ended=situation.restart_ended,
            now=situation.now,
            time_scale=situation.time_scale,
        )

    async def judge(self, case: Case, counts: Counts, reasons: Iterable[Text]) -> Verdict:
        """Rules A and B over totals."""
        where = case.situation
        verdict = seed2020.judge(counts, reported=where.reported, reasons=tuple(reasons))
        ends = where.restart_ended + where.policy.interval * case.step.round / where.time_scale
        lag = lasting(counts.ingest_lag, where.time_scale)
        return verdict if lag is None else seed2020.awaited(verdict, ends=ends, lag=lag)


Comparisons = Mapping[str, Comparison]
SEED_ONLY: Comparisons = {"seed-2020": Seed2020()}
"""What works without a baseline by the minute."""
