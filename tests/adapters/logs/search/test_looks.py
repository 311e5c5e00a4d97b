"""What of windows had arrived when: which requests are told together, how large a page is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.logs.search.looks import are_nested, split
from adapters.logs.search.query import PAGE, Body
from bot.core.counts import CountRequest, Window

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def request(*ends: float, start: float = 0, **more: object) -> CountRequest:
    """Windows from one moment to several others, in minutes after noon."""
    windows = tuple(Window(start=NOON + start * MINUTE, end=NOON + end * MINUTE) for end in ends)
    return CountRequest.model_validate(
        {"component": "chat", "windows": windows, "bucket": MINUTE, "alive": True, **more}
    )


def test_windows_of_whole_buckets_that_begin_together_are_nested() -> None:
    """The buckets of the longest one are those of all."""
    assert are_nested(request(1, 5, 17))


@pytest.mark.parametrize(
    "other",
    [
        request(1, 5.5),
        request(1, 5, start=0.5),
        request(1, 5, samples=True),
        request(1, 5, alive=False),
        request(1, 5, alive=False, bucket=None),
        request(1).model_copy(
            update={"windows": (*request(1).windows, *request(2, start=1).windows)}
        ),
    ],
    ids=["half an end", "half a start", "samples", "no life", "no buckets", "another start"],
)
def test_others_are_asked_one_by_one(other: CountRequest) -> None:
    """Half a bucket, or what no bucket holds, is not known from the buckets."""
    assert not are_nested(other)


def test_a_page_makes_as_many_buckets_as_ever() -> None:
    """Each bucket holds one more for each look, which the server counts too; sums go inside."""
    served = {"served": {"sum": {"field": "requests"}}}
    composite = {"size": PAGE, "sources": [{"host": {"terms": {"field": "host"}}}]}
    body: Body = {"size": 0, "aggs": {"page": {"composite": composite, "aggs": served}}}
    looks: dict[str, Body] = {str(number): {"match_all": {}} for number in range(16)}

    page = split(body, looks)["aggs"]["page"]

    assert page["composite"]["size"] * (16 + 1) <= PAGE < (page["composite"]["size"] + 1) * 17
    assert page["aggs"] == {"looks": {"filters": {"filters": looks}, "aggs": served}}
    assert body["aggs"]["page"]["composite"]["size"] == PAGE
