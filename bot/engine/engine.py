"""The engine: take a due effect, perform it through a port, feed the outcome back as an event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import structlog

from bot.core.effect import Effect, EffectKind
from bot.core.event import Event, TimerRang
from bot.core.release import Release
from bot.engine.services import Services
from bot.engine.transition import Applied, apply, load
from bot.store import Tx
from bot.store.errors import StoreError
from bot.store.rows import EffectRow

log = structlog.get_logger("release_master.engine")

Performer = Callable[["Job"], Awaitable[None]]


class LeaseLostError(Exception):
    """Somebody else holds this work now; what was done here counts for nothing."""


class Job:
    """One taken effect, and the three ways it can end: fed, done, or later."""

    def __init__(self, engine: Engine, row: EffectRow) -> None:
        self.row = row
        self.effect = Effect.model_validate_json(row.body)
        self.services = engine.services
        self._engine = engine

    @property
    def repeated(self) -> bool:
        """Whether somebody took this very work before and never said how it ended."""
        return self.row.tries > 1

    async def release(self) -> Release | None:
        """The release as it is stored now."""
        return await self.services.store.read(lambda tx: load(tx, self.row.release_id))

    async def feed(self, event: Event) -> None:
        """Give the outcome to the release, in one transaction with the end of this effect."""
        services, row = self.services, self.row

        def work(tx: Tx) -> Applied | None:
            if not tx.finish(row.id, services.owner, row.generation):
                raise LeaseLostError
            return apply(tx, row.release_id, event, services=services)

        applied = await services.store.transact(work)
        if applied is not None:
            self._engine.pursue(applied)

    async def done(self) -> None:
        """Nothing more to do, and nothing to tell the release."""
        row = self.row
        await self.services.store.transact(
            lambda tx: tx.finish(row.id, self.services.owner, row.generation)
        )

    async def later(self, seconds: float) -> None:
        """Give it back; it is taken again after this many seconds."""
        due = self.services.now() + timedelta(seconds=seconds)
        row = self.row
        await self.services.store.transact(lambda tx: tx.postpone(row.id, self.services.owner, due))


class Engine:
    """Runs the effects of all live releases, beside any number of other engines on the store."""

    def __init__(self, services: Services, performers: dict[EffectKind, Performer]) -> None:
        self.services = services
        self.trouble = ""
        """Why nothing can be stored at present (a StoreError code); empty when all is well."""
        self._told: list[str] = []
        self._performers = {EffectKind.TIMER: ring, **performers}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._unsubscribe = services.store.on_work(self.wake)

    def wake(self) -> None:
        """Look for due work now."""
        self._wake.set()

    @property
    def at_work(self) -> int:
        """How many effects this process performs at this moment."""
        return len(self._tasks)

    def pursue(self, applied: Applied) -> None:
        """Perform at once what a transition took along, and measure what it brought to rest."""
        for row in applied.taken:
            self._spawn(row)
        if not applied.outcome.release.live and applied.outcome.effects:
            self.services.watch.release_ended(str(applied.outcome.release.phase))

    async def run(self) -> None:
        """Take and perform work until `stop`. Only the store's rows say what there is to do."""
        while not self._stopping:
            self._wake.clear()
            try:
                waiting = await self._take()
            except StoreError as error:
                self._trouble(error.code)
                waiting = 1.0
            if waiting:
                await self._sleep(waiting)

    async def _take(self) -> float:
        """Take what is due; returns for how many seconds there is nothing more to do."""
        services = self.services
        free = services.limits.at_once - len(self._tasks)
        now = services.now()
        due = await services.store.read(lambda tx: tx.next_due(now))
        self._well()
        if due is None or free <= 0:
            return 60.0
        if due > now:
            return (due - now).total_seconds()
        until = now + services.limits.lease
        mine = tuple(self._tasks)
        rows = await services.store.transact(
            lambda tx: tx.take(services.owner, now, until, limit=free, skip=mine)
        )
        for row in rows:
            self._spawn(row)
        return 0.0 if rows else 0.2

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _spawn(self, row: EffectRow) -> None:
        if self._stopping or row.id in self._tasks:
            return
        task = asyncio.create_task(self._perform(row), name=f"{row.release_id}:{row.key}")
        self._tasks[row.id] = task
        task.add_done_callback(lambda _: self._ended(row.id))

    def _ended(self, row_id: int) -> None:
        self._tasks.pop(row_id, None)
        if len(self._tasks) == self.services.limits.at_once - 1:
            self.wake()

    async def _perform(self, row: EffectRow) -> None:
        job = Job(self, row)
        with structlog.contextvars.bound_contextvars(release=row.release_id, effect=row.key):
            try:
                await self._performers[job.effect.kind](job)
            except LeaseLostError:
                log.warning("lease_lost")
            except StoreError as error:
                self._trouble(error.code)
            except Exception:
                log.exception("effect_failed", tries=row.tries)
                await self._again(job)

    async def _again(self, job: Job) -> None:
        """An unforeseen error: the work is not lost, it is tried again, more and more slowly."""
        steps = self.services.limits.retry
        try:
            await job.later(steps[min(job.row.tries, len(steps)) - 1])
        except StoreError as error:
            self._trouble(error.code)

    async def renew(self) -> None:
        """Prolong the leases of what is at work here; what was taken over is stopped."""
        ids = list(self._tasks)
        if not ids:
            return
        services = self.services
        until = services.now() + services.limits.lease
        try:
            kept = await services.store.transact(lambda tx: tx.renew(ids, services.owner, until))
        except StoreError as error:
            self._trouble(error.code)
            return
        for row_id in set(ids) - kept:
            task = self._tasks.get(row_id)
            if task is not None and not task.done():
                log.warning("lease_taken_over", effect=task.get_name())

    def _trouble(self, code: str) -> None:
        if code == "store.stale":
            return
        if code != self.trouble:
            log.error("store_trouble", code=code)
            self._told.append(code)
        self.trouble = code

    def _well(self) -> None:
        self.trouble = ""

    def take_told(self) -> tuple[str, ...]:
        """The troubles that rooms have not been told of; each is returned once."""
        told, self._told = tuple(self._told), []
        return told

    async def stop(self, seconds: float = 8.0) -> None:
        """Take nothing more, let what is at work end within `seconds`, then leave it to a lease.

        What is cut off here is found by its key and adopted by the next process.
        """
        self._stopping = True
        self._unsubscribe()
        self.wake()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def background(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run something beside the effects and keep it alive until it ends."""
        task = asyncio.create_task(work, name=name)
        key = -id(task)
        self._background[key] = task
        task.add_done_callback(lambda _: self._background.pop(key, None))
        return task

    @property
    def _background(self) -> dict[int, asyncio.Task[None]]:
        return self.__dict__.setdefault("_background_tasks", {})


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
