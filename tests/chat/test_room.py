"""The web room as a Room: one message a key, edited in place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.chat.room import WebRoom
from bot.ports import Room, RoomError
from tests.support.web_backend import MemoryLog, card

_AT = datetime(2026, 11, 23, 14, 35, tzinfo=UTC)


async def test_showing_a_key_again_edits_its_message() -> None:
    """The same key is one message, with or without its reference, and keeps its first time."""
    log = MemoryLog()
    room: Room = WebRoom("main", log, now=lambda: _AT)
    first = await room.show("release:42:board", card("board", "one"), None)
    again = await room.show("release:42:board", card("board", "two"), None)
    third = await room.show("release:42:board", card("board", "three"), first)

    assert first == again == third
    [message] = await log.since("main", 0, 10)
    assert message.edited
    assert message.at == _AT
    assert message.card == card("board", "three")
    await room.close()


async def test_rooms_do_not_mix() -> None:
    """The same key in another room is another message."""
    log = MemoryLog()
    await WebRoom("main", log).show("k", card("notice", "here"), None)
    await WebRoom("ops", log).show("k", card("notice", "there"), None)

    assert [m.card.kind for m in await log.since("main", 0, 10)] == ["notice"]
    [message] = await log.since("ops", 0, 10)
    assert message.at.tzinfo is not None
    assert not message.edited


async def test_a_log_that_cannot_store_is_an_undelivered_card() -> None:
    """The log's RoomError reaches the engine, which tries again."""

    class Full(MemoryLog):
        async def put(self, *args: object) -> str:
            raise RoomError("the disk is full")

    with pytest.raises(RoomError, match="disk"):
        await WebRoom("main", Full()).show("k", card("notice", "x"), None)
