"""Log stores as release.yml names them: where error logs are counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.core.value import Duration, Value


class Fields(Value):
    """The names of the fields (JSON lines: dotted paths; pattern: named groups)."""

    time: str = "time"
    level: str = "level"
    error_type: str = "type"
    message: str = "message"
    host: str = "host"


class FilesLogStore(Value):
    """Log files on this machine, counted with DuckDB."""

    kind: Literal["files"]
    paths: tuple[str, ...] = Field(min_length=1)
    """Globs; `{component}` is filled in. Rotated and .gz files belong to them: `app.log*`."""
    format: Literal["json", "pattern"] = "json"
    """json: one object a line; pattern: each line is read by the regular expression `pattern`."""
    pattern: str = ""
    """A regular expression with named groups (RE2); the names are those in `fields`."""
    time_format: str = ""
    """strptime format of the time; empty: ISO 8601."""
    zone: str = "UTC"
    """The zone of times that carry none."""
    fields: Fields = Fields()
    """Which field is what."""
    host_from_path: str = ""
    """A regular expression whose first group is the host, matched on the path; empty: by field."""
    timeout: Duration = Field(default=timedelta(seconds=30), gt=timedelta(0), le=timedelta(minutes=10))
    """How long one count may take."""
    max_unreadable: float = Field(default=0.01, ge=0, le=1)
    """The share of unreadable lines in a file's window above which the counts have a gap."""


class MemoryLogStore(Value):
    """A log store that is told its documents, for tests."""

    kind: Literal["memory"]


LogStoreConfig = Annotated[FilesLogStore | MemoryLogStore, Field(discriminator="kind")]
