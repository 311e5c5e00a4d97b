"""What a log store is asked and what it answers: counts in windows, and how complete they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import model_validator

from bot.core.value import Moment, Text, Value, text

NO_TYPE = "(no type)"
"""The error type of a document that has none."""


class Window(Value):
    """A half-open span of time [start, end), in UTC."""

    start: Moment
    end: Moment

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return self.end - self.start


class CountRequest(Value):
    """Count the documents of one component in each of some windows, exactly."""

    component: str
    windows: tuple[Window, ...]
    levels: tuple[str, ...] = ("ERROR", "WARN")
    """Only these levels are counted by type; `documents` counts every level."""
    bucket: timedelta | None = None
    """Also split by buckets of this length, aligned to the epoch; None: one number a window."""
    by_host: bool = True
    """False: hosts are added up under the name "", which costs much less with buckets."""
    alive: bool = False
    """Also say which hosts wrote anything in each bucket; needs `bucket`."""
    samples: bool = False
    """Also bring the first moment and one message of each type."""
    sample_hosts: tuple[str, ...] = ()
    """Only these hosts' documents give samples; empty: every host's. Counts are of all hosts."""
    seen_by: tuple[Moment, ...] = ()
    """Of each window count only what had arrived by its moment; empty: count everything. A store
    that does not know when documents arrived counts them all."""
    group: str = ""
    """Only documents that name this release group; empty: all. A log store whose documents name
    none (`names_groups`) cannot answer this."""

    @model_validator(mode="after")
    def _alive_in_something(self) -> CountRequest:
        if self.alive and self.bucket is None:
            msg = "`alive` says which hosts lived in each bucket: name the bucket's length"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _seen_window_by_window(self) -> CountRequest:
        if self.seen_by and len(self.seen_by) != len(self.windows):
            msg = f"`seen_by` has {len(self.seen_by)} moments for {len(self.windows)} windows"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCount:
    """How many documents of one error type one host wrote in one window (or bucket).

    No `Value`: a window may have a million of them.
    """

    error_type: str
    level: str
    host: str
    count: int
    bucket: Moment | None = None
    """Start of the bucket; None when the request named no bucket length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """How many documents one host wrote in one bucket, at any level: a sign of its life."""

    host: str
    bucket: Moment
    """Start of the bucket."""
    count: int
    """Never 0; what has no level is none of them, as in `WindowCounts.documents`."""
    exposure: int = 1
    """How much it served there: the sum of the field that says so, rounded up, of all of its
    documents. Where no field does, a living host is 1."""


class Sample(Value):
    """What one error type looks like: its first moment in the window and that message."""

    error_type: str
    first_seen: Moment
    message: str


class WindowCounts(Value):
    """The answer for one window."""

    window: Window
    types: tuple[TypeCount, ...] = ()
    """Sorted by error type, level, host, bucket."""
    documents: dict[str, int] = {}
    """host -> documents of any level; a host that wrote nothing is absent. What has no level is
    none of them: nobody knows whether it would have been counted as an error."""
    samples: tuple[Sample, ...] = ()
    alive: tuple[Alive, ...] = ()
    """Sorted by host, bucket; empty unless asked for."""
    oldest: Moment | None = None
    """The time of the oldest document of any level in the window; None where there is none, or
    from a store that cannot tell. Before it there may have been no logs at all."""


class Counts(Value):
    """The answer to a count request. `gaps` states how complete it is: empty means complete."""

    windows: tuple[WindowCounts, ...]
    newest: Moment | None = None
    """The time of the newest document of the component at any level, None where there is none."""
    gaps: tuple[Text, ...] = ()
    """Each reason why these counts may be too low; with any of them no verdict may be pass."""
    ingest_lag: timedelta | None = None
    """How late the slowest hundredth of the last hour's documents arrived: what happened since
    then may still be under way. None when the log store cannot tell."""
    link: str = ""
    """A page where a person sees the documents after the first window (the baseline), or in the
    only one, frozen to that time; empty when the log store has none."""


class LogStoreError(Exception):
    """The log store could not count; the message says why. Never zero, always inconclusive."""


def check_group(request: CountRequest, *, can: bool) -> None:
    """Raise LogStoreError where one release group is asked for and documents name none."""
    if request.group and not can:
        raise LogStoreError(
            f"nothing says which documents are of the group {request.group}: name `fields.group`"
        )


def levels_missing(windows: Iterable[tuple[int, int]], limit: float) -> tuple[Text, ...]:
    """The gap `gap.no_level` when in a window more than this share of the documents has no level.

    `windows` are (documents without a level, all documents); the worst one is told.
    """
    shares = [(lines / whole, lines, whole) for lines, whole in windows if lines]
    share, lines, whole = max(shares, default=(0.0, 0, 0))
    if share <= limit:
        return ()
    return (text("gap.no_level", lines=lines, whole=whole, share=round(share, 4)),)
