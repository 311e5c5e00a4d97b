"""Slack's signature: the documented example, and every byte of it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.slack.signature import is_signed, sign

# From https://docs.slack.dev/authentication/verifying-requests-from-slack/
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
MOMENT = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibI"
    b"GlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
THEN = datetime.fromtimestamp(int(MOMENT), UTC)


def test_the_documented_example_is_signed() -> None:
    """Slack's own example fits, up to five minutes off in both directions."""
    assert sign(SECRET, MOMENT, BODY) == SIGNATURE
    for offset in (-300, 0, 300):
        now = THEN + timedelta(seconds=offset)
        assert is_signed(SECRET, MOMENT, SIGNATURE, body=BODY, now=now)


@pytest.mark.scenario(28)
def test_five_minutes_and_a_second_are_too_much() -> None:
    """Neither from the past nor from the future."""
    for offset in (-301, 301):
        now = THEN + timedelta(seconds=offset)
        assert not is_signed(SECRET, MOMENT, SIGNATURE, body=BODY, now=now)


def test_a_secret_that_is_not_set_signs_nothing() -> None:
    """Without a secret everything is refused."""
    assert not is_signed("", MOMENT, sign("", MOMENT, BODY), body=BODY, now=THEN)


@given(place=st.integers(0, len(BODY) - 1), flipped=st.integers(1, 255))
def test_every_byte_counts(place: int, flipped: int) -> None:
    """One altered byte, and it is not signed."""
    altered = BODY[:place] + bytes([BODY[place] ^ flipped]) + BODY[place + 1 :]

    assert not is_signed(SECRET, MOMENT, SIGNATURE, body=altered, now=THEN)


@given(moment=st.text(), signature=st.text(), body=st.binary())
def test_nonsense_never_raises(moment: str, signature: str, body: bytes) -> None:
    """Whatever stands in the headers, the answer is no."""
    assert not is_signed(SECRET, moment, signature, body=body, now=THEN)
