"""What every LogStore makes of several looks at the same minutes, each at what had arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.counts import CountRequest, Counts, Window
from tests.contracts.test_log_store import (
    FIELDS,
    MINUTE,
    NOW,
    Document,
    LogFolder,
    Make,
    Subject,
    memory,
    on_server,
    table,
    window,
)
from tests.support.search_admin import STARTS_A_SERVER

SECOND = timedelta(seconds=1)
MADE: dict[str, Make] = {
    "memory": memory,
    "elasticsearch": lambda _, request: on_server(
        request.getfixturevalue("elasticsearch_server"), fields=FIELDS
    ),
    "opensearch": lambda _, request: on_server(
        request.getfixturevalue("opensearch_server"), fields=FIELDS
    ),
}
KINDS = ("Timeout", ("Timeout", "Slow"), None, "Slow")
LEVELS = ("ERROR", "warning", "INFO", "")
LOOKS = tuple(NOW + seconds * SECOND for seconds in (-539, -480, -400.5, -300, -60, 0, 1))
"""Between documents, at the very moment when some arrive, and behind all of them."""


@pytest.fixture(
    params=[
        pytest.param(name, marks=[*STARTS_A_SERVER] if "search" in name else []) for name in MADE
    ]
)
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    """One implementation with ten minutes of lines, most of them late, in it."""
    made = MADE[request.param](tmp_path, request)
    made.write("chat", list(lines()))
    try:
        yield made
    finally:
        await made.store.close()


def lines() -> Iterator[Document]:
    """Seven seconds apart, but for two minutes of silence; some do not say when they arrived."""
    for number in range(80):
        at = NOW - 10 * MINUTE + 7 * number * SECOND
        if -4 * MINUTE <= at - NOW < -2 * MINUTE:
            continue
        late = (0, 5, 60, 170)[number % 4] * SECOND
        yield Document(
            at,
            level=LEVELS[number % 5 % 4] if number % 11 else "",
            error_type=KINDS[number % 3],
            host=f"host-{number % 3}",
            served=None if number % 7 == 0 else 0.1 * number,
            ingested=None if number % 13 == 0 else at + late,
        )


def looked(*moments: datetime, by_host: bool = True) -> CountRequest:
    """Look at the whole minutes before each of these moments."""
    ends = [max(-10 + 1, (now - NOW) // MINUTE) for now in moments]
    return CountRequest(
        component="chat",
        windows=tuple(window(-10, end) for end in ends),
        bucket=MINUTE,
        alive=True,
        by_host=by_host,
        seen_by=moments,
    )


@pytest.mark.parametrize("by_host", [True, False])
async def test_looks_asked_together_are_those_asked_alone(subject: Subject, by_host: bool) -> None:
    """Types, hosts, life, exposure and the oldest line, to the last one."""
    together = await subject.store.count(looked(*LOOKS, by_host=by_host))
    alone = [
        # With samples a search server is asked other questions, for one look at a time.
        await subject.store.count(looked(now, by_host=by_host).model_copy(update={"samples": True}))
        for now in LOOKS
    ]

    assert together.windows == tuple(
        one.windows[0].model_copy(update={"samples": ()}) for one in alone
    )
    assert len({len(one.types) for one in together.windows}) > len(LOOKS) // 2


async def test_each_look_counts_what_had_arrived(subject: Subject) -> None:
    """Lines that say nothing of their arrival have always been there."""
    counts = await subject.store.count(looked(*LOOKS))

    assert {number: total(counts, number) for number in range(len(LOOKS))} == {
        number: sum(
            len(one.types)
            for one in lines()
            if span.start <= one.time < span.end
            and one.level in {"ERROR", "warning"}
            and (one.ingested is None or one.ingested <= now)
        )
        for number, (now, span) in enumerate(zip(LOOKS, spans(counts), strict=True))
    }
    assert total(counts, 5) > total(counts, 4) > total(counts, 3) > total(counts, 0) > 0


async def test_windows_that_do_not_begin_together_are_seen_by_their_moments(
    subject: Subject,
) -> None:
    """Without buckets, with samples, or one behind the other: each as if it were asked alone."""
    windows = (window(-10, -5), window(-5.5, 0))
    moments = (NOW - 5 * MINUTE, NOW)
    apart = CountRequest(component="chat", windows=windows, seen_by=moments, samples=True)
    found = await subject.store.count(apart)

    for number, (one, now) in enumerate(zip(windows, moments, strict=True)):
        alone = apart.model_copy(update={"windows": (one,), "seen_by": (now,)})
        assert (await subject.store.count(alone)).windows == (found.windows[number],)
    assert found.windows[0].samples


async def test_a_gap_is_of_the_looks_that_saw_it(subject: Subject) -> None:
    """Lines without a level that arrived behind a look are none of its lines."""
    at = NOW - 5 * MINUTE
    named = [Document(at + number * SECOND, ingested=at + MINUTE) for number in range(10)]
    blank = [Document(one.time, level="", ingested=NOW) for one in named]
    subject.write("mail", named + blank)

    async def gaps(*moments: datetime) -> list[str]:
        request = looked(*moments).model_copy(update={"component": "mail"})
        return [gap.key for gap in (await subject.store.count(request)).gaps]

    assert "gap.no_level" not in await gaps(NOW - MINUTE)
    assert "gap.no_level" in await gaps(NOW)
    assert "gap.no_level" in await gaps(NOW - MINUTE, NOW)


async def test_files_do_not_know_and_count_everything(tmp_path: Path) -> None:
    """A look at files sees all of its window."""
    made = LogFolder(tmp_path).subject()
    made.write("chat", list(lines()))
    try:
        seen = await made.store.count(looked(*LOOKS))
        now = await made.store.count(looked(*LOOKS).model_copy(update={"seen_by": ()}))
    finally:
        await made.store.close()

    assert seen.windows == now.windows
    assert total(seen, 5) > 0


def test_each_window_has_its_moment() -> None:
    """Two moments for three windows say nothing of the third."""
    with pytest.raises(ValueError, match="2 moments for 3 windows"):
        CountRequest(component="chat", windows=(window(-1, 0),) * 3, seen_by=(NOW, NOW))


def total(counts: Counts, number: int) -> int:
    """How many times a type was counted in a window."""
    return sum(table(counts, number).values())


def spans(counts: Counts) -> tuple[Window, ...]:
    """The windows of an answer."""
    return tuple(one.window for one in counts.windows)
