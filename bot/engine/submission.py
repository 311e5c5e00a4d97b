"""One recorded message on its way to an answer, settled once, with what it did or by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.inbound import Inbound, Reply
from bot.engine.engine import Engine
from bot.engine.transition import Applied
from bot.store import Tx


class SettledError(Exception):
    """Another process did this recorded message already; nothing of this run is kept."""


@dataclass(slots=True)
class Submission:
    """A message or click with the number of its inbox row."""

    number: int
    inbound: Inbound
    reply: Reply | None = None
    """The answer, where it is known before the message is done (again)."""
    stored: bool = False
    """Its answer is stored, together with what it changed."""
    owed: bool = False
    """Somebody waits for the answer: until they have it, the row stays unsettled."""
    until: datetime | None = None
    """Until when this process surely holds its lease, as far as is known here."""

    def settle(self, tx: Tx, reply: Reply, now: datetime) -> None:
        """Store the answer in this transaction. Raises SettledError when there is one already."""
        said = reply.model_dump_json()
        kept = tx.conclude(self.number, said) if self.owed else tx.settle(self.number, said, now)
        if not kept:
            raise SettledError


async def carry_out(
    engine: Engine, submission: Submission, work: Callable[[Tx], tuple[Reply, Applied | None]]
) -> Reply:
    """Run the work in one transaction with the end of its inbox row, then perform what it began.

    So a message that is done again after a crash, or by two processes, acts once.
    """
    services = engine.services

    def whole(tx: Tx) -> tuple[Reply, Applied | None]:
        reply, applied = work(tx)
        submission.settle(tx, reply, services.now())
        return reply, applied

    reply, applied = await services.store.transact(whole)
    submission.stored = True
    if applied is not None:
        engine.pursue(applied)
    return reply
