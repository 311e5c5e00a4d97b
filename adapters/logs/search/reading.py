"""How the answers of Elasticsearch are read, as pure functions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.logs.search.query import Body
from bot.core.config.log_store import DocumentFields
from bot.core.counts import NO_TYPE, Alive, LogStoreError, Sample, TypeCount
from bot.core.level import level_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TYPE = 1000
_LONGEST_MESSAGE = 2000


def check(answer: Body) -> Body:
    """Return the answer if it speaks for every document; raises LogStoreError saying why not."""
    shards = answer.get("_shards")
    if not isinstance(shards, dict):
        raise LogStoreError("the answer does not say whether it is complete")
    if answer.get("timed_out"):
        raise LogStoreError("the search ran out of time on the server and counted only a part")
    total, ok = shards.get("total", 0), shards.get("successful", 0)
    # Skipped shards are normal: the time of their documents cannot match.
    if shards.get("failed") or ok < total:
        why = _failure(shards)
        raise LogStoreError(f"{total - ok} of {total} shards did not answer{why}")
    if not total:
        raise LogStoreError("no shard was searched: the index is gone, or the pattern fits none")
    _check_clusters(answer.get("_clusters", {}))
    return answer


def _failure(shards: Body) -> str:
    for one in shards.get("failures", ()):
        reason = one.get("reason") or {}
        words = reason.get("reason") or reason.get("type")
        if words:
            return f" (index {one.get('index', '?')}: {words})"
    return ""


def _check_clusters(clusters: Body) -> None:
    lost = {word: clusters.get(word, 0) for word in ("skipped", "partial", "failed")}
    if any(lost.values()):
        said = ", ".join(f"{count} {word}" for word, count in lost.items() if count)
        raise LogStoreError(f"of {clusters.get('total', '?')} clusters {said}: counts are partial")


@dataclass(frozen=True)
class Words:
    """Which words stand for levels in the documents."""

    wanted: tuple[str, ...] = ()
    """Those that name one of the levels that are asked for."""
    blank: tuple[str, ...] = ()
    """Those that name none: who has such a one has no level."""


def words(found: Iterable[str], wanted: Iterable[str]) -> Words:
    """Tell the words apart."""
    names = {level_name(word) for word in wanted} - {""}
    said = sorted(found)
    return Words(
        wanted=tuple(word for word in said if level_name(word) in names),
        blank=tuple(word for word in said if not level_name(word)),
    )


def terms(answer: Body) -> dict[str, int] | None:
    """Documents by the value of a field; None when there are more values than were told."""
    found = answer["aggregations"]["page"]
    if found["sum_other_doc_count"] or found["doc_count_error_upper_bound"]:
        return None
    return {_text(bucket["key"]): bucket["doc_count"] for bucket in found["buckets"]}


def composite_terms(buckets: Iterable[Body], source: str) -> dict[str, int]:
    """Documents by the value of a field, read from all pages."""
    found: Counter[str] = Counter()
    for bucket in buckets:
        found[_text(bucket["key"].get(source))] += bucket["doc_count"]
    return found


def total(answer: Body) -> int:
    """How many documents a search found, exactly."""
    count: int = answer["hits"]["total"]["value"]
    return count


def alive(buckets: Iterable[Body], fields: DocumentFields) -> tuple[Alive, ...]:
    """Documents by host and bucket, and what was served, sorted."""
    groups: Counter[tuple[str, int]] = Counter()
    served: Counter[tuple[str, int]] = Counter()
    for bucket in buckets:
        key = bucket["key"]
        group = _text(key.get("host")), int(key["bucket"])
        groups[group] += bucket["doc_count"]
        if fields.exposure:
            served[group] += max(0, math.ceil(bucket["served"]["value"]))
    return tuple(
        Alive(
            host=host,
            bucket=_EPOCH + timedelta(milliseconds=start),
            count=count,
            exposure=served[host, start] if fields.exposure else 1,
        )
        for (host, start), count in sorted(groups.items())
    )


def named(buckets: list[Body], words: tuple[str, ...]) -> list[Body]:
    """The buckets with the level for which they were asked, where that was one word."""
    if len(words) == 1:
        for bucket in buckets:
            bucket["key"]["level"] = words[0]
    return buckets


def type_counts(buckets: Iterable[Body], fields: DocumentFields) -> tuple[TypeCount, ...]:
    """Documents by type, level, host and bucket, sorted."""
    groups: Counter[tuple[str, str, str, int]] = Counter()
    for bucket in buckets:
        key = bucket["key"]
        group = (
            _type(key, fields),
            level_name(str(key["level"])),
            _text(key.get("host")),
            int(key.get("bucket", -1)),
        )
        groups[group] += bucket["doc_count"]
    return tuple(
        TypeCount(
            error_type=error_type,
            level=level,
            host=host,
            count=count,
            bucket=_EPOCH + timedelta(milliseconds=start) if start >= 0 else None,
        )
        for (error_type, level, host, start), count in sorted(groups.items())
    )


def samples(buckets: Iterable[Body], fields: DocumentFields) -> tuple[Sample, ...]:
    """The first moment and a message of each type, sorted by type."""
    found: dict[str, Sample] = {}
    for bucket in buckets:
        hit = bucket["first"]["hits"]["hits"][0]
        seen = _moment(hit, fields.time)
        if seen is None:
            continue
        name = _type(bucket["key"], fields)
        message = _text(_value(hit, fields.message))[:_LONGEST_MESSAGE]
        sample = Sample(error_type=name, first_seen=seen, message=message)
        known = found.setdefault(name, sample)
        if sample.first_seen < known.first_seen:
            found[name] = sample
    return tuple(found[name] for name in sorted(found))


def first(answer: Body, fields: DocumentFields) -> datetime | None:
    """The time of the first document of the answer; None without any."""
    hits = answer["hits"]["hits"]
    return _moment(hits[0], fields.time) if hits else None


def lag(answer: Body, fields: DocumentFields) -> timedelta | None:
    """How late the slowest hundredth of the documents arrived; None without documents."""
    late = []
    for hit in answer["hits"]["hits"]:
        happened, arrived = _moment(hit, fields.time), _moment(hit, fields.ingested)
        if happened and arrived:
            late.append(max(arrived - happened, timedelta(0)))
    return slowest_hundredth(late)


def slowest_hundredth(late: list[timedelta]) -> timedelta | None:
    """The 99th percentile by nearest rank, None of nothing."""
    return sorted(late)[math.ceil(len(late) * 0.99) - 1] if late else None


def server_time(answer: Body) -> datetime | None:
    """What the server took for the present."""
    buckets = answer.get("aggregations", {}).get("clock", {}).get("buckets", ())
    return _EPOCH + timedelta(milliseconds=buckets[0]["from"]) if buckets else None


def _type(key: Body, fields: DocumentFields) -> str:
    parts = (_text(key.get(f"type{number}")) for number in range(len(fields.error_type)))
    return " ".join(part for part in parts if part)[:_LONGEST_TYPE] or NO_TYPE


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _value(hit: Body, field: str) -> object:
    values = hit.get("fields", {}).get(field) or [None]
    return values[0]


def _moment(hit: Body, field: str) -> datetime | None:
    value = _value(hit, field)
    return None if value is None else datetime.fromisoformat(str(value)).astimezone(UTC)
