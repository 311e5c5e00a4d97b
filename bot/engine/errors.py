"""`errors since deploy`: counts by type before and after, answered at any time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.core.card import Card
from bot.core.command import Command
from bot.core.config import Policy, ReleaseFile
from bot.core.config.release_file import component_logs, component_policy
from bot.core.counts import CountRequest, Counts, LogStoreError, Window
from bot.core.inbound import Inbound
from bot.core.redact import cut, redact
from bot.core.release import Release
from bot.core.span import SinceDeploy, SpanError, resolve
from bot.core.spoken import spoken
from bot.core.value import text
from bot.core.verdict.seed2020 import multiple
from bot.engine.errors_card import Answer, Line, Shown, card
from bot.engine.rounds import deploy_started
from bot.engine.services import Services
from bot.engine.transition import load
from bot.store import Tx

SAMPLE = 160


async def since_deploy(services: Services, inbound: Inbound, command: Command) -> Card:
    """The card with table and bars; every component that cannot be counted says why."""
    file = services.file()
    target, only = _scope(file, inbound, command)
    release = await _last(services, target)
    names = [only] if only else _components(file, target, release)
    zone = spoken(file, inbound.room).zone
    answers = await asyncio.gather(
        *(
            _component(services, target, name, release=release, command=command, zone=zone)
            for name in names
        )
    )
    shown = Shown(target=target, release=release.id if release else 0, zone=zone)
    return card(shown, list(answers), top=command.top)


def _scope(file: ReleaseFile, inbound: Inbound, command: Command) -> tuple[str, str]:
    """The target, and the one component if only that is wanted."""
    if command.of in file.targets:
        return command.of, ""
    for name, target in file.targets.items():
        if command.of and command.of in target.components:
            return name, command.of
    here = [name for name, target in file.targets.items() if inbound.room in target.rooms]
    return (here or list(file.targets))[0], ""


def _components(file: ReleaseFile, target: str, release: Release | None) -> list[str]:
    released = [c.component for c in release.changes] if release else []
    return [c for c in released if c in file.targets[target].components] or list(
        file.targets[target].components
    )


async def _last(services: Services, target: str) -> Release | None:
    def work(tx: Tx) -> Release | None:
        for row in tx.recent(target, 5):
            release = load(tx, row.id)
            if release is not None and release.begun_at and not release.rollback_of:
                return release
        return None

    return await services.store.read(work)


async def _component(
    services: Services,
    target: str,
    name: str,
    *,
    release: Release | None,
    command: Command,
    zone: str,
) -> Answer:
    file = services.file()
    logs = component_logs(file, target, name)
    if not logs:
        return Answer(component=name, gaps=(text("errors.unwatched", component=name),))
    began = deploy_started(release, name) if release and _has(release, name) else None
    try:
        window = resolve(
            command.span or SinceDeploy(),
            now=services.now(),
            zone=ZoneInfo(zone),
            deploy_started=began,
        )
    except SpanError as error:
        return Answer(component=name, gaps=(error.text,))
    policy = component_policy(file, target, name)
    request = _request(policy, name, window, baseline=policy.baseline / file.time_scale)
    try:
        counts = await services.adapters.log_store(file.log_stores[logs]).count(request)
    except LogStoreError as error:
        detail = cut(redact(str(error)), SAMPLE)
        return Answer(component=name, gaps=(text("honesty.log_store", detail=detail),))
    group = (
        release.change(name).groups.get(command.in_) if release and _has(release, name) else None
    )
    return _counted(name, window, counts, hosts=group if command.in_ else None)


def _has(release: Release, component: str) -> bool:
    return any(c.component == component for c in release.changes)


def _request(policy: Policy, name: str, window: Window, *, baseline: timedelta) -> CountRequest:
    return CountRequest(
        component=name,
        windows=(Window(start=window.start - baseline, end=window.start), window),
        levels=policy.levels,
        samples=True,
    )


def _counted(name: str, window: Window, counts: Counts, *, hosts: tuple[str, ...] | None) -> Answer:
    base, seen = counts.windows
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    where: dict[str, set[str]] = {}
    for rows, into in ((base, before), (seen, after)):
        for row in rows.types:
            if hosts is not None and row.host not in hosts:
                continue
            into[row.error_type] = into.get(row.error_type, 0) + row.count
            if into is after:
                where.setdefault(row.error_type, set()).add(row.host)
    samples = {s.error_type: s for s in seen.samples}
    lines = []
    for kind in sorted(set(before) | set(after)):
        sample = samples.get(kind)
        lines.append(
            Line(
                component=name,
                error_type=kind,
                before=before.get(kind, 0),
                after=after.get(kind, 0),
                multiple=multiple(
                    before.get(kind, 0),
                    after.get(kind, 0),
                    baseline=base.window.length,
                    observed=seen.window.length,
                ),
                expected=before.get(kind, 0) * (seen.window.length / base.window.length),
                first_seen=sample.first_seen if sample else None,
                sample=cut(redact(sample.message), SAMPLE) if sample else "",
                hosts=len(where.get(kind, ())),
                compared=bool(base.documents),
            )
        )
    gaps = counts.gaps
    if not base.documents:
        gaps = (*gaps, text("errors.no_baseline", component=name))
    return Answer(component=name, lines=tuple(lines), window=window, gaps=gaps)
