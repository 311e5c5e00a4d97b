"""In which language and time zone the bot speaks in a room, or with a person alone."""

from __future__ import annotations

from typing import NamedTuple

from bot.core.config import Language, ReleaseFile
from bot.core.inbound import DIRECT


class Spoken(NamedTuple):
    """A time zone (IANA name) and a language."""

    zone: str
    language: Language


def spoken(file: ReleaseFile, room: str) -> Spoken:
    """Those of the room with this key, or of the person (`@PERSON`); else the file's, in English.

    Times that are typed there are read in the same zone.
    """
    person = file.people.get(room.removeprefix(DIRECT)) if room.startswith(DIRECT) else None
    config = person or file.rooms.get(room)
    if config is None:
        return Spoken(file.zone, Language.ENGLISH)
    return Spoken(config.zone or file.zone, config.language)
