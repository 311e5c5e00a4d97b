"""Log stores as release.yml names them: where error logs are counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.core.value import Duration, Value


class Fields(Value):
    """The names of the fields (JSON lines: dotted paths; pattern: named groups).

    A dotted path finds the nested field and the field with dots in its name. A line without error
    type counts as `(no type)`, one without host as written by the host `""`. One without level
    might be an error: it counts as nothing, and too many are a gap (`max_unreadable`).
    """

    time: str = Field(default="time", min_length=1)
    level: str = "level"
    error_type: str = "type"
    message: str = "message"
    host: str = "host"


class FilesLogStore(Value):
    """Log files on this machine, counted with DuckDB."""

    kind: Literal["files"]
    paths: tuple[str, ...] = Field(min_length=1)
    """Globs; `{component}` is filled in. Rotated and .gz files belong to them: `app.log*`.
    A glob that finds no file makes counts incomplete."""
    format: Literal["json", "pattern"] = "json"
    """json: one object a line; pattern: each line is read by the regular expression `pattern`."""
    pattern: str = ""
    """A regular expression (RE2) with groups named `(?P<name>...)`; the names are those in
    `fields`. Groups for the time and the level are needed; without a message group the whole line
    is the message."""
    continuation: str = r"^(\s|Caused by: |Traceback |[\w.$]+(Exception|Error|Throwable)\b)"
    """With `pattern`: lines that it does not fit and this one (RE2) does continue the line before,
    as stack traces do; they are neither counted nor unreadable. Empty: there are none."""
    time_format: str = ""
    """strptime format of the time, `epoch` (seconds), `epoch_ms`; empty: ISO 8601. Without a year
    it is the latest year that does not put the line into the future."""
    zone: str = "UTC"
    """The zone of times that carry none. The hour that daylight saving repeats is read as its
    second pass: let logs carry an offset where that matters."""
    fields: Fields = Fields()
    """Which field is what."""
    host_from_path: str = ""
    """A regular expression whose first group is the host, matched on the path; empty: by field."""
    timeout: Duration = Field(
        default=timedelta(seconds=30), gt=timedelta(0), le=timedelta(minutes=10)
    )
    """How long one count may take. What was read until then is kept: the next one gets further."""
    max_unreadable: float = Field(default=0.01, ge=0, le=1)
    """The share of unreadable lines in a file's window, and of lines without a level in a window,
    above which the counts have a gap."""


class MemoryLogStore(Value):
    """A log store that is told its documents, for tests."""

    kind: Literal["memory"]


LogStoreConfig = Annotated[FilesLogStore | MemoryLogStore, Field(discriminator="kind")]
