"""`recount`: what the verdicts of a release rest on, counted again; nothing is changed by it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.command import Command
from bot.core.counts import LogStoreError
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.recount import Kept, changes
from bot.core.redact import cut
from bot.core.release import Release, StepKind
from bot.core.value import Text, text
from bot.core.view.recount import Again, recount
from bot.engine import cards, decisions
from bot.engine.services import Services
from bot.store import Tx, VerdictCountsRow

DETAIL = 300
"""Characters of what a log store says about its trouble."""


async def again(services: Services, inbound: Inbound, command: Command) -> Reply:
    """The last round of each check, or of the one that was named, compared with the logs now.

    A check that cannot be counted says why, and does not keep the others from being counted.
    """
    release, missing = await decisions.find_release(services, inbound, command)
    if release is None:
        return missing
    rows = await services.store.read(lambda tx: _newest(tx, release))
    if not rows:
        return cards.refused(text("recount.nothing", release=release.id))
    if command.step:
        step = release.find_step(command.step)
        wanted = [row for row in rows if step is not None and row.step == step.id]
        if not wanted:
            why = _no_check(release, rows, command.step)
            return cards.refused(why, lines=cards.number_meant(command))
        rows = wanted
    # One after the other: a person can wait, and the log store serves others, too.
    found = [await _count(services, release, row) for row in rows]
    card = recount(release.id, found)
    return Reply(outcome=Outcome.ANSWERED, card=card, release=release.id)


def _newest(tx: Tx, release: Release) -> list[VerdictCountsRow]:
    checks = [step.id for step in release.steps if step.kind is StepKind.CHECK]
    counted = (tx.verdict_counts(release.id, check) for check in checks)
    return [rows[-1] for rows in counted if rows]


def _no_check(release: Release, rows: Sequence[VerdictCountsRow], said: str) -> Text:
    checks = ", ".join(row.step for row in rows)
    return text("recount.no_check", step=said, release=release.id, checks=checks)


async def _count(services: Services, release: Release, row: VerdictCountsRow) -> Again:
    step, number = row.step, row.round
    try:
        before = Kept.unpack(row.body)
    except ValueError:
        why = text("recount.old", step=step, round=number)
        return Again(step=step, round=number, trouble=why)
    at = before.at
    try:
        config = release.config.log_configs[release.config.logs[before.request.component]]
        counts = await services.adapters.log_store(config).count(before.again())
    except (LogStoreError, ValueError) as error:
        detail = cut(services.clean(str(error)), DETAIL)
        why = text("recount.trouble", step=step, round=number, at=at.isoformat(), detail=detail)
        return Again(step=step, round=number, at=at, trouble=why)
    return Again(
        step=step,
        round=number,
        at=at,
        windows=tuple((window.start, window.end) for window in before.request.windows),
        changes=changes(before, counts),
        gaps=counts.gaps,
    )
