"""`errors since deploy`: counts by type before and after, answered at any time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.card import Card, Cell, Chart, Row, Series, Table
from bot.core.command import Command
from bot.core.config import Policy, ReleaseFile
from bot.core.config.release_file import component_logs, component_policy
from bot.core.counts import Counts, CountRequest, LogStoreError, Window
from bot.core.inbound import Inbound
from bot.core.redact import cut, redact
from bot.core.release import Release
from bot.core.span import SinceDeploy, SpanError, resolve
from bot.core.value import Text, Value, text
from bot.core.verdict.seed2020 import multiple
from bot.engine.rounds import deploy_started
from bot.engine.services import Services
from bot.engine.transition import load

TOP = 10
SAMPLE = 160


class Line(Value):
    """One error type of one component, before and after."""

    component: str
    error_type: str
    before: int
    after: int
    multiple: float | None
    first_seen: datetime | None = None
    sample: str = ""
    hosts: int = 0


class Answer(Value):
    """What was found for one component, or why nothing can be said."""

    component: str
    lines: tuple[Line, ...] = ()
    window: Window | None = None
    gaps: tuple[Text, ...] = ()


async def since_deploy(services: Services, inbound: Inbound, command: Command) -> Card:
    """The card with table and bars; every component that cannot be counted says why."""
    file = services.file()
    target, only = _scope(file, inbound, command)
    release = await _last(services, target)
    names = [only] if only else _components(file, target, release)
    answers = await asyncio.gather(
        *(_component(services, target, name, release, command) for name in names)
    )
    return _card(command, target, release, list(answers), zone=file.zone)


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
    rows = await services.store.read(lambda tx: tx.recent(target, 5))
    for row in rows:
        release_id = row.id
        release = await services.store.read(lambda tx, wanted=release_id: load(tx, wanted))
        if release is not None and release.begun_at and not release.rollback_of:
            return release
    return None


async def _component(
    services: Services, target: str, name: str, release: Release | None, command: Command
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
            zone=ZoneInfo(file.zone),
            deploy_started=began,
        )
    except SpanError as error:
        return Answer(component=name, gaps=(error.why,))
    policy = component_policy(file, target, name)
    request = _request(policy, name, window, baseline=policy.baseline / file.time_scale)
    try:
        counts = await services.adapters.log_store(file.log_stores[logs]).count(request)
    except LogStoreError as error:
        detail = cut(redact(str(error)), SAMPLE)
        return Answer(component=name, gaps=(text("honesty.log_store", detail=detail),))
    group = release.change(name).groups.get(command.in_) if release and _has(release, name) else None
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


def _counted(
    name: str, window: Window, counts: Counts, *, hosts: tuple[str, ...] | None
) -> Answer:
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
                first_seen=sample.first_seen if sample else None,
                sample=cut(redact(sample.message), SAMPLE) if sample else "",
                hosts=len(where.get(kind, ())),
            )
        )
    return Answer(component=name, lines=tuple(lines), window=window, gaps=counts.gaps)


def _card(
    command: Command, target: str, release: Release | None, answers: list[Answer], *, zone: str
) -> Card:
    lines = sorted(
        (line for a in answers for line in a.lines),
        key=lambda x: (-(x.before == 0 and x.after > 0), -x.after, -(x.multiple or 0), x.error_type),
    )
    shown = lines[: command.top or TOP]
    more = len(lines) - len(shown)
    notes: list[Cell] = []
    for item in answers:
        notes += [gap for gap in item.gaps if gap not in notes]
    if more > 0:
        notes.append(text("errors.more", count=more))
    windows = [a.window for a in answers if a.window]
    since = min(w.start for w in windows).isoformat() if windows else ""
    title = text(
        "errors.title" if windows else "errors.nothing",
        target=target,
        release=release.id if release else 0,
        since=since,
        new=sum(1 for x in lines if not x.before and x.after),
        types=sum(1 for x in lines if x.after),
    )
    return Card(
        kind="errors",
        release=release.id if release else None,
        title=title,
        text=title,
        lines=tuple(notes),
        table=_table(shown) if shown else None,
        chart=_chart(shown) if shown else None,
        footer=text("errors.windows", zone=zone),
    )


def _table(lines: list[Line]) -> Table:
    header = ("component", "type", "before", "after", "multiple", "known", "first_seen", "sample")
    return Table(
        caption=text("errors.table"),
        header=tuple(text(f"column.{k}") for k in header),
        rows=tuple(
            Row(
                cells=(
                    x.component,
                    x.error_type,
                    str(x.before),
                    str(x.after),
                    "–" if x.multiple is None else f"×{x.multiple:.1f}",
                    text(_known(x)),
                    text("time", at=x.first_seen.isoformat()) if x.first_seen else "–",
                    x.sample or "–",
                ),
                state="new" if _known(x) == "errors.new" else "",
            )
            for x in lines
        ),
    )


def _known(line: Line) -> str:
    if line.before == 0:
        return "errors.new"
    return "errors.known" if line.after else "errors.vanished"


def _chart(lines: list[Line]) -> Chart:
    return Chart(
        title=text("check.chart"),
        categories=tuple(f"{x.component}: {x.error_type}" for x in lines),
        series=(
            Series(name=text("column.before"), values=tuple(float(x.before) for x in lines)),
            Series(name=text("column.after"), values=tuple(float(x.after) for x in lines)),
        ),
    )
