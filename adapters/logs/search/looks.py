"""What of a request's windows had arrived when, asked of one moment of the index."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.logs.search import reading
from adapters.logs.search.counting import Counting, apart
from adapters.logs.search.messages import Messages
from adapters.logs.search.moment import Moment
from adapters.logs.search.query import PAGE, Body, Questions
from adapters.logs.search.slicing import slices
from bot.core.counts import CountRequest, Window, WindowCounts

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Look:
    """One window, and the questions about what of it had arrived by its moment."""

    window: Window
    ask: Questions


class Looks:
    """Counts the windows of a request with `seen_by`. Every method may raise LogStoreError."""

    def __init__(
        self,
        questions: Questions,
        moment: Moment,
        request: CountRequest,
        messages: Messages | None = None,
    ) -> None:
        self._questions = questions
        self._moment = moment
        self._request = request
        self._messages = messages
        self._looks = tuple(
            _Look(window, replace(questions, seen_by=by))
            for window, by in zip(request.windows, request.seen_by, strict=True)
        )
        self.levels: list[tuple[int, int]] = []
        """Of each window counted so far: the documents without a level, and all documents."""

    async def windows(self, words: reading.Words) -> tuple[WindowCounts, ...]:
        """Count all windows, each as it was seen by its moment."""
        bucket = self._request.bucket
        if bucket and self._messages is None and are_nested(self._request):
            return await self._together(words, bucket)
        return await self._one_by_one(words)

    async def _one_by_one(self, words: reading.Words) -> tuple[WindowCounts, ...]:
        found: list[WindowCounts] = []
        for look in self._looks:
            # One after the other: what is held of messages is what one look saw.
            request = self._request.model_copy(update={"windows": (look.window,), "seen_by": ()})
            counting = Counting(look.ask, self._moment, request, self._messages)
            found += await counting.windows(words)
            self.levels += counting.levels
        return tuple(found)

    async def _together(self, words: reading.Words, bucket: timedelta) -> tuple[WindowCounts, ...]:
        """Each document once, told apart by the server into those that each look saw."""
        ask, spans, by_host = self._questions, self._request.windows, self._request.by_host
        whole = Window(start=spans[0].start, end=max(one.end for one in spans))
        parts = tuple(slices(whole, bucket))
        totals = await self._moment.ask(self._totals(whole, words.blank))
        typed: list[Body] = []
        for group in apart(words.wanted, bucket):
            bodies = [ask.counts(one, group, bucket, by_host=by_host) for one in parts]
            typed += reading.named(await self._pages(bodies), group)
        alive = await self._pages([ask.alive(one, words.blank, bucket) for one in parts])
        return await asyncio.to_thread(self._read, totals, typed, alive)

    async def _pages(self, bodies: Iterable[Body]) -> list[Body]:
        looks = {str(number): _arrived(look) for number, look in enumerate(self._looks)}
        return await self._moment.all_pages(split(body, looks) for body in bodies)

    def _totals(self, whole: Window, blank: Sequence[str]) -> Body:
        """How many documents each look saw with and without a level, and the oldest with one."""
        leveled, without, first = {}, {}, {}
        for number, look in enumerate(self._looks):
            oldest = look.ask.oldest(look.window, blank)
            leveled[str(number)] = oldest.pop("query")
            without[str(number)] = look.ask.without_level(look.window, blank)["query"]
            first = {name: oldest[name] for name in ("size", "_source", "sort", "docvalue_fields")}
        body = self._questions.levels(whole)
        body["aggs"] = {
            "leveled": {
                "filters": {"filters": leveled},
                "aggs": {"first": {"top_hits": first}},
            },
            "without": {"filters": {"filters": without}},
        }
        return body

    def _read(
        self, totals: Body, typed: Sequence[Body], alive: Sequence[Body]
    ) -> tuple[WindowCounts, ...]:
        fields, told = self._questions.fields, totals["aggregations"]
        found: list[WindowCounts] = []
        for number, look in enumerate(self._looks):
            leveled = told["leveled"]["buckets"][str(number)]
            lacking = told["without"]["buckets"][str(number)]["doc_count"]
            self.levels.append((lacking, lacking + leveled["doc_count"]))
            lived = reading.alive(_seen(alive, number, look.window), fields)
            documents: Counter[str] = Counter()
            for one in lived:
                documents[one.host] += one.count
            found.append(
                WindowCounts(
                    window=look.window,
                    types=reading.type_counts(_seen(typed, number, look.window), fields),
                    documents=dict(sorted(documents.items())),
                    alive=lived,
                    oldest=reading.first(leveled["first"], fields),
                )
            )
        return tuple(found)


def are_nested(request: CountRequest) -> bool:
    """Whether the buckets of the longest window tell what each of the windows holds."""
    length, spans = request.bucket, request.windows
    if length is None or not request.alive or request.samples:
        return False
    edges = [edge for one in spans for edge in (one.start, one.end)]
    return len({one.start for one in spans}) == 1 and not any(
        (edge - _EPOCH) % length for edge in edges
    )


def split(body: Body, looks: dict[str, Body]) -> Body:
    """The same composite aggregation, each bucket told apart by what the looks saw of it.

    A page has as many buckets less, as the server limits how many it makes for a search.
    """
    page = body["aggs"]["page"]
    size = max(PAGE // (len(looks) + 1), 1)
    within: Body = {"filters": {"filters": looks}}
    if "aggs" in page:
        within["aggs"] = page["aggs"]
    split = {"composite": {**page["composite"], "size": size}, "aggs": {"looks": within}}
    return {**body, "aggs": {"page": split}}


def _arrived(look: _Look) -> Body:
    return {"bool": {"filter": look.ask.arrived()}}


def _seen(buckets: Iterable[Body], number: int, window: Window) -> Iterable[Body]:
    """The buckets in the window of a look, as far as it saw them."""
    start, end = (round(edge.timestamp() * 1000) for edge in (window.start, window.end))
    for bucket in buckets:
        seen = bucket["looks"]["buckets"][str(number)]
        if seen["doc_count"] and start <= bucket["key"]["bucket"] < end:
            yield {**seen, "key": bucket["key"]}
