"""The log store on a search server: asks for one moment of the index, page by page to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.logs.search import mapping
from adapters.logs.search.clock import skew_gap
from adapters.logs.search.counting import Counting
from adapters.logs.search.link import link
from adapters.logs.search.looks import Looks
from adapters.logs.search.messages import Messages
from adapters.logs.search.moment import moment
from adapters.logs.search.query import Body, Questions, place
from adapters.logs.search.wire import Wire
from bot.core.config.log_store import SearchLogStore
from bot.core.counts import (
    CountRequest,
    Counts,
    LogStoreError,
    check_group,
    levels_missing,
)
from bot.core.mining.masks import Masker
from bot.core.value import Text, spell, text

_LAG_OVER = timedelta(hours=1)


class SearchStore:
    """Counts documents on the server; nothing is kept between two counts.

    `now` gives the present moment, with a zone; `time_scale` shortens the durations of a
    comparison.
    """

    def __init__(
        self,
        config: SearchLogStore,
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
        check_group(request, can=bool(self._config.fields.group))
        index = self._config.index.replace("{component}", component)
        filters = {
            field: value.replace("{component}", component)
            for field, value in self._config.filters.items()
        }
        closed = mapping.closed_indices(await self._indices(index), index)
        gaps = [text("gap.closed_index", index=name) for name in closed]
        async with moment(self._wire, index) as held:
            mapped = await self._mapping(index, filters)
            questions = Questions(
                mapped.fields,
                filters,
                nanos=mapped.nanos,
                group=request.group,
            )
            messages = self._held(request)
            counting = Counting(questions, held, request, messages)
            looks = Looks(questions, held, request, messages) if request.seen_by else counting
            gaps += await skew_gap(
                questions, held, now=self._now, limit=self._config.max_clock_skew
            )
            present = await counting.present(self._now() - _LAG_OVER / self._time_scale)
            gaps += await counting.unmapped(mapped, present.words)
            gaps += self._late(present.late)
            windows = await looks.windows(present.words)
        gaps += levels_missing(looks.levels, self._config.max_without_level)
        if windows and not windows[-1].documents:
            gaps.append(text("gap.no_documents"))
        return Counts(
            windows=windows,
            newest=present.newest,
            gaps=tuple(gaps),
            ingest_lag=present.late,
            link=link(self._config.link, request, index),
        )

    async def _mapping(self, index: str, filters: dict[str, str]) -> mapping.Mapping:
        """How the open indices map the fields."""
        fields = self._config.fields
        mined = self._config.error_type_from == "message"
        if mined:
            fields = fields.model_copy(update={"error_type": ()})
        names = ",".join(mapping.wanted(fields, filters))
        caps = await self._wire.ask(
            "GET",
            f"/{place(index)}/_field_caps",
            index=index,
            params={"fields": names, "include_unmapped": "true", "ignore_unavailable": "true"},
        )
        mapped = mapping.read(caps, fields, filters)
        if mined and not mapped.fields.message:
            raise LogStoreError(f"no index maps the field {fields.message}: check `fields.message`")
        return mapped

    def _held(self, request: CountRequest) -> Messages | None:
        """What is held of the messages that the request counts, where types are told by them."""
        if self._config.error_type_from != "message":
            return None
        found = Messages(Masker(self._config.masks))
        if request.seen_by or request.group:
            # A part of the documents is no start for a count of all.
            return found
        key = (request.component, tuple(sorted(request.levels)))
        return self._messages.setdefault(key, found)

    async def _indices(self, index: str) -> list[Body]:
        """All indices that the pattern fits, also those behind aliases and data streams.

        What is closed there would silently not be counted.
        """
        resolved = await self._resolve(index, index, "open,closed")
        mapping.check_names(resolved, index)
        indices: list[Body] = resolved.get("indices", [])
        for names in mapping.batches(mapping.behind(resolved)):
            more = await self._resolve(names, index, "open,closed,hidden")
            indices += more.get("indices", [])
        return indices

    async def _resolve(self, names: str, index: str, states: str) -> Body:
        path = f"/_resolve/index/{place(names)}"
        return await self._wire.ask("GET", path, index=index, params={"expand_wildcards": states})

    def _late(self, late: timedelta | None) -> list[Text]:
        limit = self._config.max_ingest_lag / self._time_scale
        if late is None or late <= limit:
            return []
        return [text("gap.late", lag=spell(late), limit=spell(limit))]
