"""The client of OpenSearch: sends a question, and says in common words what came of it."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import opensearchpy
import orjson
from aiohttp import ClientSSLError
from opensearchpy import (
    AIOHttpConnection,
    AsyncOpenSearch,
    ConnectionTimeout,
    JSONSerializer,
    OpenSearchException,
    OpenSearchWarning,
    SerializationError,
    SSLError,
    TransportError,
)

from adapters.logs.search import (
    Answer,
    Credentials,
    Met,
    NoAnswerError,
    Product,
    Speech,
    check_certificates,
)
from adapters.logs.search.client import JSON
from adapters.logs.search.query import Body
from bot.core.config.log_store import OpensearchLogStore

OPENSEARCH = Product(
    name="OpenSearch",
    distribution="opensearch",
    readable="2.4 and newer",
    rights="the action group read on it",
    speech=Speech(
        path="/_search/point_in_time",
        key="pit_id",
        params={"allow_partial_pit_creation": "false"},
        several=True,
    ),
)

_GRACE = 5.0
_LONGEST = 300
_EVERY = range(300, 600)
"""What the library would make errors of that keep neither headers nor bodies."""


class OpensearchClient:
    """Speaks to the nodes. `base` is the folder of a relative `ca_file`.

    Opens no connection when it is made. Raises UnusableError with the key that cannot be used.
    """

    def __init__(self, config: OpensearchLogStore, credentials: Credentials, *, base: Path) -> None:
        check_certificates(config, base)
        self._library = _library(config, credentials, base)

    async def send(
        self, method: str, path: str, *, params: Body | None = None, body: Any = None
    ) -> Answer:
        """Send one question to one of the nodes. Raises NoAnswerError."""
        try:
            with warnings.catch_warnings():
                # A deprecation does not make a count wrong.
                warnings.simplefilter("ignore", OpenSearchWarning)
                found = await self._library.transport.perform_request(
                    method, path, params=params, headers=JSON, body=body
                )
        except _RefusalError as refusal:
            if _knows_no_such_question(refusal.answer):
                raise NoAnswerError(Met.FOREIGN) from None
            return refusal.answer
        except OpenSearchException as error:
            raise _no_answer(error) from None
        return Answer(200, found)

    async def about(self) -> object:
        """What the server says about itself to somebody who expects nothing of it."""
        try:
            found: object = await self._library.transport.perform_request("GET", "/")
        except (OpenSearchException, NoAnswerError):
            return None
        return found

    async def close(self) -> None:
        """Close the connections, also those that the library has given up for a while."""
        known: list[Any] = self._library.transport.seed_connections
        for connection in known:
            await connection.close()
        await self._library.close()


class _RefusalError(TransportError):
    """An answer that is none of success, with all that it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, "", None)
        self.answer = answer


class _Connection(AIOHttpConnection):
    """Keeps the headers and the body of a refusal, and knows Elasticsearch by its header."""

    async def perform_request(self, *args: Any, **options: Any) -> Any:
        """Send one question; raises _RefusalError for what is no success."""
        answered = await super().perform_request(*args, **{**options, "ignore": _EVERY})
        status, headers, text = answered
        if headers.get("x-elastic-product"):
            raise NoAnswerError(Met.FOREIGN, _IS_ELASTICSEARCH)
        if not 200 <= status < 300:
            raise _RefusalError(Answer(status, _json(text), headers.get("retry-after", "")))
        return answered


_IS_ELASTICSEARCH = "the server is Elasticsearch, not OpenSearch; use the log store of its kind"


class _OrjsonSerializer(JSONSerializer):
    """Reads answers fast."""

    def loads(self, s: str) -> Any:
        """Read one. Raises SerializationError."""
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError as error:
            raise SerializationError(s[:_LONGEST], error) from None


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _knows_no_such_question(answer: Answer) -> bool:
    """Whether the answer is that of a server without points in time, as we ask for them."""
    said = answer.body.get("error") if isinstance(answer.body, dict) else None
    return answer.status in {400, 405} and isinstance(said, str)


def _no_answer(error: OpenSearchException) -> NoAnswerError:
    if isinstance(error, SerializationError):
        return NoAnswerError(Met.NO_JSON)
    if not isinstance(error, opensearchpy.ConnectionError):
        return NoAnswerError(Met.OTHER, f"{type(error).__name__}: {error}")
    if isinstance(error, SSLError) or isinstance(error.info, ClientSSLError | ssl.SSLError):
        return NoAnswerError(Met.TLS, str(error.error))
    if isinstance(error, ConnectionTimeout):
        return NoAnswerError(Met.SILENCE)
    return NoAnswerError(Met.NOBODY, str(error.error))


def _library(config: OpensearchLogStore, credentials: Credentials, base: Path) -> AsyncOpenSearch:
    options: dict[str, Any] = {
        "connection_class": _Connection,
        "max_retries": 0,
        # The time limit of a count ends it first, and says so.
        "timeout": config.timeout.total_seconds() + _GRACE,
        "http_compress": True,
        # Answers may hold a hundred thousand buckets.
        "serializer": _OrjsonSerializer(),
        "ssl_context": _trust(config, base),
    }
    if credentials.bearer:
        options["headers"] = {"authorization": f"Bearer {credentials.bearer}"}
    if config.username:
        options["http_auth"] = (config.username, credentials.password)
    return AsyncOpenSearch([_host(address) for address in config.addresses], **options)


def _trust(config: OpensearchLogStore, base: Path) -> ssl.SSLContext:
    cafile = str(base / config.ca_file) if config.ca_file else None
    return ssl.create_default_context(cafile=cafile)


def _host(address: str) -> dict[str, Any]:
    """The parts of an address; without a port it is that of the scheme."""
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    return {
        "host": parts.hostname,
        "port": parts.port or (443 if secure else 80),
        "use_ssl": secure,
        "url_prefix": parts.path.strip("/"),
    }
