"""The hash chain finds the first row that is not as it was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.journal import (
    FIRST_PREVIOUS,
    JournalRow,
    from_micros,
    micros,
    row_hash,
    sealed,
    verify,
)

_AT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
_CHANGES: dict[str, Any] = {
    "release_id": 8,
    "seq": 77,
    "at": _AT + timedelta(microseconds=1),
    "actor": "mallory",
    "code": "approved",
    "body": '{"by": "nobody"}',
    "body_version": 2,
    "prev_hash": "0" * 64,
    "hash": "f" * 64,
}


def chain(length: int) -> list[JournalRow]:
    """Rows as the store writes them."""
    rows: list[JournalRow] = []
    for seq in range(1, length + 1):
        row = JournalRow(
            release_id=7,
            seq=seq,
            at=_AT + timedelta(seconds=seq),
            actor="alice",
            code="started",
            body=f'{{"n": {seq}}}',
            body_version=1,
            prev_hash=rows[-1].hash if rows else FIRST_PREVIOUS,
            hash="",
        )
        rows.append(sealed(row))
    return rows


def test_an_untouched_chain_holds() -> None:
    """No row, one row and many rows verify."""
    assert [verify(chain(length)) for length in (0, 1, 20)] == [None, None, None]


@given(st.integers(1, 9), st.sampled_from(sorted(_CHANGES)))
def test_any_changed_field_is_found_at_its_row(place: int, field: str) -> None:
    """Whichever field of whichever row is changed, that row's seq is named."""
    rows = chain(9)
    rows[place - 1] = replace(rows[place - 1], **{field: _CHANGES[field]})

    assert verify(rows) == place


def test_a_resealed_row_is_found_by_the_next_one() -> None:
    """Who changes a row and seals it again breaks the row behind it."""
    rows = chain(5)
    rows[2] = sealed(replace(rows[2], actor="mallory"))

    assert verify(rows) == 4


@pytest.mark.parametrize(
    ("order", "first_bad"), [((1, 3, 4), 2), ((2, 3), 1), ((1, 3, 2, 4), 2), ((1, 1, 2), 2)]
)
def test_missing_moved_and_repeated_rows_are_found(order: tuple[int, ...], first_bad: int) -> None:
    """A gap, a missing start, an exchange and a repeat are named at their places."""
    rows = chain(4)

    assert verify([rows[seq - 1] for seq in order]) == first_bad


def test_the_hash_does_not_depend_on_the_zone() -> None:
    """The same moment in another zone is the same row."""
    row = chain(1)[0]
    moved = replace(row, at=row.at.astimezone(datetime.now().astimezone().tzinfo))

    assert row_hash(moved) == row.hash


def test_the_hash_is_what_released_versions_wrote() -> None:
    """The canonical form never changes: stored journals must verify for ever."""
    row = replace(chain(1)[0], actor="Zoë", body='{"n": 1}')

    assert row_hash(row) == "2d9f2566bcb35aa4b6d45fba5428c8d0ea74f4d04a54acbad10a3ea81bec787e"


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds the zone
def test_microseconds_keep_the_moment(moment: datetime) -> None:
    """A moment survives being stored to the microsecond."""
    assert from_micros(micros(moment)) == moment


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive time cannot be stored by mistake."""
    with pytest.raises(TypeError):
        micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the very thing that is refused
