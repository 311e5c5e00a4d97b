"""The answers to one request for counts, asked of one moment of the index."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.logs.search import mapping, reading
from adapters.logs.search.messages import Messages
from adapters.logs.search.moment import Moment, together
from adapters.logs.search.query import Body, Questions
from adapters.logs.search.slicing import slices
from bot.core.counts import Alive, CountRequest, Sample, TypeCount, Window, WindowCounts
from bot.core.value import Text, text

_FEW = 3
"""Words for levels that are asked for one by one where there are buckets."""
_MANY = 2_000
"""Buckets that are read in a thread, lest the event loop waits for them."""


@dataclass(frozen=True)
class Present:
    """What is asked whatever the windows are."""

    words: reading.Words
    newest: datetime | None
    late: timedelta | None
    """How late the documents that arrived lately were; None when nobody can tell."""


class Counting:
    """Counts the windows of a request. Every method may raise LogStoreError."""

    def __init__(
        self,
        questions: Questions,
        moment: Moment,
        request: CountRequest,
        messages: Messages | None = None,
    ) -> None:
        self._messages = messages
        self._questions = questions
        self._moment = moment
        self._request = request
        spans = request.windows
        self._whole = (
            Window(start=min(s.start for s in spans), end=max(s.end for s in spans))
            if spans
            else None
        )
        self.levels: list[tuple[int, int]] = []
        """Of each window counted so far: the documents without a level, and all documents."""

    async def present(self, since: datetime) -> Present:
        """The words for levels, the newest document, and the lag of what arrived since then."""
        ask, fields = self._questions, self._questions.fields
        wanted: list[Body] = [ask.newest()]
        if fields.ingested:
            wanted.append(ask.arrivals(since))
        if self._whole is not None:
            wanted.append(ask.levels(self._whole))
        answers = await together(map(self._moment.ask, wanted))
        return Present(
            words=await self._words(answers[-1]) if self._whole else reading.Words(),
            newest=reading.first(answers[0], fields),
            late=reading.lag(answers[1], fields) if fields.ingested else None,
        )

    async def _words(self, answer: Body) -> reading.Words:
        found = reading.terms(answer)
        if found is None and self._whole is not None:
            pages = await self._moment.pages(self._questions.paged_levels(self._whole))
            found = reading.composite_terms(pages, "level")
        return reading.words(found or {}, self._request.levels)

    async def windows(self, words: reading.Words) -> tuple[WindowCounts, ...]:
        """Count all windows."""
        spans, messages = self._request.windows, self._messages
        if messages is None:
            return tuple(await together(self._window(one, words) for one in spans))
        async with messages.lock:
            if words.wanted:
                ask = self._moment.ask
                await messages.refresh(ask, self._questions, spans, words.wanted)
            return tuple(await together(self._window(one, words) for one in spans))

    async def _window(self, window: Window, words: reading.Words) -> WindowCounts:
        """Count one window."""
        ask, fields = self._questions, self._questions.fields
        bodies = (
            ask.oldest(window, words.blank),
            ask.without_level(window, words.blank),
            ask.hosts(window, words.blank),
        )
        first, without, lived = await together(map(self._moment.ask, bodies))
        leveled, lacking = reading.total(lived), reading.total(without)
        self.levels.append((lacking, lacking + leveled))
        if not leveled:
            return WindowCounts(window=window)
        types = await self._types(window, words.wanted) if words.wanted else ()
        return WindowCounts(
            window=window,
            documents=await self._documents(window, words, lived),
            oldest=reading.first(first, fields),
            types=types,
            samples=await self._samples(window, words.wanted) if types else (),
            alive=await self._alive(window, words),
        )

    async def _documents(
        self, window: Window, words: reading.Words, answer: Body
    ) -> dict[str, int]:
        """Documents by host."""
        if not self._questions.fields.host:
            return {"": reading.total(answer)}
        found = reading.terms(answer)
        if found is None:
            pages = await self._moment.pages(self._questions.paged_hosts(window, words.blank))
            found = reading.composite_terms(pages, "host")
        return dict(sorted(found.items()))

    async def _types(self, window: Window, words: tuple[str, ...]) -> tuple[TypeCount, ...]:
        """Count by type what is of the levels that are asked for."""
        ask, wanted, messages = self._questions, self._request, self._messages
        if messages is not None:
            return await asyncio.to_thread(
                messages.types, window, wanted.bucket, by_host=wanted.by_host
            )
        counted: list[Body] = []
        for group in apart(words, wanted.bucket):
            found = await self._moment.all_pages(
                ask.counts(part, group, wanted.bucket, by_host=wanted.by_host)
                for part in slices(window, wanted.bucket)
            )
            counted += reading.named(found, group)
        if len(counted) < _MANY:
            return reading.type_counts(counted, ask.fields)
        return await asyncio.to_thread(reading.type_counts, counted, ask.fields)

    async def _alive(self, window: Window, words: reading.Words) -> tuple[Alive, ...]:
        """Which hosts wrote anything in each bucket, if that is asked for."""
        length = self._request.bucket
        if not self._request.alive or length is None:
            return ()
        found = await self._moment.all_pages(
            self._questions.alive(part, words.blank, length) for part in slices(window, length)
        )
        fields = self._questions.fields
        if len(found) < _MANY:
            return reading.alive(found, fields)
        return await asyncio.to_thread(reading.alive, found, fields)

    async def _samples(self, window: Window, words: tuple[str, ...]) -> tuple[Sample, ...]:
        """The first document of each type, if that is asked for."""
        ask, hosts = self._questions, self._request.sample_hosts
        if not self._request.samples or (hosts and not ask.fields.host):
            return ()
        if self._messages is not None:
            return await asyncio.to_thread(self._messages.samples, window, hosts)
        firsts = await self._moment.pages(ask.samples(window, words, hosts))
        return reading.samples(firsts, ask.fields)

    async def unmapped(self, mapped: mapping.Mapping, words: reading.Words) -> list[Text]:
        """A gap for each field that some indices do not map although they hold documents."""
        if self._whole is None:
            return []
        gaps = []
        for field, indices in mapped.lacking.items():
            body = self._questions.lacking(indices, field, self._whole, words.wanted)
            count = reading.total(await self._moment.ask(body))
            if count:
                names = ", ".join(sorted(indices)[:3])
                gaps.append(text("gap.unmapped", field=field, index=names, documents=count))
        return gaps


def apart(words: tuple[str, ...], bucket: timedelta | None) -> Iterable[tuple[str, ...]]:
    """The words for levels that are asked for together: few ones one by one, with buckets."""
    if bucket is not None and len(words) <= _FEW:
        return [(word,) for word in words]
    return [words]
