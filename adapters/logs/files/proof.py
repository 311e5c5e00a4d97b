"""Lets DuckDB refuse what it cannot use before a release depends on it, and names the key."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb

from adapters.logs.files.documents import Documents
from adapters.logs.files.parsing import group_numbers
from bot.core.config.log_store import FilesLogStore
from bot.core.config.problem import UnusableError

_WORDS = ("", "epoch", "epoch_ms")
"""Time formats that are no strptime formats."""


def prove(config: FilesLogStore, now: datetime) -> None:
    """Read a line that is none the way the configuration says.

    Raises UnusableError with the key when an expression, the time format or the zone is wrong.
    """
    try:
        re.compile(config.host_from_path)
        with tempfile.TemporaryDirectory(prefix="release-master-logs-") as folder:
            documents = Documents(config, Path(folder))
            documents.try_out(now)
            documents.close()
    except (duckdb.Error, re.error, OverflowError, RecursionError) as error:
        for key, right, attempt in _attempts(config):
            try:
                attempt()
            except (duckdb.Error, re.error, OverflowError, RecursionError) as wrong:
                said = str(wrong).removeprefix("Invalid Input Error: ").partition("\n")[0]
                raise UnusableError(key, getattr(config, key), f"{right}: {said}") from error
        raise UnusableError("format", config.format, f"cannot be read: {error}") from error


def _attempts(config: FilesLogStore) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """Each key alone: its name, what its value is not, and how to try it."""

    def run(sql: str, *values: object) -> Callable[[], object]:
        return lambda: duckdb.connect(":memory:").execute(sql, values).fetchall()

    yield (
        "host_from_path",
        "is no regular expression",
        lambda: re.compile(config.host_from_path),
    )
    for key in ("pattern", "continuation"):
        sql = "SELECT regexp_matches('', ?)"
        yield key, "is no RE2 expression", run(sql, getattr(config, key))
    if config.format == "pattern":
        for number in group_numbers(config.pattern).values():
            sql = f"SELECT regexp_extract('', ?, {int(number)})"
            yield "pattern", "has a named group behind the ninth", run(sql, config.pattern)
    if config.time_format not in _WORDS:
        sql = "SELECT try_strptime('', ?)"
        yield "time_format", "is no strptime format", run(sql, config.time_format)
    zone = config.zone.replace("'", "''")
    yield "zone", "is no time zone", run(f"SET TimeZone = '{zone}'")
