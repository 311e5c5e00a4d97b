"""What Elasticsearch is asked, as pure functions: the bodies of searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.core.config.log_store import DocumentFields
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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SEED = 2020


@dataclass(frozen=True)
class Questions:
    """The questions about the documents of one component. `nanos`: some index has date_nanos."""

    fields: DocumentFields
    filters: Mapping[str, str]
    nanos: bool = False
    seen_by: datetime | None = None
    """Only what had arrived by then, where documents say when they arrived."""
    group: str = ""
    """The only release group that is asked about; empty: every one."""

    def levels(self, window: Window) -> Body:
        """Which words for levels there are; see `paged_levels` where they are many."""
        return self._by_terms(self._where(window), self.fields.level)

    def paged_levels(self, window: Window) -> Body:
        """The same page by page, which takes longer."""
        return self._composite(self._where(window), {"level": _terms(self.fields.level)})

    def oldest(self, window: Window, blank: Iterable[str]) -> Body:
        """The oldest document with a level. `blank` are words for levels that say nothing.

        It is a document and not the minimum of an aggregation, which cuts nanoseconds.
        """
        where = [*self._where(window), self._leveled(blank)]
        return {**self._first(where, "asc"), "track_total_hits": False}

    def without_level(self, window: Window, blank: Iterable[str]) -> Body:
        """How many documents have no level."""
        query = {"filter": self._where(window), "must_not": [self._leveled(blank)]}
        return {"size": 0, "track_total_hits": True, "query": {"bool": query}}

    def hosts(self, window: Window, blank: Iterable[str]) -> Body:
        """How many documents with a level there are, and how many each host wrote."""
        where = [*self._where(window), self._leveled(blank)]
        body = self._by_terms(where, self.fields.host)
        return {**body, "track_total_hits": True}

    def paged_hosts(self, window: Window, blank: Iterable[str]) -> Body:
        """How many documents with a level each host wrote, page by page."""
        where = [*self._where(window), self._leveled(blank)]
        return self._composite(where, {"host": _optional(self.fields.host)})

    def alive(self, window: Window, blank: Iterable[str], bucket: timedelta) -> Body:
        """How many documents with a level each host wrote in each bucket."""
        sources = self._buckets(bucket)
        if self.fields.host:
            sources["host"] = _optional(self.fields.host)
        body = self._composite([*self._where(window), self._leveled(blank)], sources)
        if self.fields.exposure:
            served = {"sum": {"field": self.fields.exposure}}
            body["aggs"]["page"]["aggs"] = {"served": served}
        return body

    def counts(
        self, window: Window, words: Iterable[str], bucket: timedelta | None, *, by_host: bool
    ) -> Body:
        """How many documents there are by type, bucket and, if wanted, host.

        Also by level, unless there is one word only: each source less makes it faster. Raises
        LogStoreError for a bucket that is no whole number of milliseconds.
        """
        words, sources = tuple(words), self._types()
        if len(words) != 1:
            sources["level"] = _terms(self.fields.level)
        if self.fields.host and by_host:
            sources["host"] = _optional(self.fields.host)
        if bucket is not None:
            sources |= self._buckets(bucket)
        return self._composite(self._trouble(window, words), sources)

    def _buckets(self, length: timedelta) -> Body:
        if length % _MILLISECOND:
            raise LogStoreError("buckets must be whole milliseconds")
        every = f"{length // _MILLISECOND}ms"
        return {"bucket": {"date_histogram": {"field": self.fields.time, "fixed_interval": every}}}

    def samples(self, window: Window, words: Iterable[str], hosts: Iterable[str] = ()) -> Body:
        """The first document of each type, of these hosts or, where none is named, of all."""
        first: Body = {"size": 1, "_source": False, "sort": [self._by_time("asc")]}
        first["docvalue_fields"] = [_moment(self.fields.time)]
        if self.fields.message:
            first["fields"] = [self.fields.message]
        where, only = self._trouble(window, words), sorted(hosts)
        if only:
            where.append({"terms": {self.fields.host: only}})
        body = self._composite(where, self._types(), size=SAMPLE_PAGE)
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
        terms = dict(self.filters)
        if self.group:
            terms[self.fields.group] = self.group
        return [{"term": {field: value}} for field, value in sorted(terms.items())]

    def _where(self, window: Window) -> list[Body]:
        ends = {"gte": _written(window.start), "lt": _written(window.end), "format": _FORMAT}
        return [*self._component(), {"range": {self.fields.time: ends}}, *self.arrived()]

    def arrived(self) -> list[Body]:
        """What holds of the documents that had arrived by `seen_by`."""
        if self.seen_by is None or not self.fields.ingested:
            return []
        late = {"range": {self.fields.ingested: {"gt": _written(self.seen_by), "format": _FORMAT}}}
        # Not what arrived later, rather than what arrived before: some say nothing of it.
        return [{"bool": {"must_not": [late]}}]

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

    def _by_terms(self, where: list[Body], field: str) -> Body:
        body: Body = {"size": 0, "track_total_hits": False, "query": _all(where)}
        if field:
            # What lacks the field counts, as the empty word.
            page = {"terms": {"field": field, "size": PAGE, "missing": ""}}
            body["aggs"] = {"page": page}
        return body

    def _composite(self, where: list[Body], sources: Body, *, size: int = PAGE) -> Body:
        named = [{name: source} for name, source in sources.items()]
        return {
            "size": 0,
            "track_total_hits": False,
            "query": _all(where),
            "aggs": {"page": {"composite": {"size": size, "sources": named}}},
        }


def place(index: str) -> str:
    """An index, a list or a pattern of them, or a remote one, as it stands in a path."""
    return quote(index, safe="*,-:.<>")


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
