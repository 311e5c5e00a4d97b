"""How many pushes this month has left, and which of them are still worth one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.chat.line.api import LineApi, LineError
from bot.chat.line.worth import FROM_80, FROM_95, Worth

log = structlog.get_logger("release_master.line")

FRESH = timedelta(minutes=1)
"""How long a reading of the quota is used."""
MEMBERS_FRESH = timedelta(hours=1)
"""How long a count of members is used."""


class Quota:
    """The month's messages as LINE last told them, and what was pushed since."""

    def __init__(self, api: LineApi, now: Callable[[], datetime]) -> None:
        self._api = api
        self._now = now
        self._read_at: datetime | None = None
        self._limit: int | None = None
        self._used = 0
        self._members: dict[str, tuple[datetime, int]] = {}
        self._lock = asyncio.Lock()

    @property
    def known(self) -> tuple[int, int] | None:
        """(limit, left) as last read; None when there is no limit or none was read yet."""
        if self._limit is None:
            return None
        return self._limit, max(0, self._limit - self._used)

    async def refresh(self) -> None:
        """Read the quota unless it was read within a minute; what fails leaves the old figures."""
        async with self._lock:
            now = self._now()
            if self._read_at is not None and now - self._read_at < FRESH:
                return
            try:
                self._limit, self._used = await self._api.quota()
            except LineError as error:
                log.warning("line_quota_unread", error=str(error))
            self._read_at = now

    async def allows(self, what: Worth) -> bool:
        """Whether this is still worth a push."""
        await self.refresh()
        if self._limit is None:
            return True
        share = self._used / self._limit if self._limit else 1.0
        least = FROM_95 if share >= 0.95 else FROM_80 if share >= 0.8 else Worth.FINAL
        return what >= least

    async def cost(self, chat: str) -> int:
        """The messages that one push to this chat costs: its members."""
        at, count = self._members.get(chat, (None, 1))
        if at is None or self._now() - at >= MEMBERS_FRESH:
            try:
                count = await self._api.members(chat)
            except LineError as error:
                log.warning("line_members_uncounted", error=str(error))
            self._members[chat] = (self._now(), count)
        return count

    def members(self, chat: str) -> int:
        """The members as last counted."""
        return self._members.get(chat, (None, 1))[1]

    def spent(self, count: int) -> None:
        """A push was accepted; LINE's own figure follows later."""
        self._used += count

    def exhausted(self) -> None:
        """LINE refused a push because nothing is left."""
        if self._limit is not None:
            self._used = max(self._used, self._limit)
