"""Log stores as release.yml names them: where error logs are counted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.core.value import Duration, Value

_ADDRESS = r"^https?://[^/@\s]+(/[^@\s]*)?$"


def _expression(text: str) -> str:
    try:
        empty = re.compile(text).search("")
    except re.error as error:
        msg = f"{text!r} is no regular expression: {error}"
        raise ValueError(msg) from None
    if empty:
        msg = f"{text!r} fits nothing at all; write what a variable must hold"
        raise ValueError(msg)
    return text


# What is as usual is left out of stored releases, so that they are those of earlier versions.
TypeFrom = Annotated[
    Literal["field", "message"], Field(exclude_if=lambda source: source == "field")
]
"""Where the error type is read from."""
Unused = Annotated[str, Field(exclude_if=lambda name: not name)]
"""The name of a field that most logs do not have."""
Mask = Annotated[str, Field(min_length=1), AfterValidator(_expression)]
Masks = Annotated[tuple[Mask, ...], Field(exclude_if=lambda masks: not masks)]
"""Regular expressions for parts of messages that vary."""


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
    group: Unused = ""
    """The release group that wrote the line, such as canary, where hosts are not named as the
    executor names them. Empty: the executor says which hosts a group has."""
    exposure: Unused = ""
    """A number whose sum is how much was served, such as a count of requests: rates of errors are
    per this. A minute in which nothing was served is left out. Empty: rates are per living host."""


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
    error_type_from: TypeFrom = "field"
    """field: the error type is what `fields.error_type` holds; message: it is the template of the
    message, mined from what the logs say, and that field is not looked at."""
    masks: Masks = ()
    """With messages: further regular expressions (Python) for what varies in them, such as
    `(?<=tenant )\\w+`; numbers, addresses, paths and times are known."""
    host_from_path: str = ""
    """A regular expression whose first group is the host, matched on the path; empty: by field."""
    timeout: Duration = Field(
        default=timedelta(seconds=30), gt=timedelta(0), le=timedelta(minutes=10)
    )
    """How long one count may take. What was read until then is kept: the next one gets further."""
    max_unreadable: float = Field(default=0.01, ge=0, le=1)
    """The share of unreadable lines in a file's window, and of lines without a level in a window,
    above which the counts have a gap."""


class DocumentFields(Value):
    """The names of the fields of documents; the defaults are those of the Elastic Common Schema."""

    time: str = Field(default="@timestamp", min_length=1)
    """When it happened: a date field (exact to the millisecond) or date_nanos."""
    level: str = Field(default="log.level", min_length=1)
    """A keyword field with words such as ERROR and warning."""
    error_type: tuple[str, ...] = Field(default=("error.type",), min_length=1, max_length=5)
    """Keyword fields whose values, joined by a blank, are the error type; a document without any
    counts as `(no type)`, one with several values in a field once for each of them."""
    message: str = "message"
    """What is shown as an example of a type; empty: nothing is."""
    host: str = "host.name"
    """A keyword field; empty: all documents are of one nameless host."""
    group: str = ""
    """A keyword field with the release group that wrote the document, such as canary, where hosts
    are not named as the executor names them. Empty: the executor says which hosts a group has."""
    exposure: str = ""
    """A numeric field whose sum is how much was served, such as a count of requests: rates of
    errors are per this. A minute in which nothing was served is left out. Empty: rates are per
    living host."""
    ingested: str = "event.ingested"
    """A date field that says when the document arrived; where it is missing the bot counts minutes
    again to see how late documents are. Empty: there is none."""


class SearchLogStore(Value):
    """What the log stores on a search server have in common."""

    kind: str
    addresses: tuple[Annotated[str, Field(pattern=_ADDRESS)], ...] = ()
    """The addresses of the nodes."""
    index: str = Field(min_length=1, pattern=r"^[^\s/\\#?&%]+$")
    """An index, alias, data stream or pattern, several with commas; `{component}` is filled in."""
    filters: dict[str, str] = {}
    """keyword field -> value that every document of a component has; `{component}` is filled in."""
    fields: DocumentFields = DocumentFields()
    """Which field is what."""
    error_type_from: TypeFrom = "field"
    """field: the error type is what `fields.error_type` holds; message: it is the template of the
    message, mined from what the logs say, and that field is not looked at."""
    masks: Masks = ()
    """With messages: further regular expressions (Python) for what varies in them, such as
    `(?<=tenant )\\w+`; numbers, addresses, paths and times are known."""
    bearer_env: str = ""
    """The environment variable with a bearer token."""
    username: str = ""
    """The user, instead of a token."""
    password_env: str = ""
    """The environment variable with that user's password."""
    ca_file: str = ""
    """The certificates (PEM) to trust instead of the system's, relative to release.yml."""
    timeout: Duration = Field(
        default=timedelta(seconds=30), gt=timedelta(0), le=timedelta(minutes=10)
    )
    """How long one count may take, with all its repetitions."""
    max_ingest_lag: Duration = Field(
        default=timedelta(minutes=5), gt=timedelta(0), le=timedelta(hours=1)
    )
    """How late the slowest hundredth of the last hour's documents may have arrived; later than
    this the counts have a gap. Divided by `time_scale`."""
    max_clock_skew: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(minutes=10)
    )
    """How far the server's clock may be from the bot's; farther and the counts have a gap."""
    max_without_level: float = Field(default=0.01, ge=0, le=1)
    """The share of documents without a level in a window above which the counts have a gap: each
    of them might be an error, and counts as nothing."""
    link: str = Field(default="", pattern=r"^$|^https?://")
    """The address of a page that shows the documents, such as Discover: `{start}`, `{end}`,
    `{component}` and `{index}` are filled in."""

    @model_validator(mode="after")
    def _says_where_and_who(self) -> Self:
        self._check_where()
        named = [key for key in self._ways() if getattr(self, key)]
        if len(named) > 1:
            msg = f"name one of {_listed(self._ways())}"
            raise ValueError(msg)
        if bool(self.username) != bool(self.password_env):
            msg = "`username` and `password_env` belong together"
            raise ValueError(msg)
        if "{component}" not in self.index + "".join(self.filters.values()):
            msg = "`{component}` must stand in `index` or in a value of `filters`"
            raise ValueError(msg)
        if self.error_type_from == "message" and not self.fields.message:
            msg = "`error_type_from: message` needs `fields.message`"
            raise ValueError(msg)
        return self

    def _check_where(self) -> None:
        if not self.addresses:
            msg = "name `addresses`"
            raise ValueError(msg)

    def _ways(self) -> tuple[str, ...]:
        """The keys that say who one is, of which one may be named."""
        return ("bearer_env", "username")


