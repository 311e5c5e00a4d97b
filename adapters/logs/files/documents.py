"""The documents of one component in DuckDB: filled block by block, counted by window."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from adapters.logs.files import statements
from adapters.logs.files.parsing import Parsing
from bot.core.config.log_store import FilesLogStore
from bot.core.counts import NO_TYPE, Alive, CountRequest, Sample, TypeCount, Window, WindowCounts
from bot.core.level import level_name
from bot.core.mining.masks import Masker

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


class Documents:
    """One component's documents. Raises duckdb.Error; `interrupt` may be called by any thread."""

    def __init__(self, config: FilesLogStore, spill: Path) -> None:
        self._newest: int | None = None
        self._masker = Masker(config.masks) if config.error_type_from == "message" else None
        self._parsing = Parsing(config)
        self._exposes = bool(config.fields.exposure)
        self._base = duckdb.connect(
            ":memory:",
            config={
                "temp_directory": str(spill),
                "memory_limit": "512MB",
                "threads": 2,
            },
        )
        # Log lines are data: nothing that they hold may make DuckDB open a file or fetch anything.
        self._base.execute("SET autoinstall_known_extensions = false")
        self._base.execute("SET autoload_known_extensions = false")
        self._base.execute("SET enable_external_access = false")
        zone = config.zone.replace("'", "''")
        self._base.execute(f"SET TimeZone = '{zone}'")
        self._base.execute(self._parsing.macros)
        self._base.execute(statements.TABLES)

    def try_out(self, now: datetime) -> None:
        """Parse one line that is none, so that a wrong expression shows as duckdb.Error."""
        self.add(b"?", file=0, host=None, floor=0, before=None, until=0, now=now)

    def add(  # noqa: PLR0913  # what is known of the block's file
        self,
        block: bytes,
        *,
        file: int,
        host: str | None,
        floor: int,
        before: int | None,
        until: int,
        now: datetime,
    ) -> int | None:
        """Add a block of whole lines, all or nothing, and return the time of its last document.

        Documents before `floor` are only read; `before` is the last time in the file before this
        block and returned when the block has none; `until` is when the file was changed last.
        """
        # Some writers leave a hole of NULs where a file was truncated under them.
        text = block.replace(b"\0", b"").decode("utf-8", "replace").removeprefix("\ufeff")
        self._base.execute("BEGIN")
        try:
            self._run(self._parsing.lines, block=text)
            self._run(self._parsing.parse, **self._parsing.params(now))
            if self._masker:
                self._run(statements.ADD_UNTYPED, file=file, host=host, floor=floor)
            else:
                self._run(
                    statements.ADD_DOCUMENTS, file=file, host=host, floor=floor, no_type=NO_TYPE
                )
            first, last, newest = self._row(
                "SELECT arg_min(ts, seq), arg_max(ts, seq), max(ts) FROM parsed"
            )
            if first is not None:
                self._run(statements.CLOSE_UNREADABLE, file=file, first=first)
            self._run(statements.ADD_UNREADABLE, file=file, before=before, until=until)
            self._base.execute("COMMIT")
        except BaseException:
            self._base.rollback()
            raise
        if newest is not None:
            self._newest = max(newest, self._newest or 0)
        return before if last is None else int(last)

    @property
    def newest(self) -> datetime | None:
        """The time of the newest document there ever was, None where there was none."""
        return None if self._newest is None else _EPOCH + self._newest * _MICROSECOND

    def count(self, request: CountRequest, window: Window) -> WindowCounts:
        """Count one window."""
        span: dict[str, object] = {"start": micros(window.start), "end": micros(window.end)}
        span["group"] = request.group
        wanted = {level_name(word) for word in request.levels}
        words = [word for (word,) in self._rows("SELECT DISTINCT level FROM document")]
        levels = [word for word in words if level_name(word) in wanted]
        if self._masker:
            self._type(self._masker, levels)
        hosts = self._rows(
            statements.HOSTS,
            **span,
        )
        oldest = min((first for _, _, first in hosts), default=None)
        return WindowCounts(
            window=window,
            types=self._types(request, levels=levels, **span),
            documents={host: count for host, count, _ in sorted(hosts)},
            samples=self._samples(request, levels=levels, **span) if request.samples else (),
            alive=self._alive(request.bucket, **span) if request.alive else (),
            oldest=None if oldest is None else _EPOCH + oldest * _MICROSECOND,
        )

    def _type(self, masker: Masker, levels: list[str]) -> None:
        """Give the documents of these levels that have no type yet the form of their message."""
        while found := [message for (message,) in self._rows(statements.UNTYPED, levels=levels)]:
            forms = [masker.form(message) for message in found]
            self._run(statements.TYPE, messages=found, forms=forms, no_type=NO_TYPE)

    def _types(self, request: CountRequest, **params: object) -> tuple[TypeCount, ...]:
        bucket = (request.bucket or timedelta(0)) // _MICROSECOND
        groups: Counter[tuple[str, str, str, int]] = Counter()
        params |= {"bucket": bucket, "by_host": request.by_host}
        for name, word, host, start, count in self._rows(statements.TYPES, **params):
            groups[name, level_name(word), host, start or 0] += count
        return tuple(
            TypeCount(
                error_type=name,
                level=level,
                host=host,
                count=count,
                bucket=_EPOCH + start * _MICROSECOND if bucket else None,
            )
            for (name, level, host, start), count in sorted(groups.items())
        )

    def _alive(self, length: timedelta | None, **params: object) -> tuple[Alive, ...]:
        bucket = (length or _MICROSECOND) // _MICROSECOND
        return tuple(
            Alive(
                host=host,
                bucket=_EPOCH + start * _MICROSECOND,
                count=count,
                exposure=int(served) if self._exposes else 1,
            )
            for host, start, count, served in sorted(
                self._rows(statements.ALIVE, bucket=bucket, **params)
            )
        )

    def _samples(self, request: CountRequest, **params: object) -> tuple[Sample, ...]:
        found = self._rows(statements.SAMPLES, hosts=list(request.sample_hosts), **params)
        return tuple(
            Sample(error_type=name, first_seen=_EPOCH + ts * _MICROSECOND, message=text)
            for name, ts, text in sorted(found)
        )

    def lacking(self, group: str) -> str:
        """Which field (`group`, `exposure`) is asked for and in no document; empty: none."""
        [(every, named, served)] = self._rows(statements.LACKING)
        if every and group and not named:
            return "group"
        return "exposure" if every and self._exposes and not served else ""

    def unreadable(self, window: Window) -> list[tuple[int, int, float]]:
        """Each file with lines in the window that could not be read: file, lines, their share."""
        return self._rows(statements.UNREADABLE, start=micros(window.start), end=micros(window.end))

    def without_level(self, window: Window) -> tuple[int, int]:
        """How many documents of the window have no level, and how many it has."""
        [(lines, whole)] = self._rows(
            statements.WITHOUT_LEVEL, start=micros(window.start), end=micros(window.end)
        )
        return lines, whole

    def drop_before(self, floor: int) -> None:
        """Forget documents before this time."""
        self._run("DELETE FROM document WHERE ts < $floor", floor=floor)
        self._run("DELETE FROM unreadable WHERE high < $floor", floor=floor)

    def drop_file(self, file: int) -> None:
        """Forget all documents of a file."""
        self._run("DELETE FROM document WHERE file = $file", file=file)
        self._run("DELETE FROM unreadable WHERE file = $file", file=file)

    def interrupt(self) -> None:
        """Make the running query fail."""
        self._base.interrupt()

    def close(self) -> None:
        """Give the memory back."""
        self._base.close()

    def _run(self, sql: str, **params: object) -> None:
        self._base.execute(sql, params)

    def _rows(self, sql: str, **params: object) -> list[Any]:
        return self._base.execute(sql, params or None).fetchall()

    def _row(self, sql: str) -> Any:
        return self._base.execute(sql).fetchone()
