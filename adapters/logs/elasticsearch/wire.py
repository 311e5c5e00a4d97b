"""The connection to Elasticsearch: asks, repeats what may pass, and says what went wrong."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    ElasticsearchWarning,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.serializer import OrjsonSerializer

from adapters.logs.elasticsearch import trouble
from adapters.logs.elasticsearch.proof import prove
from adapters.logs.elasticsearch.query import Body
from bot.core.config.log_store import ElasticsearchLogStore
from bot.core.counts import LogStoreError

PAUSES = (0.2, 0.6, 1.8)
"""Seconds before each repetition of a question that may be answered a moment later."""

_LONGEST_PAUSE = 5.0
_GRACE = 5.0
_JSON = {"accept": "application/json", "content-type": "application/json"}


@dataclass(frozen=True)
class Credentials:
    """The secrets that the configuration names; empty ones are not sent."""

    api_key: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


class Wire:
    """Speaks to the nodes. `base` is the folder of a relative `ca_file`; `redact` hides secrets."""

    def __init__(
        self,
        config: ElasticsearchLogStore,
        credentials: Credentials,
        *,
        base: Path,
        redact: Callable[[str], str] = str,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        """Opens no connection. Raises UnusableError with the key that cannot be used."""
        prove(config, base)
        self._redact = redact
        self._pauses = pauses
        self.last_trouble = ""
        """What the last question that was repeated met, for whoever runs out of time."""
        self._client = _client(config, credentials, base)

    async def ask(
        self, method: str, path: str, *, index: str, params: Body | None = None, body: Any = None
    ) -> Body:
        """Ask and return the JSON object of the answer. Raises LogStoreError with the reason."""
        for pause in (*self._pauses, None):
            try:
                with warnings.catch_warnings():
                    # A deprecation does not make a count wrong.
                    warnings.simplefilter("ignore", ElasticsearchWarning)
                    answer = await self._client.perform_request(
                        method, path, params=params, headers=_JSON, body=body
                    )
            except (ApiError, TransportError, UnsupportedProductError) as error:
                self.last_trouble = await self._explain(error, index)
                if pause is None or not trouble.may_pass(error):
                    raise LogStoreError(self.last_trouble) from None
                await asyncio.sleep(_pause(error, pause))
            else:
                return _object(answer.body)
        raise AssertionError("the last round returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _explain(self, error: Exception, index: str) -> str:
        if trouble.says_foreign(error):
            return trouble.foreign(await self._about())
        return self._redact(trouble.sentence(error, index=index))

    async def _about(self) -> object:
        """What the server says about itself to somebody who expects nothing of it."""
        try:
            answer = await self._client.perform_request("GET", "/", headers={"accept": "*/*"})
        except UnsupportedProductError as error:
            return error.body
        except (ApiError, TransportError):
            return None
        return answer.body


def _client(
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


def _pause(error: Exception, pause: float) -> float:
    """How long to wait: as the server asks, within reason, or as planned."""
    asked = (isinstance(error, ApiError) and error.meta.headers.get("retry-after")) or ""
    return min(max(float(asked), pause), _LONGEST_PAUSE) if asked.isdigit() else pause


def _object(body: Any) -> Body:
    if not isinstance(body, dict):
        raise LogStoreError("the answer is no JSON: a proxy or a login page?")
    return body
