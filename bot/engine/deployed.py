"""Which release deployed each component last, and the host groups that it found there."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.release import Release
from bot.core.value import Moment, Value
from bot.engine.services import Services
from bot.engine.situations import deploy_started
from bot.store import ReleaseRow, Tx

LOOKED_AT = 200
"""How many releases of a target are looked through, the newest; each is read as a whole."""


class Deployed(Value):
    """The newest release that began to deploy a component; how it ended does not matter."""

    release: int
    at: Moment


class Deploys(Value):
    """What the releases of a target tell about its components."""

    last: dict[str, Deployed] = {}
    """component -> its last deploy; one that was never deployed is absent."""
    waiting: dict[str, int] = {}
    """component -> the newest live release that is still to deploy it."""
    groups: dict[str, dict[str, tuple[str, ...]]] = {}
    """component -> host group -> hosts, from the newest release that has the component."""
    releases: int = 0
    """How many releases were looked through."""


async def deploys(
    services: Services, target: str, components: Iterable[str], *, only: int | None = None
) -> Deploys:
    """Look through the releases of a target, newest first, or through one of them."""
    wanted = set(components)

    def work(tx: Tx) -> list[Release]:
        if only is not None:
            row = tx.get(only)
            return [_release(row)] if row else []
        found: list[Release] = []
        missing = set(wanted)
        for row in tx.recent(target, LOOKED_AT):
            found.append(_release(row))
            missing -= {c for c in missing if deploy_started(found[-1], c)}
            if not missing:
                break
        return found

    return _told(await services.store.read(work), wanted)


def _release(row: ReleaseRow) -> Release:
    return Release.model_validate_json(row.body)


def _told(releases: list[Release], wanted: set[str]) -> Deploys:
    last: dict[str, Deployed] = {}
    waiting: dict[str, int] = {}
    groups: dict[str, dict[str, tuple[str, ...]]] = {}
    for release in releases:
        for change in release.changes:
            name = change.component
            if name not in wanted:
                continue
            groups.setdefault(name, change.groups)
            began = deploy_started(release, name)
            if began is not None:
                last.setdefault(name, Deployed(release=release.id, at=began))
            elif release.live:
                waiting.setdefault(name, release.id)
    return Deploys(last=last, waiting=waiting, groups=groups, releases=len(releases))
