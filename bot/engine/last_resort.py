"""An effect that fails by a fault nobody foresaw: tried again, then told, never tried for ever.

What an effect on hosts or logs leads to then is said by `or_tell`; of the others people hear in
the release's home room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

import structlog

from bot.core.card import Card
from bot.core.redact import cut
from bot.core.value import Text, text
from bot.engine.job import Job, LeaseLostError
from bot.engine.transition import ROOMS, note
from bot.ports import RoomError
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.engine")

TRIES = 5
"""How often such an effect is tried (about 20 s with the usual pauses) before people hear of it."""
DETAIL = 300
"""Characters of the fault that are told."""

PAUSE = 600.0
"""Seconds between two tries of a timer whose fault was told: a mended bot goes on with it."""

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


async def again(job: Job, error: Exception, faults: int) -> None:
    """Give an effect back after so many faults in a row; at `TRIES` people hear of it, once.

    A card is given up then: the next change of its release shows it anew. A timer is kept, as the
    release may wait for nothing else. Raises StoreError.
    """
    if faults < TRIES:
        await job.again()
        return
    fact = _fact(job, error)
    if faults == TRIES:
        log.error("effect_fails_for_good", effect=job.row.key, release=job.row.release_id)
        await _tell(job, fact)
    if job.effect.kind not in ROOMS:
        await job.later(PAUSE)
        return
    number, now = job.row.release_id, job.services.now()
    await job.done(lambda tx: note(tx, number, "delivery_failed", (fact,), now=now))


def _fact(job: Job, error: Exception) -> Text:
    said = job.services.clean(f"{type(error).__name__}: {error}")
    return text(
        "fact.fault", release=job.row.release_id, effect=job.row.key, detail=cut(said, DETAIL)
    )


async def _tell(job: Job, fact: Text) -> None:
    """Say it in the home room; what cannot be said there is in the log and found by `doctor`."""
    release = await job.release()
    room = job.services.adapters.room(release.home) if release is not None else None
    if room is None:
        return
    card = Card(kind="notice", title=fact, text=fact, at=job.services.now())
    try:
        await room.show(f"fault:{job.row.id}", card, None)
    except RoomError as error:
        log.warning("fault_not_told", error=str(error))
