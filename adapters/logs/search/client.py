"""What a client library must be made to do: send one question, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from adapters.logs.search.query import Body

JSON = {"accept": "application/json", "content-type": "application/json"}
"""The headers of a question."""


@dataclass(frozen=True)
class Credentials:
    """The secrets that the configuration names; empty ones are not sent."""

    api_key: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Answer:
    """What a server answered, good or bad."""

    status: int
    body: Any
    """The JSON; a text where it is none."""
    retry_after: str = ""
    """What the header of that name says."""

    @property
    def good(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300


class Met(StrEnum):
    """What was met instead of an answer."""

    TLS = "tls"
    SILENCE = "silence"
    NOBODY = "nobody"
    NO_JSON = "no_json"
    FOREIGN = "foreign"
    """Another product, or a version that is too old."""
    OTHER = "other"


class NoAnswerError(Exception):
    """There is no answer of the server; `detail` says what the library knows, without secrets."""

    def __init__(self, met: Met, detail: str = "") -> None:
        super().__init__(detail)
        self.met = met
        self.detail = detail


class Client(Protocol):
    """A connection to the nodes of a cluster, which repeats nothing by itself."""

    async def send(
        self, method: str, path: str, *, params: Body | None = None, body: Any = None
    ) -> Answer:
        """Send one question to one of the nodes. Raises NoAnswerError."""
        ...

    async def about(self) -> object:
        """What the server says about itself to GET /, whoever it is; None where it does not."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