class ElasticsearchLogStore(SearchLogStore):
    """Logs in Elasticsearch 8 or 9, counted there. How to set it up: docs/elasticsearch.md."""

    kind: Literal["elasticsearch"]
    addresses: tuple[Annotated[str, Field(pattern=_ADDRESS)], ...] = ()
    """The addresses of the nodes; or else `cloud_id`."""
    cloud_id: str = ""
    """The id of a deployment in Elastic Cloud."""
    api_key_env: str = ""
    """The environment variable with an API key (the encoded form), instead of a token or a user."""

    def _check_where(self) -> None:
        if bool(self.addresses) == bool(self.cloud_id):
            msg = "name either `addresses` or a `cloud_id`"
            raise ValueError(msg)

    def _ways(self) -> tuple[str, ...]:
        return ("api_key_env", *super()._ways())


class OpensearchLogStore(SearchLogStore):
    """Logs in OpenSearch, counted there. How to set it up: docs/opensearch.md."""

    kind: Literal["opensearch"]


def _listed(keys: tuple[str, ...]) -> str:
    *first, last = (f"`{key}`" for key in keys)
    return f"{', '.join(first)} and {last}"


class MemoryLogStore(Value):
    """A log store that is told its documents, for tests."""

    kind: Literal["memory"]
    error_type_from: TypeFrom = "field"
    """field: the error type is what `fields.error_type` holds; message: it is the template of the
    message, mined from what the logs say, and that field is not looked at."""
    masks: Masks = ()
    """With messages: further regular expressions (Python) for what varies in them, such as
    `(?<=tenant )\\w+`; numbers, addresses, paths and times are known."""


LogStoreConfig = Annotated[
    FilesLogStore | ElasticsearchLogStore | OpensearchLogStore | MemoryLogStore,
    Field(discriminator="kind"),
]
"""Where logs are counted, by its `kind`."""

_IMMATERIAL = {
    "api_key_env", "bearer_env", "username", "password_env", "ca_file", "verify_certs", "timeout",
    "max_unreadable", "max_ingest_lag", "max_clock_skew", "max_without_level", "link",
}  # fmt: skip


def names_groups(config: LogStoreConfig) -> bool:
    """Whether documents say which release group wrote them, so that one group can be asked for."""
    return not isinstance(config, MemoryLogStore) and bool(config.fields.group)


def counted_as(config: LogStoreConfig) -> str:
    """What of a configuration decides what is counted, as JSON: places, fields, filters, formats.

    Who asks, how long it may take and what is shown of it does not.
    """
    return config.model_dump_json(exclude=_IMMATERIAL)
