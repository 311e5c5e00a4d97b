"""The index as it was at one moment, asked by several questions at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import quote

from adapters.logs.elasticsearch import reading
from adapters.logs.elasticsearch.query import Body, following
from adapters.logs.elasticsearch.wire import Wire
from bot.core.counts import LogStoreError

T = TypeVar("T")

AT_ONCE = 4
"""Searches of one count that the server has at one time."""

_OPEN_FOR = "2m"
"""How long the server keeps a moment of the index for us after each question."""
_COMPLETE = {"allow_partial_search_results": "false"}


class Moment:
    """What is asked here is answered by one state of the index, whatever arrives meanwhile."""

    def __init__(self, wire: Wire, index: str, pit: str) -> None:
        self._wire = wire
        self._index = index
        self._pit = pit
        self._room = asyncio.Semaphore(AT_ONCE)

    async def ask(self, body: Body) -> Body:
        """Search; raises LogStoreError unless the answer speaks for every document."""
        async with self._room:
            asked = {**body, "pit": {"id": self._pit, "keep_alive": _OPEN_FOR}}
            answer = await self._wire.ask(
                "POST", "/_search", index=self._index, params=_COMPLETE, body=asked
            )
        self._pit = answer.get("pit_id", self._pit)
        return reading.check(answer)

    async def pages(self, body: Body) -> list[Body]:
        """All buckets of a composite aggregation, page by page to the end."""
        buckets: list[Body] = []
        while True:
            answer = await self.ask(body)
            page = answer["aggregations"]["page"]
            buckets += page["buckets"]
            if len(page["buckets"]) < body["aggs"]["page"]["composite"]["size"]:
                return buckets
            body = following(body, page["after_key"])

    async def all_pages(self, bodies: Iterable[Body]) -> list[Body]:
        """The buckets of several composite aggregations, one after the other."""
        found = await together(map(self.pages, bodies))
        return [bucket for buckets in found for bucket in buckets]

    async def forget(self) -> None:
        """Let the server forget it."""
        await self._wire.ask("DELETE", "/_pit", index=self._index, body={"id": self._pit})


@asynccontextmanager
async def moment(wire: Wire, index: str) -> AsyncIterator[Moment]:
    """Hold the index as it is now, so that what arrives between two pages changes nothing."""
    place = quote(index, safe="*,-:.<>")
    params = {"keep_alive": _OPEN_FOR, "ignore_unavailable": "true"}
    opened = await wire.ask("POST", f"/{place}/_pit", index=index, params=params)
    held = Moment(wire, index, opened["id"])
    try:
        reading.check(opened)
        yield held
    finally:
        # The server forgets it by itself soon; not worth an error, nor a wait.
        with suppress(LogStoreError):
            await held.forget()


async def together(works: Iterable[Awaitable[T]]) -> list[T]:
    """The results in order, or the first failure once all have ended: none is left running."""
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
