"""Policy `calibrated` in a bot: gathers what it knows from before, and judges beside the loop."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.core.baseline import UNKNOWN_LAG, Baseline, Source
from bot.core.calibrated import comparison, work
from bot.core.calibrated.prior import Prior, learnt
from bot.core.counts import CountRequest, Counts, LogStoreError, WindowCounts
from bot.core.minutes import bin_of, moment_of
from bot.core.redact import cut
from bot.core.release import Phase, Release, Step
from bot.core.value import Text, text
from bot.core.verdict.calibrated.rituals import REMEMBERED
from bot.core.verdict.calibrated.scores import Score
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Result, Verdict
from bot.engine.baselines import Baselines
from bot.engine.calibrations import Calibrations, Fit
from bot.engine.comparison import SEED_ONLY, Case, Comparisons
from bot.engine.services import Services
from bot.engine.worker import Worker
from bot.store import Tx

PATIENCE = 60.0
"""Seconds that a round waits for what is being read or fitted before it says that it is missing."""
PAUSE = 0.5
"""Seconds between two looks for what is being read."""
KEPT = 8
"""Checks whose prior knowledge is kept between two looks."""
SEARCHED = 100
"""Releases that are searched for healthy ones."""
DETAIL = 160
READING = "baseline.reading"


class Calibrated:
    """The comparison `calibrated`."""

    def __init__(
        self,
        services: Services,
        baselines: Baselines,
        calibrations: Calibrations,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._patience = patience
        self._services = services
        self._baselines = baselines
        self._calibrations = calibrations
        self._kept: OrderedDict[tuple[int, str, int], tuple[datetime, Prior]] = OrderedDict()

    def request(self, situation: Situation) -> CountRequest:
        """Minutes by host since the start of the restart."""
        return comparison.request(situation)

    async def judge(self, case: Case, counts: Counts, reasons: Iterable[Text]) -> Verdict:
        """Judge in a thread: thousands of types take a while."""
        prior, reasons = await self._prior(case), tuple(reasons)
        verdict = await _judge(case.situation, counts, prior, reasons)
        if verdict.result is not Result.PASS or counts.ingest_lag is not None:
            return verdict
        # Nobody can tell how late lines are: that is no reason to think them quick.
        unknown = UNKNOWN_LAG / case.situation.time_scale
        counts = counts.model_copy(update={"ingest_lag": unknown})
        verdict = await _judge(case.situation, counts, prior, reasons)
        return verdict.model_copy(update={"ingest_lag": None})

    async def _prior(self, case: Case) -> Prior:
        """What is known from before; kept for a while, as it is the same for every look."""
        place = (case.release.id, case.step.id, case.step.attempt)
        now, policy = case.situation.now, case.situation.policy
        known = self._kept.get(place)
        if known is not None and now - known[0] < policy.interval / case.situation.time_scale:
            return known[1]
        prior = await self._gather(case)
        if prior.missing is None:
            self._kept[place] = (now, prior)
            self._kept.move_to_end(place)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return prior

    async def _gather(self, case: Case) -> Prior:
        release, where = case.release, case.situation
        source = source_of(release, case.step)
        deployed = bin_of(where.deploy_started, where.minute)
        history, unread = await self._history(source, where)
        past = partial(healthy, target=release.target, step=case.step.id)
        rituals = await self._services.store.read(past)
        start = moment_of(bin_of(where.restart_started, where.minute), where.minute)
        patience = self._patience if case.patient else 0.0
        baseline = await self._baseline(source, start, patience)
        if baseline.counts is None:
            return Prior(missing=baseline.missing, history=history, rituals=rituals)
        fitted, why = await self._calibrations.before(
            source, baseline.counts, deployed, patience=patience
        )
        if fitted is not None and not where.policy.two_sided:
            fitted = replace(
                fitted, tails={s: t for s, t in fitted.tails.items() if s is not Score.FALL}
            )
        known = await self._calibrations.known(source, deployed)
        prior = await asyncio.to_thread(
            learnt, baseline.counts, deployed=deployed, calibration=fitted
        )
        return replace(
            prior,
            missing=why or unread,
            known=prior.known | known,
            history=history,
            rituals=rituals,
        )

    async def _baseline(self, source: Source, start: datetime, patience: float) -> Baseline:
        """The baseline; while it is being read it is waited for."""
        for _ in range(int(patience / PAUSE)):
            found = await self._baselines.upto(source, start)
            if found.missing is None or found.missing.key != READING:
                return found
            await asyncio.sleep(PAUSE)
        return await self._baselines.upto(source, start)

    async def _history(
        self, source: Source, where: Situation
    ) -> tuple[WindowCounts | None, Text | None]:
        """The day before by host, where some hosts are the control; and why it cannot be read."""
        if not where.control or not where.restarted:
            return None, None
        log_store = self._services.adapters.log_store(source.config)
        try:
            counts = await log_store.count(comparison.history_request(where))
        except (LogStoreError, ValueError) as error:
            detail = cut(self._services.clean(str(error)), DETAIL)
            return None, text("honesty.log_store", detail=detail)
        return counts.windows[0], None


class Calibration:
    """Everything behind policy `calibrated` in one process: baselines, calibrations, a worker."""

    def __init__(
        self, services: Services, fit: Fit | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._worker = Worker()
        self.baselines = Baselines(services)
        self.calibrations = Calibrations(services, self.baselines, fit or self._fit)
        parts = (self.baselines, self.calibrations)
        calibrated = Calibrated(services, *parts, patience=patience)
        self.comparisons: Comparisons = {**SEED_ONLY, "calibrated": calibrated}

    async def stop(self) -> None:
        """Give up what is being fitted, and end the worker."""
        await self.calibrations.stop()
        await asyncio.to_thread(self._worker.close)

    async def _fit(self, pieces: Sequence[bytes], span: tuple[int, int]) -> str:
        return await self._worker.run(work.fit, pieces, span, two_sided=True)


def source_of(release: Release, step: Step) -> Source:
    """The baseline that a check of this release is compared with."""
    config, name = release.config, release.config.logs[step.component]
    policy = config.policies[step.component]
    return Source(
        name=name,
        config=config.log_configs[name],
        component=step.component,
        levels=policy.counted_levels,
        baseline=policy.baseline,
        time_scale=config.time_scale,
    )


def healthy(tx: Tx, *, target: str, step: str) -> dict[str, tuple[float, ...]]:
    """How rare each type's score was in this check of the last healthy releases.

    Healthy are those that were done and not taken back, also where a person waved the check
    through: what is always waved through is a ritual.
    """
    found: list[dict[str, float]] = []
    for row in tx.recent(target, SEARCHED):
        if row.phase != Phase.DONE or len(found) >= REMEMBERED:
            continue
        release = Release.model_validate_json(row.body)
        one = release.find_step(step)
        if release.rolled_back_by or release.rollback_of or one is None:
            continue
        rounds = [r.verdict for r in one.rounds if r.verdict.comparison == "calibrated"]
        if rounds:
            found.append(_largest(rounds))
    # The oldest first: only the last ones are believed.
    found.reverse()
    keys = {key for one in found for key in one}
    return {key: tuple(one.get(key, 0.0) for one in found) for key in sorted(keys)}


def _largest(verdicts: Iterable[Verdict]) -> dict[str, float]:
    most: dict[str, float] = {}
    for verdict in verdicts:
        for key, value in verdict.rarities.items():
            most[key] = max(value, most.get(key, 0.0))
    return most


async def _judge(
    where: Situation, counts: Counts, prior: Prior, reasons: tuple[Text, ...]
) -> Verdict:
    return await asyncio.to_thread(comparison.judge, where, counts, prior, reasons)
