"""The host groups of components, for questions about one group: as released, else as they run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from bot.core.config.release_file import component_executor
from bot.core.operation import UnreachableError
from bot.core.redact import cut
from bot.core.value import Text, Value, text
from bot.engine.services import Services

ALL = "all"
"""The group that every host is in."""
DETAIL = 160
"""Characters of an executor's words that are shown."""
Groups = Mapping[str, tuple[str, ...]]
"""host group -> hosts."""


class Selection(Value):
    """The hosts of a group, component by component."""

    hosts: dict[str, tuple[str, ...]] = {}
    """component -> its hosts in the group, never none."""
    gaps: dict[str, Text] = {}
    """component -> why its hosts in the group cannot be told."""
    known: tuple[str, ...] = ()
    """The groups that there are."""

    @property
    def unknown(self) -> bool:
        """Whether there certainly is no such group."""
        asked = all(gap.key == "errors.no_group" for gap in self.gaps.values())
        return asked and not self.hosts


async def select(
    services: Services,
    target: str,
    group: str,
    *,
    components: Iterable[str],
    released: Mapping[str, Groups],
) -> Selection:
    """Find the hosts of a group; the executor is asked where the last release does not know it."""
    names = tuple(components)
    found = await asyncio.gather(
        *(
            _groups(services, target, name, released=released.get(name, {}), wanted=group)
            for name in names
        )
    )
    hosts: dict[str, tuple[str, ...]] = {}
    gaps: dict[str, Text] = {}
    known: dict[str, None] = {ALL: None}
    for name, (groups, failure) in zip(names, found, strict=True):
        known.update(dict.fromkeys(groups))
        if groups.get(group):
            hosts[name] = groups[group]
        elif failure:
            gaps[name] = text("errors.hosts_unknown", component=name, group=group, detail=failure)
        else:
            gaps[name] = text("errors.no_group", component=name, group=group)
    return Selection(hosts=hosts, gaps=gaps, known=tuple(known))


async def _groups(
    services: Services, target: str, component: str, *, released: Groups, wanted: str
) -> tuple[Groups, str]:
    """The groups of a component, and why they could not be read, if so."""
    if released.get(wanted):
        return released, ""
    file = services.file()
    executor = services.adapters.executor(
        file.executors[component_executor(file, target, component)]
    )
    try:
        running = await executor.running(component)
    except UnreachableError as error:
        return released, cut(services.clean(str(error)), DETAIL) or "?"
    return {name: running.hosts(name) for name in (ALL, *running.groups.values())}, ""
