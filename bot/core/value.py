"""The base of every value of the core: frozen, checked when made, refusing unknown fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Value(BaseModel):
    """A value without identity: equal when its fields are equal, never changed in place."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def storable(given: object) -> object:
    """The text without what JSON can carry and a store cannot keep; anything else as it is.

    Halves of a character (lone surrogates), which are no UTF-8, and NUL, which PostgreSQL refuses,
    become U+FFFD.
    """
    return _NO_TEXT.sub("\ufffd", given) if isinstance(given, str) else given


def duration(text: object) -> timedelta:
    """Read `90s`, `15m`, `2h`, `1d`, `1h30m` or a number of seconds.

    Raises ValueError with what would be right when the text is none of these.
    """
    if isinstance(text, timedelta):
        return text
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return timedelta(seconds=text)
    compact = str(text).replace(" ", "").lower()
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        msg = "write a duration like 90s, 15m, 2h, 10d"
        raise ValueError(msg)
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def spell(span: timedelta) -> str:
    """Write a duration the way people say it: `90s`, `15m`, `2h 5m`, `10d`."""
    seconds = int(span.total_seconds())
    if seconds < 0:
        return "0s"
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:2]) or "0s"


def exactly(span: timedelta) -> str:
    """The seconds of a duration with all their digits, such as `90` or `0.01`."""
    return f"{span.total_seconds():.6f}".rstrip("0").rstrip(".")


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    PlainSerializer(lambda span: f"{exactly(span)}s", return_type=str),
]
"""A length of time, written `15m` in release.yml."""

Moment = AwareDatetime
"""A point in time; always with a zone, kept in UTC."""


def utc(moment: datetime) -> datetime:
    """The same moment in UTC."""
    return moment.astimezone(UTC)


Params = dict[str, str | int | float | bool | None]
"""What a message is about; values are data, never sentences."""


class Text(Value):
    """A sentence to be made by a room's renderer: a message key and its parameters.

    The core never makes sentences; `bot/chat/texts.py` holds one template for every key.
    """

    key: str
    params: Params = {}


def text(key: str, /, **params: str | float | bool | None) -> Text:
    """Name a message and its parameters."""
    return Text(key=key, params=params)
