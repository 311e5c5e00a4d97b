"""Effects on hosts: start under a stored key, look, stop, read the version back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from bot.core.event import (
    StepNotStarted,
    StepProgressed,
    StepStarted,
    StepUnsure,
    StopAnswered,
    VersionRead,
)
from bot.core.operation import (
    ExecutorError,
    Find,
    FindState,
    Operation,
    OperationKind,
    Progress,
    ProgressState,
    RefusedError,
    UnreachableError,
)
from bot.core.redact import cut, redact
from bot.core.release import IN_FLIGHT, Release, Step, StepKind, StepState
from bot.core.turn import nonce
from bot.engine.job import Job
from bot.engine.last_resort import or_tell
from bot.engine.services import Services
from bot.ports import Executor

T = TypeVar("T")
DETAIL = 1000
"""Characters of an executor's words that are kept."""
FINDS = 3
"""How often an operation that may have been begun is looked for before people are asked."""


def operation(release: Release, step: Step) -> Operation:
    """What the executor is asked; the key names release, step and attempt, and is never reused.

    A number of a lost database may be given again, so the release is named with its seed.
    """
    return Operation(
        key=f"{release.id}-{nonce(release.seed, 'key')}/{step.id}/{step.attempt}",
        kind=OperationKind.DEPLOY if step.kind is StepKind.DEPLOY else OperationKind.RESTART,
        component=step.component,
        version=step.version,
        group=step.group or "all",
        hosts=step.only_hosts,
    )


def executor(services: Services, release: Release, component: str) -> Executor:
    """The executor that the release was planned with."""
    name = release.config.executors[component]
    return services.adapters.executor(release.config.executor_configs[name])


def words(detail: str) -> str:
    """What an executor said, without what looks like a secret; it knows its own ones only."""
    return cut(redact(detail), DETAIL) if detail else ""


def _clean(progress: Progress) -> Progress:
    hosts = tuple(h.model_copy(update={"detail": words(h.detail)}) for h in progress.hosts)
    return progress.model_copy(update={"hosts": hosts, "detail": words(progress.detail)})


async def _current(job: Job) -> tuple[Release, Step] | None:
    release = await job.release()
    if release is None or not release.live:
        return None
    step = release.step(job.effect.step)
    if step.attempt != job.effect.attempt or step.state not in IN_FLIGHT:
        return None
    return release, step


async def _timed(job: Job, release: Release, call: str, work: Awaitable[T]) -> T:
    """Await a call of the step's executor and measure it."""
    name = release.config.executors[release.step(job.effect.step).component]
    began = time.perf_counter()
    try:
        return await work
    finally:
        job.services.watch.executor_call(name, call, time.perf_counter() - began)


async def _tell_unsure(job: Job, detail: str) -> None:
    effect = job.effect
    await job.feed(StepUnsure(step=effect.step, attempt=effect.attempt, detail=detail))


async def _tell_unknown(job: Job, detail: str) -> None:
    effect, progress = job.effect, Progress(state=ProgressState.UNKNOWN, detail=detail)
    await job.feed(StepProgressed(step=effect.step, attempt=effect.attempt, progress=progress))


async def _tell_not_stopped(job: Job, detail: str) -> None:
    effect = job.effect
    await job.feed(
        StopAnswered(step=effect.step, attempt=effect.attempt, accepted=False, detail=detail)
    )


async def _tell_unread(job: Job, detail: str) -> None:
    effect = job.effect
    await job.feed(
        VersionRead(step=effect.step, attempt=effect.attempt, versions={}, detail=detail)
    )


@or_tell(_tell_unsure)
async def start(job: Job) -> None:
    """Start an operation once: when it may have been begun before, look for it first."""
    only_find = job.effect.name == "find"
    if only_find or job.repeated or job.inherited:
        current = await _current(job)
        if current is None:
            await job.done()
            return
        found = await _find_first(job, *current)
        if only_find or found.state is FindState.FOUND or _unsettled(job, found):
            await _tell_found(job, found)
            return
    current = await _current(job)
    if current is None:
        await job.done()
    elif current[1].state is StepState.STOPPING:
        await _not_started(job, "stopped before the executor was called")
    else:
        await _call(job, *current)


async def _find_first(job: Job, release: Release, step: Step) -> Find:
    # The call of a killed process may still be on its way: absent must stay absent.
    patience = 2 if job.repeated else 1
    port = executor(job.services, release, step.component)
    return await _find(job, port, operation(release, step), patience=patience)


