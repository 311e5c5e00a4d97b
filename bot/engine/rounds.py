"""The effect `check`: read the versions, count both windows, judge, and feed the verdict back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.core.config.policy import Policy
from bot.core.counts import CountRequest, Counts, LogStoreError
from bot.core.drift import drift
from bot.core.event import Checked, Drifted
from bot.core.flow import LOOK_EVERY, SILENT
from bot.core.operation import UnreachableError
from bot.core.recount import kept
from bot.core.redact import cut
from bot.core.release import Phase, Release, Step, StepState
from bot.core.value import Text, spell, text
from bot.core.verdict import honesty, seed2020
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Result, Verdict
from bot.engine.comparison import Case
from bot.engine.job import Job
from bot.engine.last_resort import or_tell
from bot.engine.operations import executor
from bot.engine.situations import restarted_hosts, situation
from bot.store import VerdictCountsRow

SAMPLE = 300
"""Characters of a log message that cards show."""
ASKS = frozenset({Phase.RUNNING, Phase.PAUSED})
"""The phases in which a foreign version can be asked about; in others it is a bad measurement."""


async def _current(job: Job) -> tuple[Release, Step] | None:
    """The step that the round belongs to, None when nobody waits for the round any more."""
    release, effect = await job.release(), job.effect
    if release is None or not release.live:
        return None
    step = release.step(effect.step)
    asked = (effect.attempt, effect.number)
    if step.state is not StepState.RUNNING or (step.attempt, step.round) != asked:
        return None
    if effect.name == SILENT and step.repeat:
        return None
    return release, step


async def _tell_fault(job: Job, detail: str) -> None:
    current = await _current(job)
    if current is None:
        await job.done()
        return
    release, step = current
    where = situation(release, step, job.services.now())
    verdict = _no_evidence(where, text("honesty.fault", detail=detail))
    await job.feed(
        Checked(step=step.id, round=step.round, repeat=step.repeat, late=False, verdict=verdict)
    )


@or_tell(_tell_fault)
async def check(job: Job) -> None:
    """Run one round. Whatever cannot be measured is inconclusive, with the reason."""
    current, effect = await _current(job), job.effect
    if current is None:
        await job.done()
        return
    release, step = current
    if effect.name == SILENT:
        await _look(job, release, step)
        return
    began = job.services.now()
    due = step.next_at or effect.due
    reasons: list[Text] = []
    foreign = await _foreign(job, release, step, reasons)
    if foreign is not None and release.phase in ASKS:
        await job.feed(foreign)
        return
    verdict = await _measure(job, release, step, due=due, reasons=reasons)
    if verdict.open_until is None:
        job.services.watch.verdict(str(verdict.result))
    late = began - due > _policy(release, step).repeat_every / _scale(release)
    await job.feed(
        Checked(step=step.id, round=step.round, repeat=step.repeat, late=late, verdict=verdict)
    )


async def _look(job: Job, release: Release, step: Step) -> None:
    """Between two rounds: end the round early when it would fail, otherwise say nothing.

    A look that comes late is left to the next one, and so is one that cannot measure.
    """
    late = job.services.now() - job.effect.due > LOOK_EVERY / _scale(release)
    if not late:
        due = job.services.now()
        verdict = await _measure(job, release, step, due=due, reasons=[], patient=False)
        if verdict.result is Result.FAIL:
            job.services.watch.verdict(str(verdict.result))
            await job.feed(
                Checked(
                    step=step.id,
                    round=step.round,
                    repeat=step.repeat,
                    late=False,
                    verdict=verdict,
                )
            )
            return
    await job.done()


async def _foreign(job: Job, release: Release, step: Step, reasons: list[Text]) -> Drifted | None:
    """What runs that this release did not put there; what cannot be read is a reason."""
    port = executor(job.services, release, step.component)
    try:
        running = await port.running(step.component)
    except UnreachableError as error:
        reasons.append(text("honesty.version_unknown", detail=cut(str(error), SAMPLE)))
        return None
    found = drift(release, step.component, running)
    if found is None:
        return None
    expected, actual = found
    reasons.append(
        text("question.drift", component=step.component, expected=expected, found=actual)
    )
    return Drifted(component=step.component, expected=expected, found=actual)


def _policy(release: Release, step: Step) -> Policy:
    return release.config.policies[step.component]


def _scale(release: Release) -> float:
    return release.config.time_scale


async def _measure(
    job: Job,
    release: Release,
    step: Step,
    *,
    due: datetime,
    reasons: list[Text],
    patient: bool = True,
) -> Verdict:
    policy, scale = _policy(release, step), _scale(release)
    now, services = job.services.now(), job.services
    where = situation(release, step, now)
    ended = where.restart_ended
    missed = _missed(step, policy, due=due, ended=ended, now=now, scale=scale)
    # What a late round finds is proof all the same; that it finds nothing is none.
    reasons = [*([missed] if missed else []), *reasons]
    comparison = services.comparisons[policy.comparison]
    name = release.config.logs[step.component]
    request = comparison.request(where)
    try:
        log_store = services.adapters.log_store(release.config.log_configs[name])
        counts = await log_store.count(request)
        counts = await services.lags.known(counts, request, where, logs=(name, log_store))
    except (LogStoreError, ValueError) as error:
        reason = text("honesty.log_store", detail=cut(services.clean(str(error)), SAMPLE))
        return _no_evidence(where, *reasons, reason)
    reasons += honesty.reasons(
        counts,
        policy=policy,
        restarted=restarted_hosts(release, step),
        restart_ended=ended,
        time_scale=scale,
    )
    case = Case(release, step, where, patient)
    verdict = await comparison.judge(case, counts, tuple(reasons))
    if patient or verdict.result is Result.FAIL:
        await _keep(job, step, request, counts)
    return clean(verdict, services.clean)


def _no_evidence(where: Situation, *reasons: Text) -> Verdict:
    verdict = seed2020.no_evidence(
        reasons[0], policy=where.policy, deploy_started=where.deploy_started, now=where.now
    )
    said = {"comparison": where.policy.comparison, "reasons": reasons}
    return verdict.model_copy(update=said)


async def _keep(job: Job, step: Step, request: CountRequest, counts: Counts) -> None:
    """Keep what was counted, so that it can be counted again and compared."""
    row = VerdictCountsRow(
        release_id=job.row.release_id,
        step=step.id,
        round=step.round,
        repeat=step.repeat,
        body=kept(request, counts, job.services.now()).pack(),
    )
    await job.services.store.transact(lambda tx: tx.put_verdict_counts(row))


def _missed(
    step: Step, policy: Policy, *, due: datetime, ended: datetime, now: datetime, scale: float
) -> Text | None:
    """Why a round comes too late; who missed all of them must not go on by itself.

    A repetition has its own time: it looks at everything since the deployment.
    """
    if step.repeat:
        return None
    missed = honesty.too_late(due, now, policy=policy, time_scale=scale)
    last = ended + policy.interval * policy.rounds / scale
    if missed is None or step.rounds:
        return missed
    wholly = honesty.too_late(last, now, policy=policy, time_scale=scale)
    return missed if wholly is None else text(honesty.MISSED_ALL, late=spell(now - due))


def clean(verdict: Verdict, redact: Callable[[str], str]) -> Verdict:
    """The same verdict with its sample messages redacted and cut."""
    found = tuple(
        f.model_copy(update={"sample": cut(redact(f.sample), SAMPLE)}) for f in verdict.findings
    )
    return verdict.model_copy(update={"findings": found})
