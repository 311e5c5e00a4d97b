"""The language and the zone of a room, and of a person alone."""

from __future__ import annotations

import pytest

from bot.core.config import Language, ReleaseFile
from bot.core.spoken import spoken


@pytest.mark.parametrize(
    ("room", "zone", "language"),
    [
        ("tokyo", "Asia/Tokyo", Language.JAPANESE),
        ("home", "Asia/Taipei", Language.ENGLISH),
        ("@som", "Asia/Taipei", Language.THAI),
        ("@tokyo", "Asia/Taipei", Language.ENGLISH),
        ("@", "Asia/Taipei", Language.ENGLISH),
        ("gone", "Asia/Taipei", Language.ENGLISH),
    ],
)
def test_each_room_has_its_own(room: str, zone: str, language: Language) -> None:
    """What a room or a person leaves open is the file's zone, and English."""
    file = ReleaseFile.model_validate(
        {
            "zone": "Asia/Taipei",
            "people": {"som": {"name": "Som", "language": "th"}},
            "rooms": {
                "tokyo": {"kind": "web", "language": "ja", "zone": "Asia/Tokyo"},
                "home": {"kind": "web"},
            },
            "targets": {"shop": {"rooms": ["home"], "components": {"cart": {}}}},
        }
    )

    assert spoken(file, room) == (zone, language)
