"""Errors at any time: which span is meant by a time that somebody types."""

from __future__ import annotations

from bot.core.config import ReleaseFile
from tests.engine.conftest import Make
from tests.support.engines import HOME, MIRROR, Outside, release_file


async def test_a_typed_time_is_one_of_the_room_s_zone(make: Make) -> None:
    """Half past two is another moment in Tokyo than where the file's zone holds."""
    body = release_file().model_dump(mode="json")
    body["rooms"][HOME]["zone"] = "Asia/Tokyo"
    bot = await make(Outside(ReleaseFile.model_validate(body)))

    tokyo = await bot.say("errors since 10:30", room=HOME)
    elsewhere = await bot.say("errors since 10:30", room=MIRROR)

    assert tokyo.card is not None
    assert elsewhere.card is not None
    assert str(tokyo.card.title.params["since"]).startswith("2026-08-06T01:30")
    assert str(elsewhere.card.title.params["since"]).startswith("2026-08-06T10:30")
