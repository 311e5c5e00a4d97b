"""A button's value is small, exact, and harmless when it is forged or damaged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.button import LONGEST, ButtonValue, read

WORD = st.text(alphabet="abcdef0123456789", min_size=1, max_size=16)
STEP = st.sampled_from(["", "*", "gateway/gate", "chat/restart-canary", "7", "a.b_c/x:y@1+2"])
VALUES = st.builds(
    ButtonValue, release=st.integers(1, 999_999_999), step=STEP, version=WORD, nonce=WORD
)
EXAMPLE = "v1|42|gateway/gate|a1b2c3|deadbeef"


def test_it_is_written_as_documented() -> None:
    """The written form is the one of the specification."""
    value = ButtonValue(release=42, step="gateway/gate", version="a1b2c3", nonce="deadbeef")
    assert value.write() == EXAMPLE


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_what_is_written_is_read(value: ButtonValue) -> None:
    """Reading gives the same value, and every value is short enough for every platform."""
    assert read(value.write()) == value
    assert len(value.write().encode()) <= LONGEST


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=120)
    | st.text(alphabet="v12|/*a \n", max_size=30)
)
def test_any_text_is_read_without_raising(text: str) -> None:
    """Nothing raises, and what is accepted is exactly what would be written."""
    value = read(text)
    assert value is None or value.write() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v2|42|gateway/gate|a1b2c3|deadbeef",
        "v1|042|gateway/gate|a1b2c3|deadbeef",
        "v1|0|gateway/gate|a1b2c3|deadbeef",
        "v1|-1|gateway/gate|a1b2c3|deadbeef",
        "v1|9999999999|gateway/gate|a1b2c3|deadbeef",
        "v1|\u0664\u0662|gateway/gate|a1b2c3|deadbeef",
        "v1|42|/etc|a1b2c3|deadbeef",
        "v1|42|gateway/gate||deadbeef",
        "v1|42|gateway/gate|a1b2c3|",
        EXAMPLE + "\n",
        EXAMPLE + "|more",
        " " + EXAMPLE,
        "v1|42|" + "x" * 90 + "|a|b",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """A damaged or forged value is nothing, never half a value."""
    assert read(EXAMPLE) is not None
    assert read(text) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"release": 0},
        {"step": "a|b"},
        {"step": "x" * 90},
        {"version": ""},
        {"version": "a b"},
        {"nonce": "n\n"},
    ],
)
def test_no_value_is_made_that_could_not_be_read(wrong: dict[str, object]) -> None:
    """What would not fit or not be read again is refused when it is made."""
    right = {"release": 42, "step": "gateway/gate", "version": "a1", "nonce": "b2"}
    with pytest.raises(ValidationError):
        ButtonValue.model_validate(right | wrong)
