"""Error types from messages: reads the documents themselves, and none of them twice.

Messages are text, which no aggregation counts exactly. What was read is held in slices of ten
minutes, without the messages; before each count the server says how many documents each slice
has, and those that changed are read again. What was read stays when a count runs out of time.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.logs.search.query import Body, Questions
from bot.core.config.log_store import DocumentFields
from bot.core.counts import NO_TYPE, Sample, TypeCount, Window
from bot.core.level import level_name
from bot.core.mining.masks import SEEN, Masker

MOST = 3_000_000
"""How many documents of a component are held at most, 12 bytes each; older ones are read again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SLICE = 600_000_000
"""Microseconds of a slice."""

Ask = Callable[[Body], Awaitable[Body]]
"""Asks one moment of the index; raises LogStoreError unless it speaks for every document."""


@dataclass
class _Slice:
    """The documents of ten minutes, by time."""

    counted: int = 0
    """How many the server said there are."""
    times: array[int] = field(default_factory=lambda: array("q"))
    """Microseconds since the epoch."""
    kinds: array[int] = field(default_factory=lambda: array("I"))
    """Numbers of their form, level and host together."""


class Messages:
    """The documents of one component at some levels, by the form of their message."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._slices: dict[int, _Slice] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._kinds: list[tuple[str, str, str]] = []
        """Form, level, host."""
        self._samples: list[str] = []
        """A message of each kind."""
        self.documents_read = 0
        self.lock = asyncio.Lock()
        """Held from a refresh until what it brought is counted: another may forget slices."""

    async def refresh(
        self, ask: Ask, questions: Questions, windows: Sequence[Window], words: Iterable[str]
    ) -> None:
        """Read what changed in these windows since it was read. Raises LogStoreError."""
        words = sorted(words)
        wanted: dict[int, int] = {}
        for window in windows:
            whole = _sliced(window)
            answer = await ask(questions.slices(whole, words, _SLICE // 1000))
            counts = {
                bucket["key"] * 1000 // _SLICE: bucket["doc_count"]
                for bucket in answer["aggregations"]["slices"]["buckets"]
            }
            wanted |= {number: counts.get(number, 0) for number in _numbers(window)}
        self._make_room(wanted)
        for begin, end in _stretches(wanted, self._slices):
            window = Window(start=_moment(begin * _SLICE), end=_moment(end * _SLICE))
            await self._read(ask, questions.messages(window, words), questions.fields, wanted)

    def types(
        self, window: Window, bucket: timedelta | None, *, by_host: bool = True
    ) -> tuple[TypeCount, ...]:
        """Documents by form, level, host and bucket, sorted; of what was refreshed."""
        length = 0 if bucket is None else bucket // _MICROSECOND
        groups: Counter[tuple[int, int]] = Counter()
        for times, kinds in self._within(window):
            if length:
                groups.update((k, t - t % length) for t, k in zip(times, kinds, strict=True))
            else:
                groups.update({(kind, 0): n for kind, n in Counter(kinds).items()})
        found: Counter[tuple[str, str, str, int]] = Counter()
        for (kind, start), count in groups.items():
            form, level, host = self._kinds[kind]
            found[form, level, host if by_host else "", start] += count
        return tuple(
            TypeCount(
                error_type=form,
                level=level,
                host=host,
                count=count,
                bucket=_moment(start) if length else None,
            )
            for (form, level, host, start), count in sorted(found.items())
        )

    def samples(self, window: Window, hosts: Collection[str] = ()) -> tuple[Sample, ...]:
        """The first moment of each form in the window, and a message of that form and host.

        Only of these hosts, where any is named.
        """
        first: dict[str, tuple[int, int]] = {}
        for times, kinds in self._within(window):
            seen: dict[int, int] = {}
            for time, kind in zip(times, kinds, strict=True):
                seen.setdefault(kind, time)
            for kind, time in seen.items():
                form, _, host = self._kinds[kind]
                if not hosts or host in hosts:
                    first.setdefault(form, (time, kind))
        return tuple(
            Sample(error_type=form, first_seen=_moment(time), message=self._samples[kind])
            for form, (time, kind) in sorted(first.items())
        )

    def _within(self, window: Window) -> Iterable[tuple[Sequence[int], Sequence[int]]]:
        start, end = _micros(window.start), _micros(window.end)
        for number in _numbers(window):
            held = self._slices.get(number)
            if held is None:
                continue
            if start <= number * _SLICE and (number + 1) * _SLICE <= end:
                yield held.times, held.kinds
                continue
            both = zip(held.times, held.kinds, strict=True)
            inside = [(time, kind) for time, kind in both if start <= time < end]
            yield [time for time, _ in inside], [kind for _, kind in inside]

    async def _read(
        self, ask: Ask, body: Body, fields: DocumentFields, wanted: dict[int, int]
    ) -> None:
        """Read documents in the order of their time; each slice is put in place as a whole."""
        unfinished: dict[int, _Slice] = {}
        while True:
            answer = await ask(body)
            hits = answer["hits"]["hits"]
            await asyncio.to_thread(self._take, hits, fields, unfinished)
            self.documents_read += len(hits)
            last = len(hits) < body["size"]
            # What comes next may still belong to the last slice.
            done = sorted(unfinished) if last else sorted(unfinished)[:-1]
            for number in done:
                held = unfinished.pop(number)
                held.counted = wanted.get(number, len(held.times))
                self._slices[number] = held
            if last:
                return
            body = {**body, "search_after": hits[-1]["sort"]}

    def _take(
        self, hits: Iterable[Body], fields: DocumentFields, slices: dict[int, _Slice]
    ) -> None:
        for hit in hits:
            found = hit.get("fields", {})
            time = _micros(datetime.fromisoformat(str(found[fields.time][0])))
            message = _first(found, fields.message)[:SEEN]
            form = self._masker.form(message) or NO_TYPE
            kind = (form, level_name(_first(found, fields.level)), _first(found, fields.host))
            number = self._numbers.get(kind)
            if number is None:
                number = self._numbers[kind] = len(self._kinds)
                self._kinds.append(kind)
                self._samples.append(message)
            held = slices.setdefault(time // _SLICE, _Slice())
            held.times.append(time)
            held.kinds.append(number)

    def _make_room(self, wanted: Iterable[int]) -> None:
        """Forget what is gone, and the oldest of what is not asked for when there is too much."""
        held = sum(len(one.times) for one in self._slices.values())
        for number in sorted(set(self._slices).difference(wanted)):
            if held <= MOST:
                break
            held -= len(self._slices.pop(number).times)


def _stretches(wanted: dict[int, int], held: dict[int, _Slice]) -> list[tuple[int, int]]:
    """The stretches [begin, end) of slices that have to be read; empties what has nothing left."""
    stretches: list[tuple[int, int]] = []
    open_since: int | None = None
    for number, count in sorted(wanted.items()):
        known = held.get(number, _Slice())
        if count == 0:
            held.pop(number, None)
        elif known.counted != count:
            open_since = number if open_since is None else open_since
            if stretches and stretches[-1][0] == open_since:
                stretches.pop()
            stretches.append((open_since, number + 1))
        else:
            open_since = None
    return stretches


def _numbers(window: Window) -> range:
    return range(_micros(window.start) // _SLICE, -(-_micros(window.end) // _SLICE))


def _sliced(window: Window) -> Window:
    numbers = _numbers(window)
    return Window(start=_moment(numbers.start * _SLICE), end=_moment(numbers.stop * _SLICE))


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _first(found: Body, name: str) -> str:
    values = found.get(name) if name else None
    return "" if not values or values[0] is None else str(values[0])
