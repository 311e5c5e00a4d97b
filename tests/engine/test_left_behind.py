"""Nothing recorded is silent: what a killed process owes is done and told by the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.inbound import Inbound, Outcome, Reply
from bot.engine.left_behind import LeftBehind
from bot.engine.submission import Submission
from bot.engine.turns import Lane
from bot.store.errors import StoreError
from tests.engine.conftest import Make
from tests.support.engines import HOME, SINGLE, STARTER, Bot

pytestmark = pytest.mark.usefixtures("_quiet")


@pytest.fixture(name="_quiet")
def quiet() -> Iterator[None]:
    """Tracebacks of the faults are kept out of the output."""
    with capture_logs():
        yield


class Surface:
    """A platform that knows where to tell; a test may break it."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.told: list[tuple[str, Reply]] = []
        self.breaks = 0
        """So many tries fail by a fault that nobody foresaw."""
        self.left = LeftBehind(bot.intake, {"slack": self.finish})

    async def finish(self, submission: Submission) -> None:
        """Do it and tell the answer."""
        if self.breaks:
            self.breaks -= 1
            raise KeyError("a bug")
        submission.inbound = submission.inbound.model_copy(update={"person": STARTER})
        async with self.bot.intake.turn(submission, Lane.DECIDE):
            await self.bot.intake.process(submission, self.tell)

    async def tell(self, reply: Reply) -> None:
        """Note what was told."""
        self.told.append(("ann", reply))

    async def heard(self, text: str, surface: str = "slack") -> Submission:
        """Something is recorded, and the process is killed before it is done."""
        number = self.bot.outside.next_id()
        inbound = Inbound(
            dedupe=f"{surface}:{number}",
            surface=surface,
            room=HOME,
            at=self.bot.outside.clock.now,
            text=text,
            address="somewhere",
        )
        recorded = await self.bot.intake.record(inbound)
        assert recorded is not None
        return recorded

    async def later(self) -> int:
        """The lease of the killed process ends, and somebody looks."""
        self.bot.outside.clock.now += timedelta(seconds=6)
        return await self.left.take_up()

    async def open(self) -> list[int]:
        """The numbers of what is not settled."""
        now = self.bot.outside.clock.now
        return await self.bot.real.read(lambda tx: tx.unsettled(now, 100))


async def test_what_was_recorded_is_done_and_told(make: Make) -> None:
    """The next process does it as the platform would, tells the answer once, and settles it."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    await surface.heard("start openchat")
    early = await surface.left.take_up()
    taken = await surface.later()
    again = await surface.later()

    assert (early, taken, again) == (0, 1, 0)
    assert [reply.outcome for _, reply in surface.told] == [Outcome.ACCEPTED]
    assert [release.id for release in await bot.live()] == [1]
    assert await surface.open() == []


async def test_what_was_decided_and_not_told_is_only_told(make: Make) -> None:
    """Killed between the decision and its answer: nothing is decided twice, the person hears."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    recorded = await surface.heard("start openchat")
    killed = asyncio.Event()

    async def tell(_: Reply) -> None:
        killed.set()
        await asyncio.Event().wait()

    recorded.inbound = recorded.inbound.model_copy(update={"person": STARTER})
    process = asyncio.create_task(bot.intake.process(recorded, tell))
    await killed.wait()
    process.cancel()
    await asyncio.gather(process, return_exceptions=True)
    left = await surface.open()
    await surface.later()

    assert left == [recorded.number]
    assert [(reply.outcome, reply.release) for _, reply in surface.told] == [(Outcome.ACCEPTED, 1)]
    assert [release.id for release in await bot.live()] == [1]
    assert await surface.open() == []


async def test_a_fault_is_told_and_not_tried_for_ever(make: Make) -> None:
    """After one fault the person hears that it failed; after two the row is given up."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    surface.breaks = 1
    await surface.heard("status")
    await surface.later()
    first = list(surface.told)
    surface.breaks = 2
    await surface.heard("status")
    await surface.later()

    assert [reply.card.text.key for _, reply in first if reply.card] == ["refused.failed"]
    assert surface.told == first
    assert surface.breaks == 0
    assert await surface.open() == []


async def test_a_surface_that_is_gone_keeps_nothing_open(make: Make) -> None:
    """Rows of a platform that is configured no more are done by nobody known, and settled."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    await surface.heard("start openchat", surface="line")
    await surface.later()

    assert surface.told == []
    assert await bot.live() == []
    assert await surface.open() == []


async def test_what_waits_for_its_turn_is_not_left_behind(make: Make) -> None:
    """However long a turn is in coming, this process does not take up its own work again."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    recorded = await surface.heard("status")
    async with bot.intake.turn(recorded, Lane.LOOK):
        during = await surface.later()

    assert during == 0
    assert await surface.later() == 1


async def test_what_another_process_did_meanwhile_is_not_done_again(make: Make) -> None:
    """A turn that came after the lease looks whether somebody else has taken it up."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    recorded = await surface.heard("start openchat")
    await surface.later()
    late = await bot.intake.process(recorded, surface.tell)

    assert late.outcome is Outcome.REPEATED
    assert len(surface.told) == 1


async def test_a_store_that_fails_leaves_it_for_later(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that could not be noted stays owed, and is told when the store works again."""
    bot = await make(**SINGLE)
    surface = Surface(bot)
    await surface.heard("status")
    sick, real = iter([False, True]), bot.real.transact

    async def transact(work: Any) -> Any:
        if next(sick, False):
            raise StoreError("store.full")
        return await real(work)

    monkeypatch.setattr(bot.real, "transact", transact)
    with pytest.raises(StoreError):
        await surface.later()
    left = await surface.open()
    await surface.later()

    assert len(left) == 1
    assert await surface.open() == []
    assert len(surface.told) == 2
