"""Several questions at once: their answers in order, or the first failure, and none left over."""

from __future__ import annotations

import asyncio

import pytest

from adapters.logs.elasticsearch.moment import AT_ONCE, Moment, together
from adapters.logs.elasticsearch.query import Body
from adapters.logs.elasticsearch.wire import Wire
from bot.core.counts import LogStoreError

SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}


class Slow(Wire):
    """Answers when it is let, and knows how much it was asked at one time."""

    def __init__(self) -> None:
        self.open, self.full = asyncio.Event(), asyncio.Event()
        self.now = self.most = 0

    async def ask(
        self, method: str, path: str, *, index: str, params: object = None, body: object = None
    ) -> Body:
        """Answer with another moment."""
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == AT_ONCE:
            self.full.set()
        await self.open.wait()
        self.now -= 1
        return {"_shards": SHARDS, "pit_id": "newer"}


async def test_a_server_has_few_searches_of_a_count_at_one_time() -> None:
    """However many questions there are; and each names the moment as it was named last."""
    wire = Slow()
    moment = Moment(wire, "logs", "first")
    asking = asyncio.ensure_future(together(moment.ask({"size": n}) for n in range(20)))
    await wire.full.wait()
    for _ in range(10):
        await asyncio.sleep(0)

    wire.open.set()

    assert len(await asking) == 20
    assert (wire.most, moment._pit) == (AT_ONCE, "newer")


async def test_a_failure_waits_for_the_others() -> None:
    """Nothing still asks when the moment is given back; the first failure in order is told."""
    ended = []

    async def work(number: int) -> int:
        await asyncio.sleep(0)
        if number == 1:
            raise LogStoreError("broken")
        await asyncio.sleep(0)
        ended.append(number)
        return number

    with pytest.raises(LogStoreError, match="broken"):
        await together(map(work, range(3)))

    assert ended == [0, 2]
    assert await together(map(work, (0, 2))) == [0, 2]
