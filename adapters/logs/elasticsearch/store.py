"""The log store of Elasticsearch: asks for one moment of the index, page by page to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from urllib.parse import quote

from adapters.logs.elasticsearch import mapping, reading
from adapters.logs.elasticsearch.clock import skew_gap
from adapters.logs.elasticsearch.link import link
from adapters.logs.elasticsearch.messages import Messages
from adapters.logs.elasticsearch.query import Body, Questions, following
from adapters.logs.elasticsearch.wire import Wire
from bot.core.config.log_store import ElasticsearchLogStore
from bot.core.counts import (
    CountRequest,
    Counts,
    LogStoreError,
    Sample,
    Window,
    WindowCounts,
    levels_missing,
)
from bot.core.mining.masks import Masker
from bot.core.value import Text, spell, text

_OPEN_FOR = "2m"
"""How long the server keeps a moment of the index for us after each question."""
_COMPLETE = {"allow_partial_search_results": "false"}
_LAG_OVER = timedelta(hours=1)


class ElasticsearchStore:
    """Counts documents in Elasticsearch; nothing is kept between two counts.

    `now` gives the present moment, with a zone; `time_scale` shortens the durations of a
    comparison.
    """

    def __init__(
        self,
        config: ElasticsearchLogStore,
        wire: Wire,
        *,
        now: Callable[[], datetime],
        time_scale: float = 1.0,
    ) -> None:
        self._config = config
        self._wire = wire
        self._now = now
        self._time_scale = time_scale
        self._closed = False
        self._messages: dict[tuple[str, tuple[str, ...]], Messages] = {}

    async def count(self, request: CountRequest) -> Counts:
        """Count each window of the request exactly, all of them in one moment of the index.

        Raises LogStoreError with a reason that a person can act on when the answer of the server
        is missing or does not speak for every document.
        """
        if self._closed:
            raise LogStoreError("the log store is closed")
        limit = self._config.timeout
        self._wire.last_trouble = ""
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._count(request)
        except TimeoutError:
            met = f" ({self._wire.last_trouble})" if self._wire.last_trouble else ""
            raise LogStoreError(f"counting took longer than {spell(limit)}{met}") from None

    async def close(self) -> None:
        """Close the connections."""
        if not self._closed:
            self._closed = True
            await self._wire.close()

    async def _count(self, request: CountRequest) -> Counts:
        component = request.component
        index = self._config.index.replace("{component}", component)
        filters = {
            field: value.replace("{component}", component)
            for field, value in self._config.filters.items()
        }
        closed, mapped = await self._look(index, filters)
        questions = Questions(mapped.fields, filters, nanos=mapped.nanos)
        gaps = [text("gap.closed_index", index=name) for name in closed]
        async with self._moment(index) as moment:
            counting = _Counting(questions, moment, request, self._held(request))
            words = await counting.words()
            gaps += await counting.unmapped(mapped, words)
            gaps += await skew_gap(
                questions, moment, now=self._now, limit=self._config.max_clock_skew
            )
            late = await counting.lag(self._now() - _LAG_OVER / self._time_scale)
            gaps += self._late(late)
            await counting.read_messages(words)
            windows = tuple([await counting.window(one, words) for one in request.windows])
            newest = reading.first(await moment.ask(questions.newest()), questions.fields)
        gaps += levels_missing(counting.levels, self._config.max_without_level)
        if windows and not windows[-1].documents:
            gaps.append(text("gap.no_documents"))
        return Counts(
            windows=windows,
            newest=newest,
            gaps=tuple(gaps),
            ingest_lag=late,
            link=link(self._config.link, request, index),
        )

    async def _look(
        self, index: str, filters: dict[str, str]
    ) -> tuple[tuple[str, ...], mapping.Mapping]:
        """Which indices are closed, and how the open ones map the fields."""
        place = quote(index, safe="*,-:.<>")
        resolved = await self._wire.ask(
            "GET",
            f"/_resolve/index/{place}",
            index=index,
            params={"expand_wildcards": "open,closed"},
        )
        closed = mapping.closed_indices(resolved, index)
        fields = self._config.fields
        if self._config.error_type_from == "message":
            fields = fields.model_copy(update={"error_type": ()})
        names = ",".join(mapping.wanted(fields, filters))
        caps = await self._wire.ask(
            "GET",
            f"/{place}/_field_caps",
            index=index,
            params={"fields": names, "include_unmapped": "true", "ignore_unavailable": "true"},
        )
        mapped = mapping.read(caps, fields, filters)
        if self._config.error_type_from == "message" and not mapped.fields.message:
            raise LogStoreError(f"no index maps the field {fields.message}: check `fields.message`")
        return closed, mapped

    def _held(self, request: CountRequest) -> Messages | None:
        """What is held of the messages that the request counts, where types are told by them."""
        if self._config.error_type_from != "message":
            return None
        key = (request.component, tuple(sorted(request.levels)))
        return self._messages.setdefault(key, Messages(Masker(self._config.masks)))

    @asynccontextmanager
    async def _moment(self, index: str) -> AsyncIterator[_Moment]:
        """Hold the index as it is now, so that what arrives between two pages changes nothing."""
        place = quote(index, safe="*,-:.<>")
        params = {"keep_alive": _OPEN_FOR, "ignore_unavailable": "true"}
        opened = await self._wire.ask("POST", f"/{place}/_pit", index=index, params=params)
        moment = _Moment(self._wire, index, opened["id"])
        try:
            reading.check(opened)
            yield moment
        finally:
            # The server forgets it by itself soon; not worth an error, nor a wait.
            with suppress(LogStoreError):
                await moment.forget()

    def _late(self, late: timedelta | None) -> list[Text]:
        limit = self._config.max_ingest_lag / self._time_scale
        if late is None or late <= limit:
            return []
        return [text("gap.late", lag=spell(late), limit=spell(limit))]


def _told(messages: Messages, found: WindowCounts, request: CountRequest) -> WindowCounts:
    """The window's types as its messages tell them."""
    shown = messages.samples(found.window) if request.samples else ()
    types = messages.types(found.window, request.bucket)
    return found.model_copy(update={"types": types, "samples": shown})


