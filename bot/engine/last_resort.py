"""An effect that fails by a fault nobody foresaw: tried again, then told, never tried for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

import structlog

from bot.core.redact import cut
from bot.engine.job import Job, LeaseLostError
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.engine")

TRIES = 5
"""How often such an effect is tried (about 20 s with the usual pauses) before people hear of it."""
DETAIL = 300
"""Characters of the fault that are told."""

Performer = Callable[[Job], Awaitable[None]]
Teller = Callable[[Job, str], Awaitable[None]]


def or_tell(tell: Teller) -> Callable[[Performer], Performer]:
    """Let an effect that has failed `TRIES` times end with what `tell` says of the fault.

    What `tell` says must be true of work that may or may not have been done.
    """

    def decorate(perform: Performer) -> Performer:
        @wraps(perform)
        async def performed(job: Job) -> None:
            try:
                await perform(job)
            except (LeaseLostError, StoreError):
                raise
            except Exception as error:
                if job.row.tries < TRIES:
                    raise
                log.exception("effect_given_up", tries=job.row.tries)
                said = job.services.clean(f"{type(error).__name__}: {error}")
                await tell(job, cut(said, DETAIL))

        return performed

    return decorate
