"""One taken effect: what it is about, whether it is still ours, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from bot.core.event import Event
from bot.core.release import Release
from bot.engine.audience import Errand
from bot.engine.services import Services
from bot.engine.transition import Applied, apply, load
from bot.store import Tx
from bot.store.rows import EffectRow


class LeaseLostError(Exception):
    """Somebody else holds this work now, or nobody wants it; what was done here does not count."""


class Owner(Protocol):
    """What a job needs of the engine that runs it."""

    services: Services

    def pursue(self, applied: Applied) -> None:
        """Perform what a transition took along."""
        ...

    def lane(self, room: str) -> asyncio.Lock:
        """Keep the messages of one room in order."""
        ...

    def inherited(self, release_id: int) -> bool:
        """Whether the release was live before this process was."""
        ...


class Job:
    """One taken effect, and the three ways it can end: fed, done, or later."""

    def __init__(self, engine: Owner, row: EffectRow, fresh: Release | None = None) -> None:
        self.row = row
        self.effect = Errand.model_validate_json(row.body)
        self.services = engine.services
        self.until = row.lease_until or engine.services.now()
        """When the lease ends, as far as this process knows."""
        self.ending = False
        """Its last transaction is on its way; the row may be gone at any moment."""
        self._engine = engine
        self._fresh = fresh

    @property
    def repeated(self) -> bool:
        """Whether somebody took this very work before and never said how it ended."""
        return self.row.tries > 1

    @property
    def inherited(self) -> bool:
        """Whether the release was live before this process was."""
        return self._engine.inherited(self.row.release_id)

    @property
    def lane(self) -> asyncio.Lock:
        """Held while a message is sent, so that a room hears things in their order."""
        return self._engine.lane(self.effect.room)

    async def release(self) -> Release | None:
        """The release as it is stored; at first perhaps as this process has just stored it."""
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            return fresh
        return await self.services.store.read(lambda tx: load(tx, self.row.release_id))

    async def hold(self) -> None:
        """Make sure that the lease holds, before something that cannot be taken back.

        Raises LeaseLostError. Costs nothing as long as the lease is young.
        """
        services, row = self.services, self.row
        lease, now = services.limits.lease, services.now()
        if now < self.until - lease / 2:
            return
        until = now + lease
        kept = await services.store.transact(lambda tx: tx.renew([row.id], services.owner, until))
        if row.id not in kept:
            raise LeaseLostError
        self.until = until

    async def feed(self, event: Event) -> None:
        """Give the outcome to the release, in one transaction with the end of this effect."""
        services, row = self.services, self.row

        def work(tx: Tx) -> Applied | None:
            if not tx.finish(row.id, services.owner, row.generation):
                raise LeaseLostError
            return apply(tx, row.release_id, event, services=services)

        self.ending = True
        applied = await services.store.transact(work)
        if applied is not None:
            self._engine.pursue(applied)

    async def done(self, also: Callable[[Tx], None] | None = None) -> None:
        """Nothing to tell the release; `also` is kept together with the end."""
        services, row = self.services, self.row

        def work(tx: Tx) -> None:
            tx.finish(row.id, services.owner, row.generation)
            if also is not None:
                also(tx)

        self.ending = True
        await services.store.transact(work)

    async def looked(self, seconds: float) -> None:
        """All is well and not over yet: after this many seconds look again, with all tries left."""
        await self._later(seconds, tries=0)

    async def waits(self, seconds: float) -> None:
        """It could not be tried yet: take it again after this many seconds."""
        await self._later(seconds, tries=self.row.tries - 1)

    async def later(self, seconds: float) -> None:
        """Give it back after a try that failed; it is taken again after this many seconds."""
        await self._later(seconds, tries=None)

    async def _later(self, seconds: float, *, tries: int | None) -> None:
        services, row = self.services, self.row
        due = services.now() + timedelta(seconds=seconds)
        self.ending = True
        await services.store.transact(
            lambda tx: tx.postpone(row.id, services.owner, due, tries=tries)
        )

    async def again(self) -> None:
        """Give it back after a failure; the more often it was tried, the longer it waits."""
        steps = self.services.limits.retry
        await self.later(steps[min(max(self.row.tries, 1), len(steps)) - 1])
