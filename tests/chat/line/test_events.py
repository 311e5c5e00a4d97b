"""Events as LINE writes them: who, where, what, and whether the bot was meant."""

from __future__ import annotations

import pytest

from bot.chat.line.events import Kind, read, signed, split
from tests.support.line_bots import GROUP, MIKA
from tests.support.line_stub import LineStub, sign


def test_a_signature_is_over_the_very_bytes() -> None:
    """Of the secret that both sides know."""
    body = '{"events":[]} é'.encode()

    assert signed("channel-secret-0123456789", body, sign(body))
    assert not signed("channel-secret-0123456789", body + b"\n", sign(body))
    assert not signed("other", body, sign(body))


def test_the_mention_of_the_bot_is_cut_out_in_utf16_units() -> None:
    """An emoji counts as two; mentions of others stay where they are."""
    text = "\N{GRINNING FACE} @bot @ren status"
    mentionees = [
        {"index": 3, "length": 4, "type": "user", "isSelf": True},
        {"index": 8, "length": 4, "type": "user", "userId": MIKA, "isSelf": False},
        {"index": 0, "length": 2, "type": "all"},
    ]
    event = LineStub().text(GROUP, MIKA, text, mention={"mentionees": mentionees})
    heard = read(event)

    assert heard is not None
    assert heard.called
    assert heard.text == "\N{GRINNING FACE}  @ren status"


def test_a_group_may_hide_who_it_was() -> None:
    """Without consent there is no user id, and nobody to authorise."""
    heard = read(LineStub().text(GROUP, "", "release status"))

    assert heard is not None
    assert (heard.chat, heard.user, heard.alone, heard.kind) == (GROUP, "", False, Kind.TEXT)


def test_a_chat_with_one_person_is_named_by_that_person() -> None:
    """Nobody else hears it."""
    heard = read(LineStub().text(MIKA, MIKA, "status"))

    assert heard is not None
    assert (heard.chat, heard.user, heard.alone) == (MIKA, MIKA, True)


def test_a_picked_moment_comes_with_its_button() -> None:
    """As LINE writes it: without a zone."""
    heard = read(LineStub().tap(GROUP, MIKA, "t|errors||", datetime="2026-08-06T10:00"))

    assert heard is not None
    assert (heard.kind, heard.data, heard.picked) == (Kind.TAP, "t|errors||", "2026-08-06T10:00")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"1", b'{"events":{}}', b'{"events":[null]}'])
def test_a_body_without_events_is_none(body: bytes) -> None:
    """It is kept by whoever asked."""
    with pytest.raises(ValueError, match="no list of events"):
        split(body)
