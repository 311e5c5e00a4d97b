"""Messages of work that a killed process left unfinished: told by whichever process is alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog
from pydantic import ValidationError

from bot.core.inbound import DIRECT
from bot.core.value import Value, text
from bot.core.view import backtest as view
from bot.engine.services import Services
from bot.ports import Room, RoomBusyError, RoomError
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.backtests")

KEY = "cut-off:"
"""Before the key of the message."""
PULSE = timedelta(seconds=10)
"""How often a backtest that is at work says so."""
DEAD = timedelta(seconds=40)
"""Without a pulse for so long its process is gone, or its store is."""


class Place(Value):
    """Where a message is shown."""

    room: str
    """As in `Inbound.room`."""
    identity: str = ""
    """Whose chat it is, where that is a chat with one person alone."""
    key: str
    """As in `Room.show`."""

    def find(self, services: Services) -> Room | None:
        """The room; None when there is none (any more)."""
        if self.room.startswith(DIRECT):
            return services.adapters.direct(self.room, self.identity)
        return services.adapters.room(self.room)


class Standing(Value):
    """A message that says that a backtest is at work."""

    target: str
    place: Place
    ref: str
    """As `Room.show` returned it."""


class Pulse:
    """Keeps in the store which message stands, and that somebody is at work on it."""

    def __init__(self, services: Services, target: str, place: Place) -> None:
        self._services = services
        self._target = target
        self._place = place
        self._standing: Standing | None = None

    async def stands(self, ref: str) -> None:
        """Note the message; only the first time costs anything."""
        if self._standing is None or self._standing.ref != ref:
            self._standing = Standing(target=self._target, place=self._place, ref=ref)
            await self._beat()

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Renew the note within the block; behind it nothing stands any more."""
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            with suppress(StoreError):
                await self._services.store.transact(lambda tx: tx.drop_value(self._name))

    @property
    def _name(self) -> str:
        return KEY + self._place.key

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(PULSE.total_seconds())
            await self._beat()

    async def _beat(self) -> None:
        if self._standing is None:
            return
        body, now = self._standing.model_dump_json(), self._services.now()
        try:
            await self._services.store.transact(lambda tx: tx.put_value(self._name, body, now))
        except StoreError as error:
            log.info("backtest_pulse_failed", code=error.code)


async def tell(services: Services) -> int:
    """Say of each message without a pulse that its work was cut off; returns how many there were.

    Two processes that do so at once edit the same message alike. Raises StoreError.
    """
    before = services.now() - DEAD
    rows = await services.store.read(lambda tx: tx.values(KEY))
    left = [row for row in rows if row.at < before]
    done = [row.key for row in left if await _told(services, row.body)]
    await services.store.transact(lambda tx: [tx.drop_value(key) for key in done])
    return len(left)


async def _told(services: Services, body: str) -> bool:
    """Whether the message needs no more."""
    try:
        one = Standing.model_validate_json(body)
    except ValidationError:
        return True
    room = one.place.find(services)
    card = view.broken(one.target, text("backtest.stopped", target=one.target))
    try:
        if room is not None:
            await room.show(one.place.key, card, one.ref)
    except RoomBusyError:
        return False
    except RoomError as error:
        log.warning("backtest_not_told", error=str(error))
    return True
