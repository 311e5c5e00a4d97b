"""Which indices and fields can be counted, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.logs.search import mapping
from bot.core.config import DocumentFields
from bot.core.counts import LogStoreError

FIELDS = DocumentFields()


def kind(name: str, *, indices: list[str] | None = None, counts: bool = True) -> dict[str, Any]:
    """What field capabilities say about a field of one kind."""
    about: dict[str, Any] = {"type": name, "aggregatable": counts, "searchable": counts}
    return {name: about | ({"indices": indices} if indices else {})}


def caps(**more: dict[str, Any]) -> dict[str, Any]:
    """All fields mapped well, but for `more`; `__` stands for a dot."""
    known = {
        "@timestamp": kind("date"),
        "log.level": kind("keyword"),
        "error.type": kind("keyword"),
        "host.name": kind("keyword"),
        "message": kind("match_only_text", counts=False),
    }
    changed = {name.replace("__", "."): value for name, value in more.items()}
    return {"indices": ["a", "b"], "fields": known | changed}


def test_optional_fields_that_no_index_maps_are_left_out() -> None:
    """Nobody then says how late documents are, and nothing fails."""
    read = mapping.read(caps(), FIELDS, ())
    assert (read.fields.ingested, read.fields.message) == ("", "message")
    assert (read.nanos, read.lacking) == (False, {})


def test_a_field_that_one_index_lacks_is_remembered() -> None:
    """Whether that matters is for the documents of that index to say."""
    some = kind("keyword", indices=["a"]) | kind("unmapped", indices=["b"], counts=False)
    assert mapping.read(caps(error__type=some), FIELDS, ()).lacking == {"error.type": ("b",)}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"error__type": kind("text", counts=False)}, "error.type is text, .*: map it as keyword"),
        ({"error__type": kind("keyword", counts=False)}, "which cannot be counted"),
        ({"log__level": {}}, "no index maps the field log.level"),
        ({"event__ingested": kind("keyword")}, "check `fields.ingested`"),
    ],
)
def test_what_cannot_be_counted_by_is_refused(changed: dict[str, Any], said: str) -> None:
    """With the field, and what to do."""
    with pytest.raises(LogStoreError, match=said):
        mapping.read(caps(**changed), FIELDS, ())


def test_an_index_that_does_not_say_its_fields_is_no_index_without_them() -> None:
    """Nobody knows whether its documents could be counted."""
    with pytest.raises(LogStoreError, match="2 indices do not say"):
        mapping.read({**caps(), "failed_indices": 2}, FIELDS, ())


def test_a_filter_is_checked_like_a_field() -> None:
    """A filter on a field that no index maps would fit nothing."""
    with pytest.raises(LogStoreError, match=r"no index maps the field service\.name"):
        mapping.read(caps(), FIELDS, ("service.name",))


def test_the_indices_behind_data_streams_and_aliases_are_asked_for() -> None:
    """What the answer does not say of them is asked for; what it does say is not."""
    resolved = {
        "indices": [{"name": "logs-a"}],
        "aliases": [{"name": "logs", "indices": ["logs-a", "logs-b"]}],
        "data_streams": [{"name": "logs-x", "backing_indices": [".ds-2", ".ds-1"]}],
    }
    assert mapping.behind(resolved) == (".ds-1", ".ds-2", "logs-b")
    assert mapping.behind({}) == ()


def test_many_names_are_asked_for_in_several_questions() -> None:
    """An address may be 4,096 bytes long."""
    names = [f"logs-{number:0250}" for number in range(30)]
    batches = list(mapping.batches(names))
    assert ",".join(batches) == ",".join(names)
    assert max(map(len, batches)) <= 3000
    assert len(batches) == 3
    assert list(mapping.batches([])) == []


def test_one_open_index_is_enough() -> None:
    """The closed ones are told; when all are, or there is none, nothing can be counted."""
    open_one, closed = (
        {"name": "a", "attributes": ["open"]},
        {"name": "b", "attributes": ["closed"]},
    )
    assert mapping.closed_indices([open_one, closed], "logs") == ("b",)
    with pytest.raises(LogStoreError, match="index b is closed"):
        mapping.closed_indices([closed], "logs")
    with pytest.raises(LogStoreError, match="no index fits logs"):
        mapping.closed_indices([], "logs")


def test_a_name_that_is_none_of_an_index_is_refused() -> None:
    """It would be skipped, and its documents with it; a pattern promises no index."""
    resolved = {
        "indices": [{"name": "logs-a"}],
        "aliases": [{"name": "logs"}],
        "data_streams": [{"name": "logs-x"}],
    }
    mapping.check_names(resolved, "logs-a,logs,logs-x,other-*,-logs-b,far:logs-c,<logs-{now/d}>")
    with pytest.raises(LogStoreError, match="index logs-b does not exist"):
        mapping.check_names(resolved, "logs-a,logs-b")