def _unsettled(job: Job, found: Find) -> bool:
    """Whether nobody can tell if it ran; a first try after a restart is no reason to suspect it."""
    return job.repeated and found.state is FindState.CANNOT_TELL


async def _call(job: Job, release: Release, step: Step) -> None:
    wanted, port = operation(release, step), executor(job.services, release, step.component)
    await job.hold()
    try:
        handle = await _timed(job, release, "start", port.start(wanted))
    except RefusedError as error:
        await _not_started(job, str(error))
    except ExecutorError as error:
        found = await _find(job, port, wanted, patience=FINDS)
        if found.state is FindState.ABSENT:
            cannot = "no operation with this key is known (yet)"
            found = Find(state=FindState.CANNOT_TELL, detail=cannot)
        await _tell_found(job, found, before=str(error))
    else:
        await _started(job, handle)


async def _started(job: Job, handle: str) -> None:
    effect = job.effect
    await job.feed(StepStarted(step=effect.step, attempt=effect.attempt, handle=handle))


async def _not_started(job: Job, detail: str) -> None:
    effect = job.effect
    await job.feed(StepNotStarted(step=effect.step, attempt=effect.attempt, detail=words(detail)))


async def _find(job: Job, port: Executor, wanted: Operation, *, patience: int) -> Find:
    """Look for an operation by its key; absent only when it stays absent for `patience` looks."""
    found = Find(state=FindState.CANNOT_TELL)
    for look in range(patience):
        if look:
            await asyncio.sleep(job.services.limits.find_pause.total_seconds())
        try:
            found = await port.find(wanted)
        except UnreachableError as error:
            found = Find(state=FindState.CANNOT_TELL, detail=str(error))
            continue
        if found.state is FindState.FOUND:
            return found
    return found


async def _tell_found(job: Job, found: Find, *, before: str = "") -> None:
    effect = job.effect
    match found.state:
        case FindState.FOUND:
            await _started(job, found.handle)
        case FindState.ABSENT:
            await _not_started(job, "the executor knows no operation with this key")
        case FindState.CANNOT_TELL:
            detail = "; ".join(part for part in (before, found.detail) if part)
            await job.feed(
                StepUnsure(step=effect.step, attempt=effect.attempt, detail=words(detail))
            )


@or_tell(_tell_unknown)
async def look(job: Job) -> None:
    """Say how far an operation is. What has not changed moves nothing and is looked at later."""
    current = await _current(job)
    if current is None:
        await job.done()
        return
    release, step = current
    port = executor(job.services, release, step.component)
    try:
        progress = await _timed(
            job, release, "look", port.look(operation(release, step), step.handle)
        )
    except UnreachableError as error:
        progress = Progress(state=ProgressState.UNKNOWN, detail=str(error))
    progress = _clean(progress)
    same = progress.hosts in ((), step.hosts) and not step.unknown_looks
    if progress.state is ProgressState.RUNNING and same:
        await job.looked(release.config.target.poll_every.total_seconds())
        return
    await job.feed(StepProgressed(step=step.id, attempt=step.attempt, progress=progress))


@or_tell(_tell_not_stopped)
async def stop(job: Job) -> None:
    """Ask an operation to stop; an executor that cannot says so, and that is told."""
    current = await _current(job)
    if current is None:
        await job.done()
        return
    release, step = current
    port = executor(job.services, release, step.component)
    try:
        answer = await _timed(
            job, release, "stop", port.stop(operation(release, step), step.handle)
        )
        accepted, detail = answer.accepted, answer.detail
    except UnreachableError as error:
        accepted, detail = False, str(error)
    await job.feed(
        StopAnswered(step=step.id, attempt=step.attempt, accepted=accepted, detail=words(detail))
    )


@or_tell(_tell_unread)
async def verify(job: Job) -> None:
    """Read the running versions back after a rollback; what cannot be read is no confirmation."""
    current = await _current(job)
    if current is None:
        await job.done()
        return
    release, step = current
    port = executor(job.services, release, step.component)
    versions: dict[str, str] = {}
    detail = ""
    for attempt in range(FINDS):
        if attempt:
            await asyncio.sleep(job.services.limits.find_pause.total_seconds())
        try:
            versions, detail = (await port.running(step.component)).versions, ""
        except UnreachableError as error:
            detail = str(error)
        if versions and not detail:
            break
    await job.feed(
        VersionRead(step=step.id, attempt=step.attempt, versions=versions, detail=words(detail))
    )
