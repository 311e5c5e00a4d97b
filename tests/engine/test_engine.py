"""The engine's own book-keeping: what is taken is performed."""

from __future__ import annotations

import asyncio

from bot.core.effect import EffectKind
from bot.core.machine import Outcome
from bot.engine.audience import Errand
from bot.engine.job import Job
from bot.engine.transition import Applied
from bot.store import EffectRow, Tx
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, Bot, ended


def taken_anew(tx: Tx, bot: Bot, job: Job) -> EffectRow:
    """A transition wants the effect again, and this process takes it along."""
    now = bot.services.now()
    return tx.enqueue(
        job.row.release_id,
        job.row.key,
        kind=job.row.kind,
        body=job.row.body,
        due_at=now,
        taken_by=bot.services.owner,
        lease_until=now + bot.services.limits.lease,
    )


async def test_what_is_taken_anew_runs_when_its_former_run_is_over(make: Make) -> None:
    """A run that gave its row back, and is on its last lines, does not swallow the next one."""
    bot = await make(**SINGLE)
    await bot.start()
    release = await bot.run(ended)
    await bot.drain()
    runs: list[Job] = []

    async def show(job: Job) -> None:
        runs.append(job)
        if len(runs) > 1:
            await job.done()
            return
        await job.later(0)
        row = await bot.real.transact(lambda tx: taken_anew(tx, bot, job))
        bot.engine.pursue(Applied(outcome=Outcome(release=release), taken=(row,)))

    bot.engine._performers[EffectKind.SHOW] = show
    now = bot.services.now()
    body = Errand(kind=EffectKind.SHOW, key="show:x", due=now).model_dump_json()
    row = await bot.real.transact(
        lambda tx: tx.enqueue(1, "show:x", kind="show", body=body, due_at=now)
    )
    await bot.engine.take()
    while tasks := list(bot.engine._tasks.values()):
        await asyncio.wait(tasks)

    assert [job.row.id for job in runs] == [row.id, row.id]
