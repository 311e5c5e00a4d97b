"""Answers that may take long: the room says that it is still counting, then shows the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from bot.core.card import Card
from bot.core.command import Command
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.value import Text, text
from bot.engine import cards, errors, recounts
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.submission import Submission
from bot.ports import Room, RoomBusyError, RoomError

log = structlog.get_logger("release_master.answers")

_TRIES = 10
"""How often the message is tried to be replaced by the answer."""
_CANNOT_EDIT = frozenset({"line"})
"""Surfaces whose messages stay as they are: there the one who asked waits."""


async def count_errors(engine: Engine, submission: Submission, command: Command) -> Reply:
    """`errors since deploy`, by `_patiently`."""
    counting = errors.since_deploy(engine.services, submission.inbound, command)
    return await _patiently(engine, submission, counting, text("errors.counting"))


async def recount(engine: Engine, submission: Submission, command: Command) -> Reply:
    """`recount`, by `_patiently`."""
    counting = recounts.again(engine.services, submission.inbound, command)
    return await _patiently(engine, submission, counting, text("recount.counting"))


async def _patiently(
    engine: Engine, submission: Submission, answer: Coroutine[Any, Any, Reply], meanwhile: Text
) -> Reply:
    """At once, or, when counting takes long, as an edit of a message.

    The message that it is still counting stands in the room in which it was asked. Where no
    message can be edited, or none can be posted, whoever asked waits for the answer.
    """
    services, inbound = engine.services, submission.inbound
    counting = asyncio.ensure_future(answer)
    try:
        await asyncio.wait({counting}, timeout=services.limits.answer.total_seconds())
        room = None if counting.done() else _room(services, inbound)
        if room is None:
            return await counting
        key = f"answer:{submission.number}"
        try:
            async with engine.lane(inbound.room):
                ref = await room.show(key, cards.notice(meanwhile), None)
        except RoomError as error:
            log.warning("counting_not_told", room=inbound.room, error=str(error))
            return await counting
    except BaseException:
        counting.cancel()
        raise

    async def replace() -> None:
        card = await _card(counting)
        async with engine.lane(inbound.room):
            await _show(room, key, card, ref)

    engine.background(replace(), f"answer:{submission.number}")
    return Reply(outcome=Outcome.ANSWERED)


def _room(services: Services, inbound: Inbound) -> Room | None:
    """Where it was asked; None where messages cannot be edited."""
    if inbound.surface in _CANNOT_EDIT:
        return None
    if inbound.room.startswith(DIRECT):
        return services.adapters.direct(inbound.room, inbound.identity)
    return services.adapters.room(inbound.room)


async def _card(counting: asyncio.Future[Reply]) -> Card:
    try:
        card = (await counting).card
    except Exception:
        log.exception("counting_failed")
        card = None
    return card or cards.notice(text("refused.failed"))


async def _show(room: Room, key: str, card: Card, ref: str) -> None:
    for _ in range(_TRIES):
        try:
            await room.show(key, card, ref)
        except RoomBusyError as busy:
            await asyncio.sleep(busy.seconds)
        except RoomError as error:
            log.warning("answer_not_shown", error=str(error))
            return
        else:
            return
