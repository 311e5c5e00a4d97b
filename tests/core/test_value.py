"""Durations are read back as they were written, however long or short."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.value import Duration, Value, exactly, storable


class Holder(Value):
    """A value with a duration."""

    span: Duration


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3650)))
def test_a_stored_duration_is_the_same_again(span: timedelta) -> None:
    """Nothing is rounded away, and no sign of an exponent is written."""
    body = Holder(span=span).model_dump_json()

    assert Holder.model_validate_json(body).span == span


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(seconds=90), "90"),
        (timedelta(milliseconds=10), "0.01"),
        (timedelta(days=90), "7776000"),
        (timedelta(0), "0"),
    ],
)
def test_a_duration_is_written_shortly(span: timedelta, written: str) -> None:
    """Without zeros that say nothing: what was stored before is written as it was."""
    assert exactly(span) == written


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("\ud83d half, \udc00 half", "\ufffd half, \ufffd half"),
        ("a\x00b", "a\ufffdb"),
        ("\U0001f680 \u0e01 \n", "\U0001f680 \u0e01 \n"),
        (1, 1),
        (None, None),
    ],
)
def test_what_no_store_can_keep_is_replaced(given_: object, kept: object) -> None:
    """Whole characters stay as they are, and so does what is no text."""
    assert storable(given_) == kept
