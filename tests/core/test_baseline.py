"""Which minutes are read next, and what makes a baseline another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.baseline import (
    PIECE,
    Source,
    hindrance,
    lasting,
    next_piece,
    read_days,
    vague,
    wanted,
    watermark,
)
from bot.core.config import DocumentFields, ElasticsearchLogStore
from bot.core.counts import Counts
from bot.core.value import text

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = 1440
ELASTIC = ElasticsearchLogStore(
    kind="elasticsearch",
    addresses=("https://es:9200",),
    index="logs-{component}",
    api_key_env="KEY",
)
SOURCE = Source(
    name="es",
    config=ELASTIC,
    component="chat",
    levels=("ERROR", "WARN"),
    baseline=timedelta(days=10),
)


def but(**changes: object) -> Source:
    """The source with other keys of its log store."""
    return SOURCE.model_copy(update={"config": ELASTIC.model_copy(update=changes)})


@pytest.mark.parametrize(
    "other",
    [
        but(index="other-{component}"),
        but(filters={"env": "prod"}),
        but(fields=DocumentFields(error_type=("error.code",))),
        SOURCE.model_copy(update={"levels": ("ERROR",)}),
        SOURCE.model_copy(update={"component": "auth"}),
        SOURCE.model_copy(update={"time_scale": 60.0}),
    ],
)
def test_another_way_to_count_is_another_baseline(other: Source) -> None:
    """Index, fields, filters, levels, component and the length of a minute."""
    assert other.key != SOURCE.key


@pytest.mark.parametrize(
    "same",
    [
        but(api_key_env="NEW_KEY", timeout=timedelta(seconds=99), link="https://kibana/"),
        SOURCE.model_copy(update={"levels": ("warning", "ERROR")}),
        SOURCE.model_copy(update={"name": "renamed", "baseline": timedelta(days=3)}),
    ],
)
def test_who_asks_and_for_how_long_does_not_matter(same: Source) -> None:
    """New credentials, limits and names keep what was read."""
    assert same.key == SOURCE.key


def test_the_longest_of_the_same_is_wanted() -> None:
    """Two targets with the same component share one baseline."""
    short = SOURCE.model_copy(update={"baseline": timedelta(days=3)})

    assert wanted([short, SOURCE, short]) == {SOURCE.key: SOURCE}


def test_minutes_are_asked_for_without_hosts_but_with_who_lived() -> None:
    """The cheap totals, over whole minutes of the comparison."""
    request = SOURCE.request(29_453_760, 29_453_761)

    assert (request.by_host, request.alive, request.bucket) == (False, True, timedelta(minutes=1))
    assert request.windows[0].length == timedelta(minutes=1)
    assert SOURCE.model_copy(update={"time_scale": 60.0}).bin == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("settled", "begin", "end", "piece"),
    [
        ({}, 0, 3 * DAY, (0, PIECE)),
        ({0: PIECE}, 0, 3 * DAY, (PIECE, 2 * PIECE)),
        ({0: DAY, 1: 2 * DAY - 3}, 0, 3 * DAY, (2 * DAY - 3, 2 * DAY)),
        ({0: DAY, 1: 2 * DAY}, 0, 2 * DAY + 5, (2 * DAY, 2 * DAY + 5)),
        ({0: DAY, 1: DAY + 50}, 0, DAY + 50, None),
        ({0: DAY, 1: DAY + 40}, 0, DAY + 50, (DAY + 40, DAY + 50)),
        ({}, 5, 5, None),
    ],
)
def test_the_oldest_open_minutes_come_next(
    settled: dict[int, int], begin: int, end: int, piece: tuple[int, int] | None
) -> None:
    """Day by day, a quarter of one at once, and only what may still change."""
    assert next_piece(settled, begin, end) == piece


def test_progress_counts_whole_days() -> None:
    """A day that is half there is not there."""
    assert read_days({0: DAY, 1: DAY + 5}, 0, 3 * DAY) == (1, 3)
    assert read_days({0: DAY, 1: 2 * DAY, 2: 2 * DAY + 5}, 0, 2 * DAY + 5) == (3, 3)


@pytest.mark.parametrize(
    ("lag", "scale", "seconds"),
    [
        (None, 1, 180),
        (timedelta(0), 1, 60),
        (timedelta(seconds=90), 1, 90),
        (timedelta(hours=1), 1, 300),
        (None, 60, 3),
        (timedelta(seconds=2), 60, 2),
    ],
)
def test_the_watermark_follows_the_lag_within_bounds(
    lag: timedelta | None, scale: float, seconds: float
) -> None:
    """At least a minute, at most five, three where nobody knows; all of them scaled."""
    assert NOW - watermark(NOW, lag, scale) == timedelta(seconds=seconds)


def test_a_pass_waits_for_all_of_a_lag_that_the_log_store_allows() -> None:
    """A minute is waited for in any case; an hour, which `max_ingest_lag` may allow, as well."""
    assert lasting(timedelta(hours=1)) == timedelta(hours=1)
    assert lasting(timedelta(seconds=2), 60) == timedelta(seconds=2)
    assert [lasting(None), lasting(timedelta(seconds=60)), lasting(timedelta(0))] == [None] * 3


def test_gaps_of_the_present_do_not_hinder_the_past() -> None:
    """A silent night is no fault, an unreadable one is unknown, a closed index must be opened."""

    def gaps(*keys: str) -> Counts:
        return Counts(windows=(), gaps=tuple(map(text, keys)))

    assert hindrance(gaps("gap.no_documents", "gap.late", "gap.no_level")) is None
    assert vague(gaps("gap.no_documents", "gap.no_level"))
    assert not vague(gaps("gap.late"))
    assert hindrance(gaps("gap.late", "gap.closed_index")) == text("gap.closed_index")
