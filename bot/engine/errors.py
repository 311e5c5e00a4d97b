"""`errors since deploy`: counts by type before and after, answered at any time."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from bot.core.command import Command
from bot.core.config import ReleaseFile
from bot.core.config.log_store import names_groups
from bot.core.config.release_file import component_logs, component_policy
from bot.core.counts import CountRequest, LogStoreError, Window
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.nearest import nearest
from bot.core.redact import cut
from bot.core.span import SinceDeploy, SpanError, resolve
from bot.core.spelling import spell
from bot.core.spoken import spoken
from bot.core.value import Moment, Text, Value, text
from bot.engine import cards, decisions
from bot.engine.deployed import LOOKED_AT, Deploys, deploys
from bot.engine.errors_card import Answer, Shown, card
from bot.engine.errors_lines import DETAIL, counted
from bot.engine.host_groups import ALL, Selection, select
from bot.engine.services import Services


class Asked(Value):
    """What is counted: components of one target, over which span, on which hosts."""

    target: str
    only: str = ""
    """The one component that is wanted; empty: all of the target."""
    command: Command
    past: Deploys
    zone: str
    """The time zone (IANA name) of times that are typed and shown."""
    now: Moment
    """One moment for all components, so that their windows are the same."""
    selection: Selection | None = None
    """The hosts of the group that is wanted; None: every host."""
    by_documents: frozenset[str] = frozenset()
    """The components whose documents name the group that is wanted; their hosts do not matter."""


async def since_deploy(services: Services, inbound: Inbound, command: Command) -> Reply:
    """The card with table and bars; every component that cannot be counted says why."""
    file = services.file()
    target, only = _scope(file, inbound, command)
    if command.release is not None:
        release, missing = await decisions.find_release(services, inbound, command)
        if release is None:
            return missing
        target = release.target
    names = tuple(file.targets[target].components) if target in file.targets else ()
    past = await deploys(services, target, names, only=command.release)
    asked = Asked(
        target=target,
        only=only,
        command=command,
        past=past,
        zone=spoken(file, inbound.room).zone,
        now=services.now(),
    )
    if command.in_ and command.in_ != ALL:
        named = frozenset(name for name in names if _names_groups(file, target, name))
        others = [name for name in names if name not in named]
        selection = await select(
            services, target, command.in_, components=others, released=past.groups
        )
        if selection.unknown and not named:
            return _unknown_group(command, selection)
        asked = asked.model_copy(update={"selection": selection, "by_documents": named})
    wanted = [name for name in names if only in {"", name}]
    try:
        answers = await asyncio.gather(*(_component(services, asked, name) for name in wanted))
    except SpanError as error:
        return cards.refused(error.text)
    shown = card(_shown(asked), list(answers), top=command.top)
    return Reply(outcome=Outcome.ANSWERED, card=shown, release=shown.release)


def _names_groups(file: ReleaseFile, target: str, component: str) -> bool:
    logs = component_logs(file, target, component)
    return bool(logs) and names_groups(file.log_stores[logs])


def _scope(file: ReleaseFile, inbound: Inbound, command: Command) -> tuple[str, str]:
    """The target, and the one component if only that is wanted; those of this room come first."""
    if command.of in file.targets:
        return command.of, ""
    names = sorted(file.targets, key=lambda name: inbound.room not in file.targets[name].rooms)
    for name in names:
        if command.of and command.of in file.targets[name].components:
            return name, command.of
    return names[0], ""


def _unknown_group(command: Command, selection: Selection) -> Reply:
    near = nearest(command.in_, selection.known)
    why = text("errors.unknown_group", group=command.in_, nearest=", ".join(near))
    tries = (spell(command.model_copy(update={"in_": name})) for name in near)
    return cards.refused(why, lines=tuple(text("hint.try", line=line) for line in tries))


def _shown(asked: Asked) -> Shown:
    return Shown(
        subject=asked.only or asked.target,
        zone=asked.zone,
        kind=(asked.command.span or SinceDeploy()).kind,
        group=asked.command.in_ if asked.selection else "",
    )


async def _component(services: Services, asked: Asked, name: str) -> Answer:
    """Count one component. Raises SpanError when the span means no window for any."""
    file, selection = services.file(), asked.selection
    logs = component_logs(file, asked.target, name)
    window = _window(asked, name)
    gap = None if logs else text("errors.unwatched", component=name)
    if gap is None and window is None:
        gap = _not_deployed(asked, name)
    hosts = None
    if gap is None and selection is not None and name not in asked.by_documents:
        gap, hosts = selection.gaps.get(name), selection.hosts.get(name)
    if gap is not None or window is None:
        return Answer(component=name, gaps=(gap,) if gap else ())
    policy = component_policy(file, asked.target, name)
    base = Window(start=window.start - policy.baseline / file.time_scale, end=window.start)
    request = CountRequest(
        component=name,
        windows=(base, window),
        levels=policy.levels,
        samples=True,
        sample_hosts=hosts or (),
        group=asked.command.in_ if name in asked.by_documents else "",
    )
    try:
        counts = await services.adapters.log_store(file.log_stores[logs]).count(request)
    except (LogStoreError, ValueError) as error:
        detail = cut(services.clean(str(error)), DETAIL)
        return Answer(
            component=name, gaps=(text("errors.log_store", component=name, detail=detail),)
        )
    answer = counted(name, counts, hosts=hosts)
    if (asked.command.span or SinceDeploy()) == SinceDeploy():
        return answer.model_copy(update={"release": asked.past.last[name].release})
    return answer


def _window(asked: Asked, name: str) -> Window | None:
    span, deployed = asked.command.span or SinceDeploy(), asked.past.last.get(name)
    if isinstance(span, SinceDeploy) and deployed is None:
        return None
    return resolve(
        span,
        now=asked.now,
        zone=ZoneInfo(asked.zone),
        deploy_started=deployed.at if deployed else None,
    )


def _not_deployed(asked: Asked, name: str) -> Text:
    """Why there is no deployment to count from."""
    past = asked.past
    if name in past.waiting:
        return text("errors.waiting", component=name, release=past.waiting[name])
    if asked.command.release is not None:
        return text("errors.not_in", component=name, release=asked.command.release)
    if past.releases >= LOOKED_AT:
        return text("errors.not_lately", component=name, count=LOOKED_AT)
    return text("errors.never", component=name)
