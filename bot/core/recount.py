"""Counts as they were when a verdict was reached, and what has changed in them since."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pydantic import ValidationError

from bot.core.counts import CountRequest, Counts, Window, WindowCounts
from bot.core.minutes import key_of
from bot.core.value import Moment, Value

LONGEST = 32 * 1024 * 1024
"""Bytes of unpacked counts; more is no body of this bot."""


class Kept(Value):
    """What was asked for a verdict, when, and how many documents of each type were found."""

    request: CountRequest
    at: Moment
    totals: tuple[dict[str, int], ...]
    """For each window: `LEVEL type` -> documents of all hosts."""

    def pack(self) -> bytes:
        """The same in few bytes."""
        return zlib.compress(self.model_dump_json().encode())

    @staticmethod
    def unpack(packed: bytes) -> Kept:
        """Undo `pack`. Raises ValueError for what is none, also of another version."""
        try:
            return Kept.model_validate_json(zlib.decompressobj().decompress(packed, LONGEST))
        except (zlib.error, ValidationError) as error:
            raise ValueError("no kept counts of this version") from error

    def again(self) -> CountRequest:
        """Ask for the same totals once more, in the cheapest way."""
        changed = {"bucket": None, "alive": False, "samples": False, "by_host": False}
        return self.request.model_copy(update=changed)


class Change(Value):
    """A type of which a window holds another number now."""

    window: int
    """The number of the window, from 0."""
    key: str
    """`LEVEL type`."""
    before: int
    now: int
    """More: documents arrived since. Less: some expired, or were deleted."""

    @property
    def difference(self) -> int:
        """How many more there are now; negative where they became fewer."""
        return self.now - self.before


def kept(request: CountRequest, counts: Counts, at: Moment) -> Kept:
    """Keep what was counted at this moment."""
    return Kept(request=request, at=at, totals=tuple(map(_totals, counts.windows)))


def outer(windows: Sequence[Window]) -> tuple[int, ...]:
    """The numbers of the windows that lie in no other one: each document is told once."""
    return tuple(
        number
        for number, window in enumerate(windows)
        if not any(_within(window, other) for other in windows if other is not window)
    )


def _within(window: Window, other: Window) -> bool:
    return other != window and other.start <= window.start and window.end <= other.end


def changes(before: Kept, again: Counts) -> tuple[Change, ...]:
    """What differs, window by window, the largest difference first.

    A window that lies in another one is left out; its documents are told with that.
    """
    return tuple(_changes(before, again))


def _changes(before: Kept, again: Counts) -> Iterator[Change]:
    told = outer(before.request.windows)
    for number, (old, window) in enumerate(zip(before.totals, again.windows, strict=True)):
        if number not in told:
            continue
        new = _totals(window)
        for key in sorted(old.keys() | new.keys(), key=lambda key: (-_off(old, new, key), key)):
            if _off(old, new, key):
                yield Change(window=number, key=key, before=old.get(key, 0), now=new.get(key, 0))


def arrived(found: Iterable[Change]) -> int:
    """How many documents came since."""
    return sum(max(one.difference, 0) for one in found)


def expired(found: Iterable[Change]) -> int:
    """How many documents are there no more."""
    return sum(max(-one.difference, 0) for one in found)


def _off(old: dict[str, int], new: dict[str, int], key: str) -> int:
    return abs(new.get(key, 0) - old.get(key, 0))


def _totals(counts: WindowCounts) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in counts.types:
        found[key_of(row.level, row.error_type)] += row.count
    return dict(sorted(found.items()))
