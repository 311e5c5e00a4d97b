"""Says in a sentence what went wrong between the bot and Elasticsearch, and what to do about it."""

from __future__ import annotations

from typing import Any

import elasticsearch
from elasticsearch import (
    ApiError,
    ConnectionTimeout,
    SerializationError,
    SSLError,
    UnsupportedProductError,
)

REPEATED = frozenset({429, 502, 503, 504})
"""Answers that may be different a moment later."""

_LONGEST = 300


def may_pass(error: Exception) -> bool:
    """Whether it is worth to ask again."""
    if isinstance(error, ApiError):
        return error.meta.status in REPEATED
    return isinstance(error, elasticsearch.ConnectionError) and not isinstance(error, SSLError)


def says_foreign(error: Exception) -> bool:
    """Whether the answer is that of another product or of an old version."""
    if isinstance(error, UnsupportedProductError):
        return True
    return (
        isinstance(error, ApiError)
        and error.meta.status in {400, 406, 415}
        and any(word in str(error.body).lower() for word in ("media-type", "content-type header"))
    )


def foreign(about: object) -> str:
    """What a server is that is no Elasticsearch 8 or 9, from its answer to GET /."""
    version = about.get("version") if isinstance(about, dict) else None
    if not isinstance(version, dict):
        return (
            "the address answers, but not as Elasticsearch 8 or 9: a proxy, a login page or "
            "another server; check `addresses`"
        )
    number = str(version.get("number", "?"))[:20]
    if version.get("distribution") == "opensearch":
        return f"the server is OpenSearch {number}, not Elasticsearch; use its own log store"
    return f"the server is Elasticsearch {number}; 8 and 9 can be read"


def sentence(error: Exception, *, index: str) -> str:
    """Say what went wrong; never holds credentials, which no answer repeats."""
    if isinstance(error, ApiError):
        return _refusal(error, index)
    if isinstance(error, SSLError):
        return f"TLS failed: {_short(error)}; check `addresses` and `ca_file`"
    if isinstance(error, ConnectionTimeout):
        return "Elasticsearch did not answer in time"
    if isinstance(error, elasticsearch.ConnectionError):
        return f"Elasticsearch cannot be reached: {_short(error)}"
    if isinstance(error, SerializationError):
        return "the answer is no JSON: a proxy or a login page instead of Elasticsearch?"
    return f"{type(error).__name__}: {_short(error)}"


_LOST = "a part of {index} does not answer: no node has it ({status} {kind}: {reason})"
_REFUSALS = {
    "401": "Elasticsearch refuses the credentials (401): check the variables that hold them",
    "403": (
        "the credentials may not read {index} (403): they need the privileges read and "
        "view_index_metadata on it"
    ),
    "index_not_found_exception": (
        "index {index} does not exist: check `index`, and that logs are shipped"
    ),
    "index_closed_exception": "an index of {index} is closed: open it",
    "circuit_breaking_exception": (
        "Elasticsearch protects its memory and refuses the search (circuit breaker): give it "
        "heap, or make the baseline shorter"
    ),
    "too_many_buckets_exception": "Elasticsearch allows too few buckets: raise search.max_buckets",
    "node_not_connected_exception": _LOST,
    "no_shard_available_action_exception": _LOST,
    "search_phase_execution_exception": _LOST,
    "429": "Elasticsearch has too much to do (429): {reason}",
    "": "the answer is no answer of Elasticsearch (HTTP {status}): a proxy between?",
}
"""Kind of an error or status of an answer -> what is said of it."""


def _refusal(error: ApiError, index: str) -> str:
    status, kind, reason = str(error.meta.status), *_cause(error.body)
    # A refusal of the credentials is one whoever says it, also a proxy.
    first = (status, kind) if status in {"401", "403"} else (kind, status)
    for word in first:
        if word in _REFUSALS:
            return _REFUSALS[word].format(index=index, kind=kind, reason=reason, status=status)
    return f"Elasticsearch answered {status} {kind}: {reason}"[:_LONGEST]


def _cause(body: Any) -> tuple[str, str]:
    """The kind and the reason of the deepest cause that an answer names."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    for inner in (*error.get("root_cause", ()), error.get("caused_by")):
        if isinstance(inner, dict) and inner.get("type"):
            error = inner
            break
    return str(error.get("type", "")), str(error.get("reason") or "")[:_LONGEST]


def _short(error: Exception) -> str:
    return str(error.message if hasattr(error, "message") else error)[:_LONGEST]
