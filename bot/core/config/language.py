"""The languages that messages are translated into."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Language(StrEnum):
    """A language, by its IETF tag."""

    ENGLISH = "en"
    JAPANESE = "ja"
    KOREAN = "ko"
    TRADITIONAL_CHINESE = "zh-TW"
    THAI = "th"
