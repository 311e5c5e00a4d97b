"""What a button carries is written and read in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.line import taps
from tests.support.line_rules import LIMITS


@given(st.text(max_size=320))
def test_foreign_data_is_read_as_nothing_or_as_it_was_written(data: str) -> None:
    """Never raises."""
    tap = taps.read(data)

    assert tap is None or tap.write() == data


def test_data_that_would_not_fit_is_refused() -> None:
    """LINE would refuse the whole message."""
    with pytest.raises(ValueError, match="300"):
        taps.Tap(kind=taps.PRESS, verb="go", value="x" * LIMITS["data"]).write()


def test_data_is_counted_as_line_counts_it() -> None:
    """An emoji is two of its units, so half as many fit."""
    half = "\N{ROCKET}" * (LIMITS["data"] // 2)
    tap = taps.Tap(kind=taps.MORE, verb="say", value=half)

    assert not taps.fits(tap)
    assert taps.fits(tap.model_copy(update={"value": half[:100]}))
    assert taps.read(f"m|say||{half}") is None
