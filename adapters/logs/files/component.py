"""The log files of one component: looks at what is new in them, then counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from adapters.logs.files.deadline import Deadline
from adapters.logs.files.documents import Documents, micros
from adapters.logs.files.listing import READ_ERRORS, Matching, list_files
from adapters.logs.files.tail import Found, Tail, complete_lines
from bot.core.config.log_store import FilesLogStore
from bot.core.counts import CountRequest, Counts, LogStoreError, Window, levels_missing
from bot.core.value import Text, text

_MARGIN = timedelta(days=1)
"""How much longer than asked for documents are kept, so that the next request finds them too."""


class ComponentLogs:
    """One component's files and documents. Used by one thread at a time, which it sees to."""

    def __init__(
        self,
        config: FilesLogStore,
        name: str,
        make_documents: Callable[[], Documents],
        *,
        time_scale: float,
    ) -> None:
        self.bytes_read = 0
        self._config = config
        self._name = name
        self._make_documents = make_documents
        self._made: Documents | None = None
        self._margin = _MARGIN / time_scale
        self._lock = Lock()
        self._holder: Deadline | None = None
        self._tails: list[Tail] = []
        self._names: dict[int, str] = {}
        self._files = 0
        self._anew = False
        self._floor: int | None = None
        self._reach = timedelta(0)

    def count(
        self, request: CountRequest, deadline: Deadline, *, base: Path, now: datetime
    ) -> Counts:
        """Read what is new and count. Raises LogStoreError when the deadline ends, duckdb.Error.

        What was read until then stays read: the next count goes on from there.
        """
        if not self._lock.acquire(timeout=deadline.left):
            raise deadline.error()
        try:
            self._holder = deadline
            deadline.check()
            self._keep(request.windows, now)
            gaps = self._look(base, deadline, now)
            self._refuse_lacking(request.group)
            windows = []
            for window in request.windows:
                deadline.check()
                windows.append(self._documents.count(request, window))
            gaps += self._unreadable(request.windows)
            gaps += levels_missing(
                map(self._documents.without_level, request.windows), self._config.max_unreadable
            )
            if windows and not windows[-1].documents:
                gaps.append(text("gap.no_documents"))
            return Counts(windows=tuple(windows), newest=self._documents.newest, gaps=tuple(gaps))
        finally:
            self._holder = None
            self._lock.release()

    def interrupt(self, deadline: Deadline) -> None:
        """End the count with this deadline, and only that one."""
        deadline.end()
        if self._holder is deadline and self._made:
            self._made.interrupt()

    def stop(self) -> None:
        """End the count that runs, if any."""
        if holder := self._holder:
            self.interrupt(holder)

    def close(self, patience: float) -> None:
        """Give the memory back as soon as no count runs; wait at most this many seconds for it."""
        if self._lock.acquire(timeout=patience):
            self._documents.close()
            self._lock.release()

    @property
    def _documents(self) -> Documents:
        # Made late, in the thread of the first count: a DuckDB takes a while to open.
        if self._made is None:
            self._made = self._make_documents()
        return self._made

    def _keep(self, windows: Iterable[Window], now: datetime) -> None:
        """Set the time before which documents are not kept; read anew when it was too late."""
        needed = min((window.start for window in windows), default=now)
        self._reach = max(self._reach, now - needed)
        floor = micros(now - self._reach - self._margin)
        if self._floor is None:
            self._floor = floor
        elif micros(needed) < self._floor:
            self._floor = floor
            self._anew = True
        elif floor > self._floor + self._margin // timedelta(microseconds=1):
            self._documents.drop_before(floor)
            self._floor = floor

    def _look(self, base: Path, deadline: Deadline, now: datetime) -> list[Text]:
        """Read what is new in all files, and say what could not be read."""
        listed, missing = list_files(self._config.paths, self._name, base)
        # Of which nothing was read, nothing is known: it may be the beginning of a copy.
        self._tails = [tail for tail in self._tails if tail.offset]
        matching = Matching(self._tails, self._worth(listed), deadline)
        pairs, fresh = matching.pair()
        if self._anew:
            # Files that are gone cannot be read again: what they left is kept.
            self._forget([tail for _, tail in pairs])
            fresh += [found for found, _ in pairs]
            pairs, self._anew = [], False
        tails = [tail.moved_to(found) for found, tail in pairs]
        tails += [self._begin(found) for found in fresh]
        failed = matching.failed
        for tail in tails:
            try:
                self._read(tail, deadline, now)
            except READ_ERRORS as error:
                failed.append((tail.found, error))
        gaps = [text("gap.missing_file", pattern=pattern) for pattern in missing]
        return gaps + [
            text("gap.unfinished", file=one.name, error=_reason(error)) for one, error in failed
        ]

    def _worth(self, listed: list[Found]) -> list[Found]:
        """Leave out archives that were finished before anything that is kept."""
        floor = (self._floor or 0) * 1000
        newest = max((one.changed for one in listed), default=0)
        return [one for one in listed if not one.packed or one.changed >= min(floor, newest)]

    def _forget(self, tails: list[Tail]) -> None:
        for tail in tails:
            self._documents.drop_file(tail.number)
            self._tails.remove(tail)

    def _begin(self, found: Found) -> Tail:
        self._files += 1
        tail = Tail(self._files, found)
        self._tails.append(tail)
        return tail

    def _read(self, tail: Tail, deadline: Deadline, now: datetime) -> None:
        found = tail.found
        self._names[tail.number] = found.name
        if tail.whole or (found.size == tail.offset and not found.packed):
            return
        with found.opened() as stream:
            stream.seek(tail.offset)
            for block in complete_lines(stream, to_the_end=found.packed):
                deadline.check()
                tail.last = self._documents.add(
                    block,
                    file=tail.number,
                    host=self._host(found.name),
                    floor=self._floor or 0,
                    before=tail.last,
                    until=min(found.changed // 1000, micros(now)),
                    now=now,
                )
                tail.advance(block)
                self.bytes_read += len(block)
        tail.whole = found.packed

    def _host(self, name: str) -> str | None:
        pattern = self._config.host_from_path
        match = re.search(pattern, name) if pattern else None
        return match[1] if match and match.re.groups else None

    def _refuse_lacking(self, group: str) -> None:
        """Nothing is counted as if a field said something that no line has."""
        key = self._documents.lacking(group)
        if key:
            name = getattr(self._config.fields, key)
            raise LogStoreError(f"no line has the field {name}: check `fields.{key}`")

    def _unreadable(self, windows: Iterable[Window]) -> list[Text]:
        """For each file with too many unreadable lines in a window, say so for the worst window."""
        worst: dict[str, tuple[float, int]] = {}
        for window in windows:
            for file, lines, share in self._documents.unreadable(window):
                if share > self._config.max_unreadable:
                    name = self._names[file]
                    worst[name] = max(worst.get(name, (0.0, 0)), (share, lines))
        return [
            text("gap.unreadable", file=name, share=round(share, 4), lines=lines)
            for name, (share, lines) in sorted(worst.items())
        ]


def _reason(error: Exception) -> str:
    """Why a file could not be read, without its path on this machine."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
