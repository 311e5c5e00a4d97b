"""The client of Elasticsearch: sends a question, and says in common words what came of it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import elasticsearch
from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    ConnectionTimeout,
    ElasticsearchWarning,
    SerializationError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.serializer import OrjsonSerializer

from adapters.logs.elasticsearch.proof import prove
from adapters.logs.search import Answer, Credentials, Met, NoAnswerError, Product, Speech
from adapters.logs.search.client import JSON
from adapters.logs.search.query import Body
from bot.core.config.log_store import ElasticsearchLogStore

ELASTICSEARCH = Product(
    name="Elasticsearch",
    distribution="",
    readable="8 and 9",
    rights="the privileges read and view_index_metadata on it",
    speech=Speech(path="/_pit", key="id"),
)

_GRACE = 5.0
_MET: dict[type[TransportError], Met] = {
    SSLError: Met.TLS,
    ConnectionTimeout: Met.SILENCE,
    SerializationError: Met.NO_JSON,
    elasticsearch.ConnectionError: Met.NOBODY,
}
"""The errors of the library, the narrower ones first."""


class ElasticsearchClient:
    """Speaks to the nodes. `base` is the folder of a relative `ca_file`.

    Opens no connection when it is made. Raises UnusableError with the key that cannot be used.
    """

    def __init__(
        self, config: ElasticsearchLogStore, credentials: Credentials, *, base: Path
    ) -> None:
        prove(config, base)
        self._library = _library(config, credentials, base)

    async def send(
        self, method: str, path: str, *, params: Body | None = None, body: Any = None
    ) -> Answer:
        """Send one question to one of the nodes. Raises NoAnswerError."""
        try:
            with warnings.catch_warnings():
                # A deprecation does not make a count wrong.
                warnings.simplefilter("ignore", ElasticsearchWarning)
                answer = await self._library.perform_request(
                    method, path, params=params, headers=JSON, body=body
                )
        except UnsupportedProductError:
            raise NoAnswerError(Met.FOREIGN) from None
        except ApiError as error:
            if _refuses_the_media_type(error):
                raise NoAnswerError(Met.FOREIGN) from None
            retry_after = error.meta.headers.get("retry-after") or ""
            return Answer(error.meta.status, error.body, retry_after)
        except TransportError as error:
            raise _no_answer(error) from None
        return Answer(answer.meta.status, answer.body)

    async def about(self) -> object:
        """What the server says about itself to somebody who expects nothing of it."""
        try:
            answer = await self._library.perform_request("GET", "/", headers={"accept": "*/*"})
        except UnsupportedProductError as error:
            return error.body
        except (ApiError, TransportError):
            return None
        return answer.body

    async def close(self) -> None:
        """Close the connections."""
        await self._library.close()


def _refuses_the_media_type(error: ApiError) -> bool:
    """Whether the answer is that of an old version."""
    words = str(error.body).lower()
    return error.meta.status in {400, 406, 415} and (
        "media-type" in words or "content-type header" in words
    )


def _no_answer(error: TransportError) -> NoAnswerError:
    for kind, met in _MET.items():
        if isinstance(error, kind):
            return NoAnswerError(met, str(error.message))
    return NoAnswerError(Met.OTHER, f"{type(error).__name__}: {error.message}")


def _library(
    config: ElasticsearchLogStore, credentials: Credentials, base: Path
) -> AsyncElasticsearch:
    options: dict[str, Any] = {
        "max_retries": 0,
        # The time limit of a count ends it first, and says so.
        "request_timeout": config.timeout.total_seconds() + _GRACE,
        "http_compress": True,
        # Answers may hold a hundred thousand buckets.
        "serializer": OrjsonSerializer(),
    }
    if config.cloud_id:
        options["cloud_id"] = config.cloud_id
    else:
        options["hosts"] = [_with_port(address) for address in config.addresses]
    if config.ca_file:
        options["ca_certs"] = str(base / config.ca_file)
    if credentials.api_key:
        options["api_key"] = credentials.api_key
    if credentials.bearer:
        options["bearer_auth"] = credentials.bearer
    if config.username:
        options["basic_auth"] = (config.username, credentials.password)
    return AsyncElasticsearch(**options)


def _with_port(address: str) -> str:
    """The client wants a port; without one an address means that of its scheme."""
    scheme, _, rest = address.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    has_port = host.rpartition(":")[2].isdigit() and not host.endswith("]")
    port = "" if has_port else ":443" if scheme == "https" else ":80"
    return f"{scheme}://{host}{port}{slash}{path}"
