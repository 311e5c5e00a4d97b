"""How answers of Elasticsearch are read, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.logs.search import reading
from adapters.logs.search.query import Body
from bot.core.config import DocumentFields
from bot.core.counts import NO_TYPE, LogStoreError

FIELDS = DocumentFields(error_type=("error.type", "status"))
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def bucket(count: int = 1, **key: object) -> Body:
    """A bucket of a composite aggregation."""
    full = {"type0": None, "type1": None, "level": "ERROR", "host": "h1", **key}
    return {"key": full, "doc_count": count}


def hit(**fields: str) -> Body:
    """A document of which only fields were asked for."""
    return {"fields": {name.replace("_", "."): [value] for name, value in fields.items()}}


def test_keys_that_mean_the_same_are_added_up() -> None:
    """Levels by any word, types without any value, and hosts without a name are one each."""
    found = reading.type_counts(
        [
            bucket(1, level="warning"),
            bucket(2, level="WARN", type0=""),
            bucket(4, type0="Timeout", type1=504, host=None),
            bucket(8, type0="Timeout", type1=504, host=""),
            bucket(16, type0=True),
        ],
        FIELDS,
    )
    assert [(one.error_type, one.level, one.host, one.count) for one in found] == [
        (NO_TYPE, "WARN", "h1", 3),
        ("Timeout 504", "ERROR", "", 12),
        ("true", "ERROR", "h1", 16),
    ]
    assert {one.bucket for one in found} == {None}


def test_buckets_are_moments() -> None:
    """The server says milliseconds since the epoch, and the epoch is a moment too."""
    milliseconds = int(NOON.timestamp() * 1000)
    found = reading.type_counts([bucket(bucket=0), bucket(bucket=milliseconds)], FIELDS)
    assert [one.bucket for one in found] == [datetime(1970, 1, 1, tzinfo=UTC), NOON]


def test_a_level_is_asked_for_by_every_word_that_names_it() -> None:
    """The words are those of the documents, in their own writing."""
    words = ("Error", "FATAL", "warning", "info")
    assert reading.words(words, ("ERROR",)) == reading.Words(wanted=("Error", "FATAL"))


def test_blank_words_for_levels_are_no_levels() -> None:
    """A level of blanks says as little as none, also to who asks for a level without a name."""
    assert reading.words(("", " ", "info"), ("", "ERROR")) == reading.Words(blank=("", " "))


def test_a_sample_is_the_first_of_all_that_share_a_name() -> None:
    """An empty type and none are one type; a long message is cut."""
    early, late = hit(message="a" * 3000), hit(message="late")
    early["fields"]["@timestamp"] = ["2026-01-15T12:00:00.000000123Z"]
    late["fields"]["@timestamp"] = ["2026-01-15T12:00:01Z"]
    [found] = reading.samples(
        [
            {**bucket(type0=name), "first": {"hits": {"hits": [one]}}}
            for name, one in (("", late), (None, early))
        ],
        FIELDS,
    )
    assert (found.error_type, found.first_seen, len(found.message)) == (NO_TYPE, NOON, 2000)


@pytest.mark.parametrize(("number", "seconds"), [(1, 0), (100, 98), (1000, 989)])
def test_the_lag_is_that_of_the_slowest_hundredth(number: int, seconds: int) -> None:
    """By nearest rank; a document from the future is not early."""
    late = [timedelta(seconds=index) for index in range(number)]
    assert reading.slowest_hundredth(late) == timedelta(seconds=seconds)
    assert reading.slowest_hundredth([]) is None


def test_documents_without_an_arrival_say_nothing_about_lag() -> None:
    """Only those with both times count."""
    one = hit(event_ingested="2026-01-15T12:00:00Z")
    assert reading.lag({"hits": {"hits": [one]}}, DocumentFields()) is None
    one["fields"]["@timestamp"] = ["2026-01-15T12:00:09Z"]
    assert reading.lag({"hits": {"hits": [one]}}, DocumentFields()) == timedelta(0)


@pytest.mark.parametrize(
    "shards",
    [
        {"total": 2, "successful": 1, "failed": 1, "failures": [{"reason": {"type": "odd"}}]},
        {"total": 2, "successful": 1, "failed": 0, "failures": [{}]},
        {"total": 0},
    ],
)
def test_an_answer_that_leaves_shards_out_is_refused(shards: dict[str, Any]) -> None:
    """However little the server says about it."""
    with pytest.raises(LogStoreError, match="shard"):
        reading.check({"_shards": shards})


def terms(buckets: dict[object, int], *, others: int = 0, error: int = 0) -> Body:
    """The answer to a question for the values of a field."""
    page = {
        "buckets": [{"key": key, "doc_count": count} for key, count in buckets.items()],
        "sum_other_doc_count": others,
        "doc_count_error_upper_bound": error,
    }
    return {"aggregations": {"page": page}}


def test_values_are_believed_only_where_all_were_told() -> None:
    """A shortened list, or one that may be wrong, says nothing: the pages are asked instead."""
    assert reading.terms(terms({"h1": 2, "": 1})) == {"h1": 2, "": 1}
    assert reading.terms(terms({"h1": 2}, others=1)) is None
    assert reading.terms(terms({"h1": 2}, error=1)) is None


def test_hosts_live_in_buckets() -> None:
    """A host without a name is one, and the order is that of hosts, then time."""
    milliseconds = int(NOON.timestamp() * 1000)
    found = reading.alive(
        [
            {"key": {"host": "b", "bucket": milliseconds}, "doc_count": 1},
            {"key": {"host": None, "bucket": milliseconds}, "doc_count": 2},
            {"key": {"host": "", "bucket": milliseconds}, "doc_count": 4},
        ],
        FIELDS,
    )
    assert [(one.host, one.bucket, one.count) for one in found] == [("", NOON, 6), ("b", NOON, 1)]
    assert {one.exposure for one in found} == {1}


def test_what_was_served_is_a_whole_number() -> None:
    """Rounded up, never below 0: where a little was served, something was."""
    fields = DocumentFields(exposure="requests")
    for values, exposure in (((0.2,), 1), ((3.0, 0.5), 4), ((0.0,), 0), ((-1.0,), 0)):
        keys = ({"host": name, "bucket": 0} for name in ("", None))
        found = reading.alive(
            [
                {"key": key, "doc_count": 1, "served": {"value": value}}
                for key, value in zip(keys, values, strict=False)
            ],
            fields,
        )
        assert [one.exposure for one in found] == [exposure]


def test_buckets_of_one_word_get_its_level() -> None:
    """They were asked for without it; those of several words say it themselves."""
    without: Body = {"key": {"type0": "Timeout"}, "doc_count": 1}

    [found] = reading.type_counts(reading.named([without], ("warning",)), FIELDS)

    assert found.level == "WARN"
    assert reading.named([bucket(level="x")], ("x", "y"))[0]["key"]["level"] == "x"
