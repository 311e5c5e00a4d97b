"""What this process is at work on: inbox rows under leases, so that one process answers each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from bot.engine.services import Services
from bot.engine.submission import SettledError, Submission


class Held:
    """The leases of one process. A dead one's end by time; those of a live one are renewed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._until: dict[int, datetime] = {}

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, number: int) -> bool:
        return number in self._until

    @contextmanager
    def hold(self, submission: Submission) -> Iterator[None]:
        """Be at work on it: its lease is renewed meanwhile, and nobody here takes it up again."""
        services = self._services
        known = submission.until
        self._until[submission.number] = known or services.now() + services.limits.lease
        try:
            yield
        finally:
            self._until.pop(submission.number, None)

    async def check(self, submission: Submission) -> None:
        """Make sure that it is still ours to answer.

        Raises SettledError when it is settled, or another process has taken it up; StoreError.
        """
        number = submission.number
        until = self._until.get(number, submission.until)
        if until is None or self._services.now() < until:
            return
        if not await self._renewed((number,)):
            raise SettledError

    async def renew(self) -> None:
        """Prolong what ends soon; call it more often than half a lease is long.

        Raises StoreError; then `check` looks again before anybody is answered.
        """
        services = self._services
        soon = services.now() + services.limits.lease / 2
        ending = [number for number, until in self._until.items() if until <= soon]
        if ending:
            await self._renewed(ending)

    async def _renewed(self, numbers: Collection[int]) -> set[int]:
        services = self._services
        now = services.now()
        until = now + services.limits.lease
        kept = await services.store.transact(
            lambda tx: tx.renew_inbox(numbers, services.owner, until)
        )
        for number in numbers:
            if number in self._until:
                self._until[number] = until if number in kept else now
        return kept
