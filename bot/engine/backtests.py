"""Backtests: made beside everything else, told in the room, kept, and looked up for a plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.core.backtest import judging
from bot.core.backtest.backtest import Backtest
from bot.core.backtest.score import Replayed
from bot.core.card import Card
from bot.core.command import Command
from bot.core.config.release_file import component_policy
from bot.core.inbound import Outcome, Reply
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.view import backtest as view
from bot.engine import authority, backtesting, cards
from bot.engine.cut_off import Place, Pulse
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.submission import Submission
from bot.engine.worker import Worker
from bot.ports import Room, RoomBusyError, RoomError
from bot.store import Store

log = structlog.get_logger("release_master.backtests")

KEY = "backtest:"
"""Before the target: the newest one of each is kept."""
PAUSE = 2.0
"""Seconds between two looks at how far it is, so that a room is not flooded."""


async def newest(store: Store, target: str) -> Backtest | None:
    """The newest backtest of a target; None when there is none yet."""
    body = await store.read(lambda tx: tx.value(KEY + target))
    return None if body is None else Backtest.model_validate_json(body)


async def keep(store: Store, backtest: Backtest) -> None:
    """Keep it in place of the one before."""
    body = backtest.model_dump_json()
    await store.transact(lambda tx: tx.put_value(KEY + backtest.target, body, backtest.at))


async def backtest(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Begin one; its progress and its result come into the room where it was asked for."""
    services, inbound = engine.services, submission.inbound
    denied = authority.denied(services, inbound, command.target, Verb.BACKTEST)
    if denied is not None:
        return denied
    name = KEY + command.target
    if engine.has_background(name):
        return cards.refused(text("backtest.busy", target=command.target))
    person = services.file().people.get(inbound.person)
    wish = backtesting.Wish(target=command.target, by=person.name if person else "")
    wish = wish.model_copy(update=_counts(command))
    place = Place(room=inbound.room, identity=inbound.identity, key=f"backtest:{submission.number}")
    teller = Teller(place.find(services), Pulse(services, command.target, place), place.key)
    engine.background(run(services, wish, teller), name)
    begun = text("backtest.begun", target=command.target)
    return Reply(outcome=Outcome.ANSWERED, card=cards.notice(begun))


def _counts(command: Command) -> dict[str, int]:
    wanted = {"last": command.last_n, "pseudo": command.pseudo}
    return {name: count for name, count in wanted.items() if count is not None}


class Teller:
    """Shows the newest card of a backtest in one message; what is overtaken is left out."""

    def __init__(self, room: Room | None, pulse: Pulse, key: str) -> None:
        self.pulse = pulse
        self._room = room
        self._key = key
        self._ref: str | None = None
        self._next = 0.0

    async def progress(self, card: Card) -> None:
        """Show how far it is, unless that was shown a moment ago."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._next:
            return
        self._next = loop.time() + PAUSE
        try:
            await self._show(card)
        except RoomError as error:
            log.info("backtest_progress_not_told", error=str(error))

    async def end(self, card: Card) -> None:
        """Show how it ended, as soon as the room takes it."""
        while True:
            try:
                await self._show(card)
            except RoomBusyError as busy:
                await asyncio.sleep(busy.seconds)
            except RoomError as error:
                log.warning("backtest_not_told", error=str(error))
                return
            else:
                return

    async def _show(self, card: Card) -> None:
        if self._room is not None:
            self._ref = await self._room.show(self._key, card, self._ref)
            await self.pulse.stands(self._ref)


async def run(services: Services, wish: backtesting.Wish, teller: Teller) -> None:
    """Make it, keep it, tell it. Whatever goes wrong is told, too."""
    async with teller.pulse.beating():
        await _run(services, wish, teller)


async def _run(services: Services, wish: backtesting.Wish, teller: Teller) -> None:
    try:
        async with apart() as judge:
            made = await backtesting.make(services, wish, judge, teller.progress)
        await keep(services.store, made)
    except backtesting.BacktestError as error:
        await teller.end(view.broken(wish.target, error.why))
    except asyncio.CancelledError:
        await teller.end(view.broken(wish.target, text("backtest.stopped", target=wish.target)))
        raise
    except Exception:
        log.exception("backtest_failed", target=wish.target)
        await teller.end(view.broken(wish.target, text("refused.failed")))
    else:
        await teller.end(view.result(made, limit(services, wish.target)))


def limit(services: Services, target: str) -> float:
    """The smallest share of false fails that any component of the target allows."""
    file = services.file()
    names = file.targets[target].components
    return min(component_policy(file, target, name).max_false_fail for name in names)


@asynccontextmanager
async def apart() -> AsyncIterator[backtesting.Run]:
    """Judge in a process of its own that gives way; it ends with the block, also when cancelled."""
    worker = Worker()

    async def judge(piece: judging.Piece) -> list[Replayed]:
        return await worker.run(judging.judge, piece)

    try:
        yield judge
    finally:
        worker.close()
