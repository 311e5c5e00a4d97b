"""Whether the indices are there and map the fields in a way that can be counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adapters.logs.search.query import Body
from bot.core.config.log_store import DocumentFields
from bot.core.counts import LogStoreError

_DATES = frozenset({"date", "date_nanos"})
_NUMBERS = frozenset(
    {
        *("byte", "short", "integer", "long", "unsigned_long"),
        *("half_float", "float", "double", "scaled_float"),
    }
)
_UNMAPPED = "unmapped"
_MEANS_OTHERS = frozenset("*:<")
"""In a pattern, a remote cluster's name, and a name with a date."""
_LONGEST_LIST = 3000
"""Characters; a server takes an address of 4,096 bytes by default."""


@dataclass(frozen=True)
class Mapping:
    """What the indices say about the fields."""

    fields: DocumentFields
    """As configured, without the optional ones that no index maps."""
    nanos: bool
    """Whether some index keeps times to the nanosecond."""
    lacking: dict[str, tuple[str, ...]]
    """field -> the indices that do not map it, where only some do."""


def check_names(resolved: Body, pattern: str) -> None:
    """Raise LogStoreError for a name in the pattern that is none of an index, and would be skipped.

    Only Elasticsearch says so by itself. Who writes a pattern with `*` wants what there is.
    """
    known = {one["name"] for part in resolved.values() for one in part}
    for name in pattern.split(","):
        if name not in known and not name.startswith("-") and not _MEANS_OTHERS & set(name):
            raise LogStoreError(
                f"index {name} does not exist: check `index`, and that logs are shipped"
            )


def behind(resolved: Body) -> tuple[str, ...]:
    """The indices behind aliases and data streams, of which the answer does not say more."""
    found = [
        *(name for one in resolved.get("aliases", ()) for name in one.get("indices", ())),
        *(name for one in resolved.get("data_streams", ()) for name in one["backing_indices"]),
    ]
    known = {one["name"] for one in resolved.get("indices", ())}
    return tuple(sorted({*found} - known))


def batches(names: Iterable[str]) -> Iterator[str]:
    """The names with commas, as many together as fit into the address of a question."""
    batch = ""
    for name in names:
        longer = f"{batch},{name}" if batch else name
        if len(longer) > _LONGEST_LIST:
            yield batch
            longer = name
        batch = longer
    if batch:
        yield batch


def closed_indices(indices: Iterable[Body], pattern: str) -> tuple[str, ...]:
    """The closed indices that a pattern fits. Raises LogStoreError when it fits no open one."""
    states = {one["name"]: "closed" in one.get("attributes", ()) for one in indices}
    closed = tuple(name for name, is_closed in states.items() if is_closed)
    if len(closed) < len(states):
        return closed
    if closed:
        raise LogStoreError(f"index {', '.join(closed[:3])} is closed: open it")
    raise LogStoreError(f"no index fits {pattern}: check `index`, and that logs are shipped")


def wanted(fields: DocumentFields, filters: Iterable[str]) -> list[str]:
    """The fields to ask for, and beside text fields the usual keyword field."""
    keywords = [*_keywords(fields), *filters]
    names = [fields.time, *keywords, fields.message, fields.ingested, fields.exposure]
    return [*dict.fromkeys(n for n in names if n), *(f"{name}.keyword" for name in keywords)]


def read(caps: Body, fields: DocumentFields, filters: Iterable[str]) -> Mapping:
    """Understand the answer to a question for field capabilities.

    Raises LogStoreError for a field that cannot be counted by, saying what to write instead, and
    where some index does not say how it maps them.
    """
    if caps.get("failed_indices"):
        raise LogStoreError(f"{caps['failed_indices']} indices do not say how they map the fields")
    known: dict[str, Body] = caps.get("fields", {})
    _check_date(known, fields.time, "time")
    for name in (*_keywords(fields), *filters):
        _check_keyword(known, name)
    if fields.exposure:
        _check_number(known, fields.exposure)
    ingested = fields.ingested if _types(known, fields.ingested) else ""
    if ingested:
        _check_date(known, ingested, "ingested")
    message = fields.message if _types(known, fields.message) else ""
    everywhere = tuple(caps.get("indices", ()))
    must = (fields.time, *_keywords(fields))
    return Mapping(
        fields=fields.model_copy(update={"ingested": ingested, "message": message}),
        nanos="date_nanos" in _types(known, fields.time),
        lacking={
            name: tuple(known[name][_UNMAPPED].get("indices", everywhere))
            for name in must
            if _UNMAPPED in known[name]
        },
    )


def _keywords(fields: DocumentFields) -> Iterator[str]:
    yield fields.level
    yield from fields.error_type
    if fields.host:
        yield fields.host
    if fields.group:
        yield fields.group


def _types(known: dict[str, Body], name: str) -> frozenset[str]:
    return frozenset(known.get(name, {})) - {_UNMAPPED}


def _check_date(known: dict[str, Body], name: str, role: str) -> None:
    found = _types(known, name)
    if not found:
        raise LogStoreError(f"no index maps the field {name}: check `fields.{role}`")
    if found - _DATES:
        other = ", ".join(sorted(found - _DATES))
        raise LogStoreError(f"the field {name} is {other}, not a date: check `fields.{role}`")


def _check_number(known: dict[str, Body], name: str) -> None:
    found = _types(known, name)
    if not found:
        raise LogStoreError(f"no index maps the field {name}: check `fields.exposure`")
    if found - _NUMBERS:
        other = ", ".join(sorted(found - _NUMBERS))
        raise LogStoreError(f"the field {name} is {other}, not a number: check `fields.exposure`")


def _check_keyword(known: dict[str, Body], name: str) -> None:
    if not _types(known, name):
        raise LogStoreError(
            f"no index maps the field {name}: check its name (or no document ever had it)"
        )
    for kind, capability in known[name].items():
        if kind == _UNMAPPED or (capability.get("aggregatable") and capability.get("searchable")):
            continue
        other = f"{name}.keyword"
        there = f"write {other}" if _types(known, other) else "map it as keyword"
        where = ", ".join(capability.get("indices", ())[:3])
        place = f" in {where}" if where else ""
        raise LogStoreError(f"the field {name} is {kind}{place}, which cannot be counted: {there}")
