"""Counts again what a verdict rests on: the command `recount`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.chat.texts import Words
from bot.core.counts import Counts, LogStoreError, Window
from bot.core.recount import Change, Kept, arrived, changes, expired, outer
from bot.core.release import Release, StepKind
from bot.core.value import spell
from bot.engine.transition import load
from bot.resources import Factory
from bot.settings import Settings
from bot.store import Store, Tx, VerdictCountsRow

SHOWN = 20
"""Types that are listed of a window, those that changed most."""


class RecountError(Exception):
    """There is nothing to count again, or it cannot be counted; the message says why."""


async def recount(settings: Settings, factory: Factory, number: int, step: str) -> str:
    """Say what has arrived or expired since the last verdict of a check.

    `step` may be left empty where a release has one check only. Raises RecountError, StoreError.
    """
    store = Store(settings.environment.database_url)
    await store.open()
    try:
        release, row = await store.read(lambda tx: _find(tx, number, step))
    finally:
        await store.close()
    try:
        before = Kept.unpack(row.body)
    except ValueError as error:
        raise RecountError(f"#{number} {row.step}: {error}") from error
    again = await _count(settings, factory, release, before)
    return "\n".join(_lines(settings, row, before, again))


def _find(tx: Tx, number: int, step: str) -> tuple[Release, VerdictCountsRow]:
    """The release, and the counts of the last round of the check."""
    release = load(tx, number)
    if release is None:
        raise RecountError(f"there is no release #{number}")
    checks = [one.id for one in release.steps if one.kind is StepKind.CHECK]
    if step not in checks and (step or len(checks) != 1):
        raise RecountError(f"name one of the checks of #{number}: {', '.join(checks) or 'none'}")
    rows = tx.verdict_counts(number, step or checks[0])
    if not rows:
        raise RecountError(f"#{number} {step or checks[0]} has counted nothing yet")
    return release, rows[-1]


async def _count(settings: Settings, factory: Factory, release: Release, before: Kept) -> Counts:
    config = release.config.log_configs[release.config.logs[before.request.component]]
    try:
        log_store = factory.log_store(config, settings, now=_now)
    except ValueError as error:
        raise RecountError(str(error)) from error
    try:
        return await log_store.count(before.again())
    except LogStoreError as error:
        raise RecountError(f"the log store could not count: {error}") from error
    finally:
        await log_store.close()


def _lines(settings: Settings, row: VerdictCountsRow, before: Kept, again: Counts) -> Iterator[str]:
    found = changes(before, again)
    yield (
        f"#{row.release_id} {row.step}, round {row.round}, counted {_written(before.at)}: "
        f"since then {arrived(found)} documents arrived and {expired(found)} expired"
    )
    for number in outer(before.request.windows):
        window = before.request.windows[number]
        own = [one for one in found if one.window == number]
        yield f"  {_span(window)}: {sum(before.totals[number].values())} documents" + (
            "" if own else ", unchanged"
        )
        yield from (f"    {_change(one)}" for one in own[:SHOWN])
        if len(own) > SHOWN:
            yield f"    and {len(own) - SHOWN} more types"
    say = Words(settings.file.zone)
    yield from (f"  incomplete: {say(gap)}" for gap in again.gaps)


def _change(one: Change) -> str:
    return f"{one.key}: {one.before} -> {one.now} ({one.difference:+d})"


def _span(window: Window) -> str:
    return f"{_written(window.start)}, {spell(window.length)}"


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _now() -> datetime:
    return datetime.now(UTC)
