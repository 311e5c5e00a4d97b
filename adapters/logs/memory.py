"""The log store that is told its documents: the twin of the real ones, for tests."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.config.log_store import MemoryLogStore
from bot.core.counts import (
    NO_TYPE,
    Alive,
    CountRequest,
    Counts,
    LogStoreError,
    Sample,
    TypeCount,
    Window,
    WindowCounts,
    levels_missing,
)
from bot.core.level import level_name
from bot.core.mining.masks import Masker
from bot.core.value import Text, text, utc

MAX_UNREADABLE = 0.01
"""The share of documents without a level above which the counts have a gap."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Document:
    time: datetime
    level: str
    error_types: tuple[str, ...]
    host: str
    message: str
    late: timedelta | None
    group: str
    served: float | None


class MemoryStore:
    """Counts what `add` was told, with the same rules as the real log stores."""

    def __init__(self, config: MemoryLogStore | None = None) -> None:
        mined = config is not None and config.error_type_from == "message"
        self._masker = Masker(config.masks) if config is not None and mined else None
        self._documents: dict[str, list[_Document]] = {}
        self._gaps: list[Text] = []
        self._failure = ""
        self.requests: list[CountRequest] = []
        """Every request so far, also those that failed."""

    def add(  # noqa: PLR0913 - a document has so many fields
        self,
        component: str,
        time: datetime,
        level: str,
        error_type: str | tuple[str, ...] | None,
        *,
        host: str,
        message: str = "",
        ingested: datetime | None = None,
        group: str = "",
        served: float | None = None,
    ) -> None:
        """Write one document; the times have a zone. With several types it counts for each.

        As soon as a component's documents say how much was `served`, that is its exposure.
        """
        given = error_type if isinstance(error_type, tuple) else (error_type,)
        if self._masker:
            given = (self._masker.form(message),)
        types = tuple(dict.fromkeys(one or NO_TYPE for one in given)) or (NO_TYPE,)
        late = max(ingested - time, timedelta(0)) if ingested else None
        document = _Document(
            utc(time), level_name(level), types, host, message, late, group, served
        )
        self._documents.setdefault(component, []).append(document)

    def gap(self, gap: Text) -> None:
        """Make all later counts incomplete for this reason too."""
        self._gaps.append(gap)

    def heal(self) -> None:
        """Forget the gaps that were injected."""
        self._gaps.clear()

    def fail(self, message: str) -> None:
        """Let the next count raise LogStoreError with this message."""
        self._failure = message

    async def count(self, request: CountRequest) -> Counts:
        """Count each window of the request exactly; without documents in the last it has a gap."""
        self.requests.append(request)
        if self._failure:
            message, self._failure = self._failure, ""
            raise LogStoreError(message)
        documents = [
            one
            for one in self._documents.get(request.component, [])
            if request.group in {"", one.group}
        ]
        says = any(one.served is not None for one in documents)
        looks = request.seen_by or (None,) * len(request.windows)
        seen = [
            [one for one in documents if _within(one, window) and _arrived(one, by)]
            for window, by in zip(request.windows, looks, strict=True)
        ]
        windows = tuple(
            _window([one for one in inside if one.level], request, window, says=says)
            for window, inside in zip(request.windows, seen, strict=True)
        )
        silent = bool(windows) and not windows[-1].documents
        without = [(sum(not one.level for one in inside), len(inside)) for inside in seen]
        return Counts(
            windows=windows,
            newest=max((one.time for one in documents), default=None),
            gaps=(
                *self._gaps,
                *levels_missing(without, MAX_UNREADABLE),
                *((text("gap.no_documents"),) if silent else ()),
            ),
            ingest_lag=_slowest_hundredth([one.late for one in documents if one.late is not None]),
        )

    async def close(self) -> None:
        """Nothing to give back."""


def _window(
    inside: Sequence[_Document], request: CountRequest, window: Window, *, says: bool
) -> WindowCounts:
    levels = {level_name(word) for word in request.levels}
    counted = [one for one in inside if one.level in levels]
    return WindowCounts(
        window=window,
        types=_types(counted, request),
        documents=dict(sorted(Counter(one.host for one in inside).items())),
        samples=_samples(counted, request.sample_hosts) if request.samples else (),
        alive=_alive(inside, request.bucket, says) if request.alive else (),
        oldest=min((one.time for one in inside), default=None),
    )


def _within(one: _Document, window: Window) -> bool:
    return window.start <= one.time < window.end


def _arrived(one: _Document, by: datetime | None) -> bool:
    return by is None or one.late is None or one.time + one.late <= by


def _types(counted: list[_Document], request: CountRequest) -> tuple[TypeCount, ...]:
    length = request.bucket
    groups = Counter(
        (error_type, one.level, one.host if request.by_host else "", _bucket(one.time, length))
        for one in counted
        for error_type in one.error_types
    )
    return tuple(
        TypeCount(
            error_type=error_type,
            level=level,
            host=host,
            count=count,
            bucket=None if length is None else bucket,
        )
        for (error_type, level, host, bucket), count in sorted(groups.items())
    )


def _alive(inside: Sequence[_Document], length: timedelta | None, says: bool) -> tuple[Alive, ...]:
    groups = Counter((one.host, _bucket(one.time, length)) for one in inside)
    served: dict[tuple[str, datetime], float] = dict.fromkeys(groups, 0.0)
    for one in inside:
        served[one.host, _bucket(one.time, length)] += one.served or 0
    return tuple(
        Alive(
            host=host,
            bucket=bucket,
            count=count,
            exposure=max(math.ceil(served[host, bucket]), 0) if says else 1,
        )
        for (host, bucket), count in sorted(groups.items())
    )


def _bucket(time: datetime, length: timedelta | None) -> datetime:
    return _EPOCH if length is None else time - (time - _EPOCH) % length


def _samples(counted: list[_Document], hosts: tuple[str, ...]) -> tuple[Sample, ...]:
    first: dict[str, _Document] = {}
    given = [one for one in counted if not hosts or one.host in hosts]
    for one in sorted(given, key=lambda one: (one.time, one.message)):
        for error_type in one.error_types:
            first.setdefault(error_type, one)
    return tuple(
        Sample(error_type=name, first_seen=one.time, message=one.message)
        for name, one in sorted(first.items(), key=lambda pair: pair[0])
    )


def _slowest_hundredth(late: list[timedelta]) -> timedelta | None:
    return sorted(late)[math.ceil(len(late) * 0.99) - 1] if late else None
