"""Says in a sentence what went wrong between the bot and a server, and what to do about it."""

from __future__ import annotations

from typing import Any

from adapters.logs.search.client import Answer, Met, NoAnswerError
from adapters.logs.search.product import Product

REPEATED = frozenset({429, 502, 503, 504})
"""Answers that may be different a moment later."""

_LONGEST = 300
_PASSING = frozenset({Met.SILENCE, Met.NOBODY})
_NO_ANSWER = {
    Met.TLS: "TLS failed: {detail}; check `addresses` and `ca_file`",
    Met.SILENCE: "{name} did not answer in time",
    Met.NOBODY: "{name} cannot be reached: {detail}",
    Met.NO_JSON: "the answer is no JSON: a proxy or a login page instead of {name}?",
    Met.OTHER: "{detail}",
}
_LOST = "a part of {index} does not answer: no node has it ({status} {kind}: {reason})"
_REFUSALS = {
    "401": "{name} refuses the credentials (401): check the variables that hold them",
    "403": "the credentials may not read {index} (403): they need {rights}",
    "index_not_found_exception": (
        "index {index} does not exist: check `index`, and that logs are shipped"
    ),
    "index_closed_exception": "an index of {index} is closed: open it",
    "cluster_block_exception": "the server lets nobody read {index}: {reason}",
    "circuit_breaking_exception": (
        "{name} protects its memory and refuses the search (circuit breaker): give it heap, or "
        "make the baseline shorter"
    ),
    "too_many_buckets_exception": "{name} allows too few buckets: raise search.max_buckets",
    "node_not_connected_exception": _LOST,
    "no_shard_available_action_exception": _LOST,
    "search_phase_execution_exception": _LOST,
    "429": "{name} has too much to do (429): {reason}",
    "": "the answer is no answer of {name} (HTTP {status}): a proxy between?",
}
"""Kind of an error or status of an answer -> what is said of it."""


def may_pass(met: NoAnswerError | Answer) -> bool:
    """Whether it is worth to ask again."""
    if isinstance(met, Answer):
        return met.status in REPEATED
    return met.met in _PASSING


def no_answer(error: NoAnswerError, product: Product) -> str:
    """Say why there is no answer."""
    words = _NO_ANSWER[error.met]
    return words.format(name=product.name, detail=error.detail[:_LONGEST])


def refusal(answer: Answer, product: Product, index: str) -> str:
    """Say why the server did not do it; never holds credentials, which no answer repeats."""
    kind, reason = _cause(answer.body)
    status = str(answer.status)
    # A refusal of the credentials is one whoever says it, also a proxy.
    by_status = status in {"401", "403"} and kind != "cluster_block_exception"
    first = (status, kind) if by_status else (kind, status)
    for word in first:
        if word in _REFUSALS:
            return _REFUSALS[word].format(
                name=product.name,
                rights=product.rights,
                index=index,
                kind=kind,
                reason=reason,
                status=status,
            )
    return f"{product.name} answered {status} {kind}: {reason}"[:_LONGEST]


def _cause(body: Any) -> tuple[str, str]:
    """The kind and the reason of the deepest cause that an answer names."""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return "error", error[:_LONGEST]
    if not isinstance(error, dict):
        return "", ""
    for inner in (*error.get("root_cause", ()), error.get("caused_by")):
        if isinstance(inner, dict) and inner.get("type"):
            error = inner
            break
    return str(error.get("type", "")), str(error.get("reason") or "")[:_LONGEST]
