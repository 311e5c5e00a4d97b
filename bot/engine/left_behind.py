"""What was recorded and never settled: done, and told, by whichever process is alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog
from pydantic import ValidationError

from bot.core.inbound import Inbound, Reply
from bot.engine.intake import MOST_WAITING, Intake, failed
from bot.engine.submission import Submission
from bot.store import Tx
from bot.store.errors import StoreError
from bot.store.rows import InboxRow

log = structlog.get_logger("release_master.recovery")

Finish = Callable[[Submission], Awaitable[None]]
"""How a platform does and answers what it recorded. Raises StoreError."""


class LeftBehind:
    """Finds what a killed process owes, and finishes it."""

    def __init__(self, intake: Intake, finishers: Mapping[str, Finish]) -> None:
        """`finishers`: surface -> its platform's way; of other surfaces nobody can be told."""
        self._intake = intake
        self._services = intake.services
        self._finishers = finishers
        self._mine: set[int] = set()

    async def take_up(self) -> int:
        """Do and tell what nobody holds any more; returns how many there were.

        Each is taken under a lease first, so another process that looks at the same time does
        the others. Raises StoreError.
        """
        until = self._services.now() + self._services.limits.lease
        left = await self._taken(until)
        self._mine.update(left)
        try:
            ends = await asyncio.gather(
                *(self._finish(number, until) for number in left), return_exceptions=True
            )
        finally:
            self._mine.difference_update(left)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return len(left)

    async def _taken(self, until: datetime) -> list[int]:
        services = self._services
        now = services.now()
        before = now - services.limits.lease
        found = await services.store.read(lambda tx: tx.left_behind(now, before, MOST_WAITING))
        left = [n for n in found if n not in self._mine and n not in self._intake.held]
        if not left:
            return []
        taken = await services.store.transact(
            lambda tx: tx.take_inbox(left, services.owner, now, before=before, until=until)
        )
        return [number for number in left if number in taken]

    async def _finish(self, number: int, until: datetime) -> None:
        services = self._services
        row = await services.store.read(lambda tx: tx.inbox_row(number))
        if row is None or row.settled_at is not None:
            return
        try:
            reply = Reply.model_validate_json(row.result) if row.result else None
            inbound = Inbound.model_validate_json(row.body)
        except ValidationError:
            log.warning("inbox_row_unreadable", number=number)
            await self._give_up(row)
            return
        submission = Submission(number, inbound, reply, until=until)
        submission.stored = reply is not None
        if not (await self._is_done(row, submission) or await self._is_refused(row, submission)):
            await self._give_up(row)

    async def _is_done(self, row: InboxRow, submission: Submission) -> bool:
        """Whether it could be done and told; False after a fault that nobody foresaw."""
        # Versions before this one recorded no address.
        finish = self._finishers.get(row.surface) if submission.inbound.address else None
        try:
            if finish is not None:
                await finish(submission)
                return True
            async with self._intake.turn(submission, self._intake.lane(submission.inbound)):
                await self._intake.process(submission)
        except StoreError:
            raise
        except Exception:
            log.exception("inbox_row_failed", number=row.id)
            return False
        return True

    async def _is_refused(self, row: InboxRow, submission: Submission) -> bool:
        """Whether the person could at least be told that it failed."""
        submission.reply = submission.reply or failed()
        return await self._is_done(row, submission)

    async def _give_up(self, row: InboxRow) -> None:
        """Settle what can never be done, or it would be tried for ever."""
        said, now = failed().model_dump_json(), self._services.now()

        def work(tx: Tx) -> None:
            if not tx.settle(row.id, said, now):
                tx.close(row.id, now)

        await self._services.store.transact(work)
