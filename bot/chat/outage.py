"""Tells the other rooms when a chat platform is out of order: its own cannot say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import uuid4

import structlog

from bot.chat.platform import Platform
from bot.core.card import Card
from bot.core.value import Text, text
from bot.engine.audience import hearers, rooms_of
from bot.engine.services import Services
from bot.engine.transition import load
from bot.ports import RoomError
from bot.store import Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.outage")

SILENT = 30.0
"""Seconds that something must be wrong before anybody hears of it; most of it mends itself."""
ONCE = 600
"""Seconds within which the same is told once, however many processes notice it."""
NAMES = {"slack": "Slack", "line": "LINE"}


class Outages:
    """Looks at the platforms, and tells the rooms of others when one is out of order, and over."""

    def __init__(self, services: Services, platforms: Sequence[Platform]) -> None:
        self._services = services
        self._platforms = platforms
        self._since: dict[str, float] = {}
        self._told: set[str] = set()

    async def look(self, moment: float) -> None:
        """Look once; `moment` is in monotonic seconds. A sick store leaves it to the next look."""
        for platform in self._platforms:
            try:
                await self._look(platform, moment)
            except StoreError as error:
                log.warning("outage_not_told", platform=platform.name, code=error.code)

    async def _look(self, platform: Platform, moment: float) -> None:
        name, why = platform.name, platform.trouble()
        called = NAMES.get(name, name)
        if not why:
            self._since.pop(name, None)
            if name in self._told:
                await self._tell(name, text("outage.over", platform=called))
                self._told.discard(name)
            return
        since = self._since.setdefault(name, moment)
        if moment - since >= SILENT and name not in self._told:
            await self._tell(name, text("outage.now", platform=called, why=why))
            self._told.add(name)

    async def _tell(self, name: str, said: Text) -> None:
        card = Card(kind="notice", title=said, text=said, at=self._services.now())
        for key in await self._rooms(name):
            room = self._services.adapters.room(key)
            if room is None or not await self._first(f"{name}:{key}:{said.key}"):
                continue
            try:
                await room.show(f"outage:{uuid4().hex}", card, None)
            except RoomError as error:
                log.warning("outage_not_told", room=key, error=str(error))

    async def _rooms(self, name: str) -> Iterable[str]:
        """Rooms of other platforms: those that follow a live release, else all there are."""
        file = self._services.file()
        live = await self._services.store.read(
            lambda tx: [load(tx, head.id) for head in tx.live_heads()]
        )
        found = [
            key
            for release in live
            if release is not None
            for key in (*rooms_of(release, file), *(room for room, _ in hearers(release, file)))
        ]
        others = [key for key in dict.fromkeys(found) if file.rooms[key].kind != name]
        return others or [key for key, room in file.rooms.items() if room.kind != name]

    async def _first(self, key: str) -> bool:
        """Whether no other process told this just now."""
        now = self._services.now()
        dedupe = f"outage:{key}:{int(now.timestamp() // ONCE)}"

        def work(tx: Tx) -> bool:
            number = tx.record(dedupe, "outage", "{}", now)
            if number is not None:
                tx.settle(number, "{}", now)
            return number is not None

        return await self._services.store.transact(work)
