"""Which baselines are wanted, and how far each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from bot.core.baseline import Source, read_days
from bot.core.config.release_file import ReleaseFile, component_logs, component_policy
from bot.core.minutes import bin_of, moment_of
from bot.core.value import Text
from bot.store import BaselineRow, Tx

NEED_MINUTES = frozenset({"calibrated"})
"""The comparisons that look at minutes."""
FRESH = 30
"""A day is there when it was counted up to so many minutes ago."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class State:
    """How far a baseline is."""

    source: Source
    days: int
    """How many days are wholly there."""
    of: int
    """How many there are to be."""
    last: datetime | None
    """The end of the newest minute that was counted; None when there is none."""
    size: int
    """Bytes that it takes in the store."""
    trouble: Text | None
    """Why it is not read on."""


def configured(file: ReleaseFile) -> list[Source]:
    """What release.yml compares by the minute."""
    return [
        source
        for target, one in file.targets.items()
        for component in one.components
        if one.monitoring and (source := source_of(file, target, component)) is not None
    ]


def source_of(file: ReleaseFile, target: str, component: str) -> Source | None:
    """The source of a component's baseline; None where its policy looks at no minutes."""
    policy = component_policy(file, target, component)
    name = component_logs(file, target, component)
    if not name or policy.comparison not in NEED_MINUTES:
        return None
    return Source(
        name=name,
        config=file.log_stores[name],
        component=component,
        levels=policy.counted_levels,
        baseline=policy.baseline,
        time_scale=file.time_scale,
    )


def stored_source(row: BaselineRow, now: datetime) -> Source | None:
    """What a row wants; None when nobody wants it any more, or another version wrote it.

    Who wants a baseline says so again within its length and a day.
    """
    try:
        found = Source.model_validate_json(row.body)
    except ValidationError:
        return None
    old = row.wanted_at < now - (found.baseline + _DAY) / found.time_scale
    return None if old or found.key != row.key else found


def states(tx: Tx, now: datetime) -> list[State]:
    """How far each baseline is that somebody wants, by log store and component."""
    found = []
    for row in tx.baselines():
        source = stored_source(row, now)
        if source is not None:
            found.append(_state(tx, row, source, now))
    return sorted(found, key=lambda one: (one.source.name, one.source.component, one.source.key))


def _state(tx: Tx, row: BaselineRow, source: Source, now: datetime) -> State:
    heads = tx.minute_heads(row.key)
    upto = max((head.upto for head in heads), default=None)
    counted = {head.day: head.upto for head in heads}
    days, of = read_days(counted, source.first_day(now), bin_of(now, source.bin) - FRESH)
    return State(
        source=source,
        days=days,
        of=of,
        last=None if upto is None else moment_of(upto, source.bin),
        size=sum(head.size for head in heads),
        trouble=Text.model_validate_json(row.trouble) if row.trouble else None,
    )
