"""Minute counts of one component: by error type and minute, with the hosts that were alive.

A minute here is a bin of the comparison: one minute, divided by `time_scale`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.core.counts import WindowCounts
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats, Panel

MINUTE = timedelta(minutes=1)
LONGEST = 65_535
"""How many minutes one packed piece can hold; it is meant for a day."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAGIC = b"RMM1"
_BYTES_OF_LENGTH = 4
_WHOLE = ("<u1", "<u2", "<u4", "<u8")
_COLUMN = "<u2"


class MinutesError(ValueError):
    """The bytes are no packed minute counts of a version that is known here, or are damaged."""


def bin_length(time_scale: float) -> timedelta:
    """How long a minute of the comparison is on the clock, in whole milliseconds."""
    return timedelta(milliseconds=round(MINUTE / time_scale / timedelta(milliseconds=1)))


def bin_of(moment: datetime, length: timedelta) -> int:
    """The bin since the epoch (UTC) that holds a moment."""
    return (moment - _EPOCH) // length


def moment_of(number: int, length: timedelta) -> datetime:
    """The moment, in UTC, at which a bin since the epoch begins."""
    return _EPOCH + number * length


def day_of(number: int) -> int:
    """The day since the epoch that holds a bin; a day has 1,440 bins."""
    return number // MINUTES_A_DAY


def key_of(level: str, error_type: str) -> str:
    """How a type is called among minutes: its level and its error type."""
    return f"{level} {error_type}"


def type_of(key: str) -> str:
    """The error type of a key."""
    return key.partition(" ")[2]


@dataclass(frozen=True)
class MinuteCounts:
    """Counts of one component in one log store at one set of levels.

    A minute of which nothing is known has exposure 0 and NaN for every type: nobody wrote a line
    of any level, or it was not read. A known minute has a count, perhaps 0, for every type.
    """

    start: int
    """The first minute since the epoch (UTC), of event time."""
    keys: tuple[str, ...]
    """Sorted; see `key_of`."""
    counts: Floats
    """(types, minutes)."""
    exposure: Floats
    """(minutes,): live hosts, those with any document at any level in that minute; 0: unknown."""

    @property
    def minutes(self) -> int:
        """How many minutes it covers."""
        return len(self.exposure)

    @property
    def end(self) -> int:
        """The first minute after it."""
        return self.start + self.minutes

    @property
    def known(self) -> int:
        """How many of its minutes are known."""
        return int(np.count_nonzero(self.exposure))

    def panel(self) -> Panel:
        """The same as the calibrated policy looks at it."""
        return Panel(self.start, self.keys, self.counts, self.exposure)

    def between(self, begin: int, end: int) -> MinuteCounts:
        """The minutes [begin, end), as far as it has them, with the types that occur in them."""
        first = min(max(begin - self.start, 0), self.minutes)
        last = min(max(end - self.start, first), self.minutes)
        counts = self.counts[:, first:last]
        seen = np.nansum(counts, axis=1) > 0
        return MinuteCounts(
            start=self.start + first,
            keys=tuple(key for key, there in zip(self.keys, seen, strict=True) if there),
            counts=counts[seen],
            exposure=self.exposure[first:last],
        )

    def totals(self) -> dict[str, int]:
        """How many documents each type has in the known minutes."""
        sums = np.nansum(self.counts, axis=1)
        return {key: int(total) for key, total in zip(self.keys, sums, strict=True)}

    def pack(self) -> bytes:
        """The same in few bytes: the cells that are not 0, compressed. ValueError over 65,535 min.

        Counts and exposure are kept as whole numbers.
        """
        if self.minutes > LONGEST:
            raise ValueError(f"{self.minutes} minutes in one piece, at most {LONGEST}")
        rows, columns = np.nonzero(np.nan_to_num(self.counts))
        values = self.counts[rows, columns]
        parts = {
            "exposure": _whole(self.exposure),
            "filled": _whole(np.bincount(rows, minlength=len(self.keys))),
            "columns": _differences(columns.astype(_COLUMN)),
            "values": _whole(values),
        }
        head = json.dumps(
            {
                "start": self.start,
                "keys": self.keys,
                "parts": [[name, part.dtype.str, len(part)] for name, part in parts.items()],
            },
            separators=(",", ":"),
        ).encode()
        length = len(head).to_bytes(_BYTES_OF_LENGTH, "little")
        body = b"".join((length, head, *(part.tobytes() for part in parts.values())))
        return _MAGIC + zlib.compress(body)

    @staticmethod
    def unpack(packed: bytes) -> MinuteCounts:
        """Undo `pack`. Raises MinutesError."""
        try:
            return _unpacked(packed)
        except (zlib.error, ValueError, KeyError, IndexError, TypeError) as error:
            raise MinutesError(f"no packed minute counts: {error}") from error