class _Moment:
    """The index as it was at one moment."""

    def __init__(self, wire: Wire, index: str, pit: str) -> None:
        self._wire = wire
        self._index = index
        self._pit = pit

    async def ask(self, body: Body) -> Body:
        """Search; raises LogStoreError unless the answer speaks for every document."""
        body = {**body, "pit": {"id": self._pit, "keep_alive": _OPEN_FOR}}
        answer = await self._wire.ask(
            "POST", "/_search", index=self._index, params=_COMPLETE, body=body
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

    async def forget(self) -> None:
        """Let the server forget it."""
        await self._wire.ask("DELETE", "/_pit", index=self._index, body={"id": self._pit})


class _Counting:
    """The answers to one request."""

    def __init__(
        self,
        questions: Questions,
        moment: _Moment,
        request: CountRequest,
        messages: Messages | None,
    ) -> None:
        self._questions = questions
        self._moment = moment
        self._messages = messages
        self._request = request
        spans = request.windows
        self._whole = (
            Window(start=min(s.start for s in spans), end=max(s.end for s in spans))
            if spans
            else None
        )
        self.levels: list[tuple[int, int]] = []
        """Of each window counted so far: the documents without a level, and all documents."""

    async def words(self) -> reading.Words:
        """The words for levels in the documents."""
        if self._whole is None:
            return reading.Words()
        buckets = await self._moment.pages(self._questions.levels(self._whole))
        return reading.words(buckets, self._request.levels)

    async def read_messages(self, words: reading.Words) -> None:
        """Read the messages that tell types, where they do."""
        if self._messages and words.wanted:
            spans = self._request.windows
            await self._messages.refresh(self._moment.ask, self._questions, spans, words.wanted)

    async def window(self, window: Window, words: reading.Words) -> WindowCounts:
        """Count one window."""
        ask, fields = self._questions, self._questions.fields
        life = reading.life(await self._moment.ask(ask.life(window, words.blank)), fields)
        self.levels.append((life.without, life.without + life.leveled))
        if not life.leveled:
            return WindowCounts(window=window)
        documents = {"": life.leveled}
        if fields.host:
            hosts = await self._moment.pages(ask.hosts(window, words.blank))
            documents = reading.host_counts(hosts)
        found = WindowCounts(window=window, documents=documents, oldest=life.oldest)
        return await self._types(found, words.wanted) if words.wanted else found

    async def _types(self, found: WindowCounts, words: tuple[str, ...]) -> WindowCounts:
        """Count by type what is of the levels that are asked for."""
        ask, fields, window = self._questions, self._questions.fields, found.window
        if self._messages:
            return await asyncio.to_thread(_told, self._messages, found, self._request)
        counted = await self._moment.pages(ask.counts(window, words, self._request.bucket))
        types = reading.type_counts(counted, fields)
        shown: tuple[Sample, ...] = ()
        if types and self._request.samples:
            firsts = await self._moment.pages(ask.samples(window, words))
            shown = reading.samples(firsts, fields)
        return found.model_copy(update={"types": types, "samples": shown})

    async def unmapped(self, mapped: mapping.Mapping, words: reading.Words) -> list[Text]:
        """A gap for each field that some indices do not map although they hold documents."""
        if self._whole is None:
            return []
        gaps = []
        for field, indices in mapped.lacking.items():
            body = self._questions.lacking(indices, field, self._whole, words.wanted)
            answer = await self._moment.ask(body)
            count = answer["hits"]["total"]["value"]
            if count:
                names = ", ".join(sorted(indices)[:3])
                gaps.append(text("gap.unmapped", field=field, index=names, documents=count))
        return gaps

    async def lag(self, since: datetime) -> timedelta | None:
        """How late the documents that arrived since then were; None when nobody can tell."""
        if not self._questions.fields.ingested:
            return None
        answer = await self._moment.ask(self._questions.arrivals(since))
        return reading.lag(answer, self._questions.fields)
