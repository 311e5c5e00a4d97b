"""How late documents arrive, learned from counting the same minutes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.arrivals import FEWEST, Arrivals
from bot.core.counts import Alive, Window, WindowCounts

START = datetime(2026, 8, 6, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(
    now: datetime,
    late: dict[str, timedelta],
    *,
    each: int = 6,
    minute: timedelta = MINUTE,
) -> WindowCounts:
    """What a store has at `now` of hosts that write evenly, each so late."""
    start = now - 12 * minute
    alive = []
    for host, lag in sorted(late.items()):
        counts: dict[datetime, int] = {}
        for number in range(13 * each):
            at = START + ((start - START) // minute) * minute + number * minute / each
            if start <= at < now and at + lag <= now:
                bucket = START + ((at - START) // minute) * minute
                counts[bucket] = counts.get(bucket, 0) + 1
        alive += [Alive(host=host, bucket=at, count=n) for at, n in sorted(counts.items())]
    return WindowCounts(window=Window(start=start, end=now), alive=tuple(alive))


def learned(late: dict[str, timedelta], *, every: float = 1, looks: int = 15) -> Arrivals:
    """Arrivals after looks that are so many minutes apart."""
    found = Arrivals(MINUTE)
    for number in range(looks):
        now = START + (30.4 + number * every) * MINUTE
        found.note(seen(now, late), now)
    return found


@pytest.mark.scenario(63)
@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize(
    ("late", "said"), [(0, 1), (50, 2), (100, 3), (200, 4), (260, 5), (290, 5)]
)
def test_the_lag_is_found_by_looks_and_by_rounds(every: float, late: int, said: int) -> None:
    """In whole minutes: never less than it is, at most one and a half more."""
    found = learned({"h1": timedelta(seconds=late)}, every=every).lag()

    assert found is not None
    assert timedelta(seconds=late) <= found <= timedelta(seconds=late) + 1.5 * MINUTE
    assert found == said * MINUTE


def test_nothing_is_said_of_what_was_seen_once_or_hardly_at_all() -> None:
    """One look, few documents, silence, and ages that cannot be compared."""
    assert Arrivals(MINUTE).lag() is None
    assert learned({"h1": timedelta(0)}, looks=1).lag() is None
    assert learned({}, looks=5).lag() is None
    quiet = Arrivals(MINUTE)
    for number in range(3):
        now = START + (30 + 5 * number) * MINUTE
        quiet.note(seen(now, {"h1": timedelta(0)}, each=1), now)
    assert FEWEST > 3
    assert quiet.lag() is None


def test_minutes_that_are_complete_whenever_they_are_seen_are_not_late() -> None:
    """A quiet host that wrote only in minutes that were four minutes old at the first look."""
    found = Arrivals(MINUTE)
    for number in range(6):
        now = START + (30 + 5 * number) * MINUTE
        times = (now - 5 * MINUTE, now - 10 * MINUTE)
        alive = tuple(Alive(host="h1", bucket=at, count=9) for at in times)
        found.note(WindowCounts(window=Window(start=now - 12 * MINUTE, end=now), alive=alive), now)

    assert found.lag() is None


def test_what_comes_later_than_can_be_waited_for_is_five_minutes() -> None:
    """Nine minutes: more than the longest that is waited for."""
    assert learned({"h1": 8 * MINUTE}, every=1, looks=30).lag() in {None, 5 * MINUTE}
    assert learned({"h1": timedelta(seconds=330)}).lag() == 5 * MINUTE


def test_the_slower_group_counts_for_both() -> None:
    """A few hosts that are late disappear among many that are not, unless they are a group."""
    late = {f"h{n}": timedelta(0) for n in range(200)} | {"canary": timedelta(seconds=150)}
    found = learned(late, looks=8)

    assert found.lag() == MINUTE
    assert found.lag([["canary"], [f"h{n}" for n in range(200)]]) == 3 * MINUTE
    assert found.lag([[], ["h1", "h2"]]) == MINUTE


def test_minutes_of_another_length_and_those_long_past() -> None:
    """In the try-out a minute is a second; what is old is forgotten."""
    found = Arrivals(MINUTE / 60)
    for number in range(200):
        now = START + (30 + number) * MINUTE / 60
        found.note(seen(now, {"h1": timedelta(0)}, minute=MINUTE / 60), now)

    assert found.lag() == timedelta(seconds=1)
    assert len(found._seen) == 60
