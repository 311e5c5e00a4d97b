"""Forgetting what is long over: messages, clicks, places of cards and command records.

Releases and journals stay for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from bot.core.config import CommandExecutor
from bot.core.operation import UnreachableError
from bot.engine.services import Services
from bot.ports import Forgetful
from bot.store import Bite, Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.retention")

BITE = 500
"""Rows that one transaction looks at: a few milliseconds, between which everybody else writes."""
RELEASES = 10
"""Releases whose posts one transaction deletes: each has some dozens in each of its rooms."""
BITES = 200
"""Bites of one sweep for each table; the next sweep goes on."""

_Prune = Callable[[int, datetime, Tx], Bite]


class Retention:
    """Deletes what release.yml's `keep` says need not be kept any longer."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def sweep(self) -> None:
        """Forget what is old enough, in small bites. While the store is sick, nothing.

        Nothing that came in since the oldest live release began is old enough.
        """
        try:
            before = await self._before()
            rows = await self._all(lambda after, at, tx: tx.prune_inbox(after, at, BITE), before)
            said = await self._all(lambda after, at, tx: tx.prune_messages(after, at, BITE), before)
            shown = await self._all(
                lambda after, at, tx: tx.prune_posts(after, at, RELEASES), before
            )
        except StoreError as error:
            log.warning("retention_waits", code=error.code)
            return
        commands = await self._commands(before)
        if rows or said or shown or commands:
            log.info(
                "forgotten", inbox=rows, room_messages=said, shown_releases=shown, commands=commands
            )

    async def _before(self) -> datetime:
        services = self._services
        before = services.now() - services.file().keep

        def work(tx: Tx) -> datetime:
            first = min((head.id for head in tx.live_heads()), default=None)
            release = tx.get(first) if first is not None else None
            return before if release is None else min(before, release.created_at)

        return await services.store.read(work)

    async def _all(self, prune: _Prune, before: datetime) -> int:
        deleted, after = 0, 0
        for _ in range(BITES):
            bite = await self._services.store.transact(partial(prune, after, before))
            deleted += bite.deleted
            if bite.after is None:
                break
            after = bite.after
        return deleted

    async def _commands(self, before: datetime) -> int:
        services, count = self._services, 0
        for name, config in services.file().executors.items():
            if not isinstance(config, CommandExecutor):
                continue
            port: object = services.adapters.executor(config)
            try:
                count += await port.forget(before) if isinstance(port, Forgetful) else 0
            except UnreachableError as error:
                log.warning("commands_not_forgotten", executor=name, why=str(error))
        return count
