"""The engine: take a due effect, perform it through a port, feed the outcome back as an event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any

import structlog

from bot.core.effect import EffectKind
from bot.core.event import TimerRang
from bot.core.release import Release
from bot.engine import last_resort
from bot.engine.job import Job, LeaseLostError
from bot.engine.services import Services
from bot.engine.transition import ROOMS, Applied
from bot.store import Tx
from bot.store.errors import StoreError
from bot.store.rows import EffectRow

log = structlog.get_logger("release_master.engine")

Performer = Callable[[Job], Awaitable[None]]

LONGEST_SLEEP = 60.0
"""Seconds between two looks at the rows when nothing wakes the engine."""
BREATH = 1.0
"""Seconds between two tries while the store does not work."""
SETTLING = 0.2
"""Seconds until what is due, but still at work here, is looked at again."""
_PROBE = 64 * 1024
"""Bytes of the trial that ends a trouble: a small one may find room where no journal row does."""


class Engine:
    """Runs the effects of all live releases, beside any number of other engines on the store."""

    def __init__(self, services: Services, performers: dict[EffectKind, Performer]) -> None:
        self.services = services
        self.trouble = ""
        """Why nothing can be stored at present (a StoreError code); empty when all is well."""
        self.troubles = 0
        """How often that began."""
        self._performers = {EffectKind.TIMER: ring, **performers}
        self._jobs: dict[int, Job] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._faults: dict[int, int] = {}
        """Row -> how often in a row it failed by a fault that nobody foresaw."""
        self._lanes: dict[str, asyncio.Lock] = {}
        self._inherited: frozenset[int] = frozenset()
        self._wake = asyncio.Event()
        self._stopping = False
        self._hungry = False
        """Something due could not be taken, as it or too much else is still at work here."""
        self._unsubscribe = services.store.on_work(self.wake)

    def wake(self) -> None:
        """Look for due work now."""
        self._wake.set()

    @property
    def at_work(self) -> int:
        """How many effects this process performs at this moment."""
        return len(self._tasks)

    def lane(self, room: str) -> asyncio.Lock:
        """Keep the messages of one room in order; a slow room keeps only itself waiting."""
        return self._lanes.setdefault(room, asyncio.Lock())

    def inherit(self, releases: Iterable[int]) -> None:
        """Remember the releases that were live before this process was.

        What the database says of them may be older than what was done: after a kill, or when a
        backup was restored.
        """
        self._inherited = frozenset(releases)

    def inherited(self, release_id: int) -> bool:
        """Whether the release was live before this process was."""
        return release_id in self._inherited

    def pursue(self, applied: Applied) -> None:
        """Perform at once what a transition took along, and measure what it brought to an end."""
        release, watch = applied.outcome.release, self.services.watch
        for row in applied.taken:
            self._spawn(row, release)
        facts = [fact.key.removeprefix("fact.") for fact in applied.outcome.facts]
        if facts and applied.outcome.refusal is None:
            log.info("release_moved", release=release.id, phase=str(release.phase), facts=facts)
        for kind, state in applied.rested:
            watch.step_ended(kind, state)
        if applied.ended:
            watch.release_ended(str(release.phase))

    async def run(self) -> None:
        """Take and perform work until `stop`. Only the store's rows say what there is to do."""
        while not self._stopping:
            self._wake.clear()
            try:
                waiting = await self.take()
            except StoreError as error:
                self.troubled(error)
                waiting = BREATH
                self._wake.clear()
            except Exception:
                log.exception("engine_failed")
                waiting = BREATH
            if waiting:
                await self._sleep(waiting)

    async def take(self) -> float:
        """Take what is due; returns for how many seconds there is nothing more to do.

        Raises StoreError; then nothing was taken.
        """
        services = self.services
        now = services.now()
        if self.trouble:
            await services.store.transact(lambda tx: _probe(tx, now))
            self.trouble = ""
        # Messages wait for their rooms and not for a place, or a dead room would take them all.
        busy = sum(job.effect.kind not in ROOMS for job in self._jobs.values())
        free = services.limits.at_once - busy
        due = await services.store.read(lambda tx: tx.next_due(now))
        self._hungry = free <= 0
        if due is None or free <= 0:
            return LONGEST_SLEEP
        if due > now:
            return min((due - now).total_seconds(), LONGEST_SLEEP)
        until = now + services.limits.lease
        mine = tuple(self._jobs)
        rows = await services.store.transact(
            lambda tx: tx.take(services.owner, now, until, limit=free, skip=mine)
        )
        for row in rows:
            self._spawn(row)
        self._hungry = not rows
        return 0.0 if rows else SETTLING

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _spawn(self, row: EffectRow, fresh: Release | None = None) -> None:
        if self._stopping:
            return
        if row.id in self._tasks:
            # Its former run gave the row back and is on its last lines: this one comes behind it.
            self._tasks[row.id].add_done_callback(lambda _: self._spawn(row))
            return
        job = Job(self, row, fresh)
        task = asyncio.create_task(self._perform(job), name=f"{row.release_id}:{row.key}")
        self._jobs[row.id], self._tasks[row.id] = job, task
        task.add_done_callback(lambda _: self._ended(row.id))

    def _ended(self, row_id: int) -> None:
        del self._jobs[row_id], self._tasks[row_id]
        if self._hungry:
            self.wake()

    async def _perform(self, job: Job) -> None:
        row = job.row
        with structlog.contextvars.bound_contextvars(release=row.release_id, effect=row.key):
            try:
                await self._performers[job.effect.kind](job)
                self._faults.pop(row.id, None)
            except LeaseLostError:
                log.warning("lease_lost")
            except StoreError as error:
                self.troubled(error)
            except Exception as error:
                log.exception("effect_failed", tries=row.tries)
                await self._again(job, error)

    async def _again(self, job: Job, error: Exception) -> None:
        """An unforeseen error: the work is tried again, more and more slowly, then people hear."""
        faults = self._faults.get(job.row.id, 0) + 1
        self._faults[job.row.id] = faults
        try:
            await last_resort.again(job, error, faults)
        except StoreError as trouble:
            self.troubled(trouble)
        except Exception:
            # The room of the notice has a fault, too; the lease ends, and it is tried again.
            log.exception("fault_not_told")

    async def renew(self) -> None:
        """Prolong the leases of what is at work here; what was taken over or cancelled is stopped.

        Must be called more often than a lease is long.
        """
        services = self.services
        jobs = {row_id: job for row_id, job in self._jobs.items() if not job.ending}
        if not jobs:
            return
        until = services.now() + services.limits.lease
        try:
            kept = await services.store.transact(lambda tx: tx.renew(jobs, services.owner, until))
        except StoreError as error:
            self.troubled(error)
            return
        for row_id, job in jobs.items():
            if row_id in kept:
                job.until = until
            elif not job.ending and (task := self._tasks.get(row_id)) is not None:
                log.warning("lease_taken_over", effect=task.get_name())
                task.cancel()

    def troubled(self, error: StoreError) -> None:
        """Note that the store did not do something; from now on it is tried until it works."""
        if error.code == "store.stale":
            return
        if error.code != self.trouble:
            log.error("store_trouble", code=error.code)
            self.troubles += not self.trouble
        self.trouble = error.code
        self.wake()

    async def stop(self, seconds: float = 8.0) -> None:
        """Take nothing more, let what is at work end within `seconds`, then leave it to a lease.

        What is cut off here is found by its key and adopted by the next process.
        """
        self._stopping = True
        self._unsubscribe()
        self.wake()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        late = [*self._tasks.values(), *self._background]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def has_background(self, name: str) -> bool:
        """Whether something of this name runs beside the effects at this moment."""
        return any(task.get_name() == name for task in self._background)

    def background(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run something beside the effects and keep it alive until it ends or the engine stops."""
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


def _probe(tx: Tx, now: datetime) -> None:
    """Store something of the size of a transition, and leave nothing behind."""
    tx.put_value("engine.probe", "x" * _PROBE, now)
    tx.drop_value("engine.probe")


async def ring(job: Job) -> None:
    """A timer: the moment itself is the event."""
    effect = job.effect
    await job.feed(
        TimerRang.model_validate(
            {
                "name": effect.name,
                "question": effect.question,
                "step": effect.step,
                "attempt": effect.attempt,
                "number": effect.number,
            }
        )
    )