def unknown(start: int, end: int) -> MinuteCounts:
    """Minutes [start, end) of which nothing is known."""
    minutes = max(end - start, 0)
    return MinuteCounts(start, (), np.zeros((0, minutes)), np.zeros(minutes))


def counted(counts: WindowCounts, length: timedelta) -> MinuteCounts:
    """Read one window that a log store counted by buckets of this length, with `alive`.

    The window begins and ends with a bucket. Raises ValueError where it does not.
    """
    start, end = (bin_of(at, length) for at in (counts.window.start, counts.window.end))
    whole = moment_of(start, length), moment_of(end, length)
    if whole != (counts.window.start, counts.window.end):
        raise ValueError(f"the window {counts.window} does not consist of whole buckets")
    exposure = np.zeros(end - start)
    for one in counts.alive:
        exposure[bin_of(one.bucket, length) - start] += one.exposure
    named = [key_of(row.level, row.error_type) for row in counts.types]
    keys = tuple(sorted(set(named)))
    index = {key: number for number, key in enumerate(keys)}
    cells = np.zeros((len(keys), end - start))
    for name, row in zip(named, counts.types, strict=True):
        if row.bucket is not None:
            cells[index[name], bin_of(row.bucket, length) - start] += row.count
    cells[:, exposure == 0] = np.nan
    return MinuteCounts(start, keys, cells, exposure)


def joined(parts: Sequence[MinuteCounts], *, start: int, end: int) -> MinuteCounts:
    """The minutes [start, end) of some parts; where they overlap the later one holds.

    Minutes that no part covers are unknown, types that occur in none of them are left out.
    """
    shown = [part.between(start, end) for part in parts]
    keys = tuple(sorted({key for part in shown for key in part.keys}))
    index = {key: number for number, key in enumerate(keys)}
    counts = np.full((len(keys), max(end - start, 0)), np.nan)
    exposure = np.zeros(counts.shape[1])
    for part in shown:
        span = slice(part.start - start, part.end - start)
        exposure[span] = part.exposure
        counts[:, span] = np.where(part.exposure > 0, 0.0, np.nan)
        counts[[index[key] for key in part.keys], span] = part.counts
    return MinuteCounts(start, keys, counts, exposure)


def renamed(counts: MinuteCounts, called: Mapping[str, str]) -> MinuteCounts:
    """The same with types as they are `called` now; those that have become one are added up."""
    names = {key: f"{key.partition(' ')[0]} {called[type_of(key)]}" for key in counts.keys}
    if all(key == name for key, name in names.items()):
        return counts
    keys = tuple(sorted(set(names.values())))
    row_of = {key: row for row, key in enumerate(keys)}
    rows = np.zeros((len(keys), counts.minutes))
    for key, row in zip(counts.keys, counts.counts, strict=True):
        rows[row_of[names[key]]] += row
    return MinuteCounts(counts.start, keys, rows, counts.exposure)


def _whole(numbers: Iterable[float] | NDArray[Any]) -> NDArray[Any]:
    """As whole numbers of the narrowest width that holds them all."""
    given = np.asarray(numbers)
    largest = int(given.max(initial=0))
    width = next(width for width in _WHOLE if largest <= np.iinfo(width).max)
    return given.astype(width)


def _differences(numbers: NDArray[Any]) -> NDArray[Any]:
    """Each number less the one before it, modulo the width: neighbours are alike, so zlib helps."""
    found = numbers.copy()
    found[1:] -= numbers[:-1]
    return found


def _unpacked(packed: bytes) -> MinuteCounts:
    if not packed.startswith(_MAGIC):
        raise ValueError("another version")
    body = zlib.decompress(packed[len(_MAGIC) :])
    place = _BYTES_OF_LENGTH + int.from_bytes(body[:_BYTES_OF_LENGTH], "little")
    head = json.loads(body[_BYTES_OF_LENGTH:place])
    parts: dict[str, NDArray[Any]] = {}
    for name, dtype, length in head["parts"]:
        parts[name] = np.frombuffer(body, dtype=dtype, count=length, offset=place)
        place += parts[name].nbytes
    keys = tuple(head["keys"])
    exposure = parts["exposure"].astype(np.float64)
    counts = np.zeros((len(keys), len(exposure)))
    rows = np.repeat(np.arange(len(keys)), parts["filled"])
    counts[rows, np.cumsum(parts["columns"], dtype=_COLUMN)] = parts["values"]
    counts[:, exposure == 0] = np.nan
    return MinuteCounts(int(head["start"]), keys, counts, exposure)
