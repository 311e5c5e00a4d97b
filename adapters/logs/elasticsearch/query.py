"""What Elasticsearch is asked, as pure functions: the bodies of searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.config.log_store import ElasticsearchFields
from bot.core.counts import LogStoreError, Window

Body = dict[str, Any]
"""The JSON of a request or of an answer."""

PAGE = 10_000
"""Buckets a page; a search may have 65,536 by default (`search.max_buckets`)."""
SAMPLE_PAGE = 1_000
LAG_SAMPLE = 1_000
"""How many documents of the last hour say how late documents are."""

# Exact to the nanosecond where the field is date_nanos; dates cut it to the millisecond.
_FORMAT = "strict_date_optional_time_nanos"
_MILLISECOND = timedelta(milliseconds=1)
_SEED = 2020


@dataclass(frozen=True)
class Questions:
    """The questions about the documents of one component. `nanos`: some index has date_nanos."""

    fields: ElasticsearchFields
    filters: Mapping[str, str]
    nanos: bool = False

    def levels(self, window: Window) -> Body:
        """Which words for levels there are."""
        return self._composite(self._where(window), {"level": _terms(self.fields.level)})

    def life(self, window: Window, blank: Iterable[str]) -> Body:
        """The oldest document with a level, how many have one, and how many have none.

        `blank` are words for levels that say nothing. The oldest is a document and not the minimum
        of an aggregation, which cuts nanoseconds.
        """
        leveled = self._leveled(blank)
        return {
            **self._first(self._where(window), "asc"),
            "track_total_hits": True,
            "post_filter": leveled,
            "aggs": {"without": {"filter": {"bool": {"must_not": [leveled]}}}},
        }

    def hosts(self, window: Window, blank: Iterable[str]) -> Body:
        """How many documents with a level each host wrote."""
        where = [*self._where(window), self._leveled(blank)]
        return self._composite(where, {"host": _optional(self.fields.host)})

    def counts(self, window: Window, words: Iterable[str], bucket: timedelta | None) -> Body:
        """How many documents there are by type, level, host and bucket.

        Raises LogStoreError for a bucket that is no whole number of milliseconds.
        """
        sources = {**self._types(), "level": _terms(self.fields.level)}
        if self.fields.host:
            sources["host"] = _optional(self.fields.host)
        if bucket is not None:
            if bucket % _MILLISECOND:
                raise LogStoreError("buckets must be whole milliseconds")
            every = f"{bucket // _MILLISECOND}ms"
            sources["bucket"] = {
                "date_histogram": {"field": self.fields.time, "fixed_interval": every}
            }
        return self._composite(self._trouble(window, words), sources)

    def samples(self, window: Window, words: Iterable[str]) -> Body:
        """The first document of each type."""
        first: Body = {"size": 1, "_source": False, "sort": [self._by_time("asc")]}
        first["docvalue_fields"] = [_moment(self.fields.time)]
        if self.fields.message:
            first["fields"] = [self.fields.message]
        body = self._composite(self._trouble(window, words), self._types(), size=SAMPLE_PAGE)
        body["aggs"]["page"]["aggs"] = {"first": {"top_hits": first}}
        return body

    def slices(self, window: Window, words: Iterable[str], milliseconds: int) -> Body:
        """How many documents of these levels each slice of the time holds."""
        every = {"field": self.fields.time, "fixed_interval": f"{milliseconds}ms"}
        return {
            "size": 0,
            "track_total_hits": False,
            "query": _all(self._trouble(window, words)),
            "aggs": {"slices": {"date_histogram": {**every, "min_doc_count": 1}}},
        }

    def messages(self, window: Window, words: Iterable[str]) -> Body:
        """The documents of these levels themselves, oldest first, with the few fields needed."""
        names = [name for name in (self.fields.level, self.fields.host) if name]
        return {
            "size": PAGE,
            "track_total_hits": False,
            "_source": False,
            "query": _all(self._trouble(window, words)),
            "sort": [self._by_time("asc")],
            "docvalue_fields": [_moment(self.fields.time), *names],
            "fields": [self.fields.message],
        }

    def newest(self) -> Body:
        """The newest document at any level, whenever it was."""
        return {**self._first(self._component(), "desc"), "track_total_hits": False}

    def arrivals(self, since: datetime) -> Body:
        """A random sample of what has arrived since then, with both of its times."""
        ingested = self.fields.ingested
        arrived: Body = {"range": {ingested: {"gte": _written(since), "format": _FORMAT}}}
        wanted = _all([*self._component(), arrived, {"exists": {"field": self.fields.time}}])
        chance = {"seed": _SEED, "field": "_seq_no"}
        return {
            "size": LAG_SAMPLE,
            "track_total_hits": False,
            "_source": False,
            "query": {"function_score": {"query": wanted, "random_score": chance}},
            "docvalue_fields": [_moment(self.fields.time), _moment(ingested)],
        }

    def clock(self) -> Body:
        """What the server takes for the present: the start of a range that begins `now`."""
        ranges = [{"from": "now"}]
        return {
            "size": 0,
            "track_total_hits": False,
            "query": {"match_none": {}},
            "aggs": {"clock": {"date_range": {"field": self.fields.time, "ranges": ranges}}},
        }

    def lacking(
        self, indices: Iterable[str], field: str, window: Window, words: Iterable[str]
    ) -> Body:
        """How many documents these indices hold, which do not map a field, that needed it.

        An index without any error yet need not map the error type.
        """
        where = self._where(window)
        if field == self.fields.time:
            where = self._component()
        elif field in self.fields.error_type:
            where = self._trouble(window, words)
        where.append({"terms": {"_index": sorted(indices)}})
        return {"size": 0, "track_total_hits": True, "query": _all(where)}

    def _types(self) -> Body:
        return {
            f"type{number}": _optional(field) for number, field in enumerate(self.fields.error_type)
        }

    def _component(self) -> list[Body]:
        return [{"term": {field: value}} for field, value in sorted(self.filters.items())]

    def _where(self, window: Window) -> list[Body]:
        ends = {"gte": _written(window.start), "lt": _written(window.end), "format": _FORMAT}
        return [*self._component(), {"range": {self.fields.time: ends}}]

    def _trouble(self, window: Window, words: Iterable[str]) -> list[Body]:
        return [*self._where(window), {"terms": {self.fields.level: sorted(words)}}]

    def _leveled(self, blank: Iterable[str]) -> Body:
        level = self.fields.level
        return {
            "bool": {
                "filter": [{"exists": {"field": level}}],
                "must_not": [{"terms": {level: sorted(blank)}}],
            }
        }

    def _first(self, where: list[Body], order: str) -> Body:
        return {
            "size": 1,
            "_source": False,
            "query": _all(where),
            "sort": [self._by_time(order)],
            "docvalue_fields": [_moment(self.fields.time)],
        }

    def _by_time(self, order: str) -> Body:
        # An index that does not map the field yet would fail the search.
        how = {"order": order, "unmapped_type": "date_nanos" if self.nanos else "date"}
        if self.nanos:
            how["numeric_type"] = "date_nanos"
        return {self.fields.time: how}

    def _composite(self, where: list[Body], sources: Body, *, size: int = PAGE) -> Body:
        named = [{name: source} for name, source in sources.items()]
        return {
            "size": 0,
            "track_total_hits": False,
            "query": _all(where),
            "aggs": {"page": {"composite": {"size": size, "sources": named}}},
        }


def following(body: Body, after: Body) -> Body:
    """The same search for the page that comes after a key."""
    page = body["aggs"]["page"]
    turned = {**page, "composite": {**page["composite"], "after": after}}
    return {**body, "aggs": {"page": turned}}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _all(where: list[Body]) -> Body:
    return {"bool": {"filter": where}}


def _terms(field: str) -> Body:
    return {"terms": {"field": field}}


def _optional(field: str) -> Body:
    # Without this, documents that lack the field would silently not be counted.
    return {"terms": {"field": field, "missing_bucket": True}}


def _moment(field: str) -> Body:
    return {"field": field, "format": _FORMAT}
