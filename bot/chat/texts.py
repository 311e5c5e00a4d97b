"""Message keys and parameters to sentences, in the room's language and time zone."""

from __future__ import annotations

import string
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.chat.english import TEXTS
from bot.core.value import Text


class Words(string.Formatter):
    """Says texts: `words(text)`. Parameters are data and are never read as templates.

    Templates may write `{at:time}` and `{at:day}` for ISO moments, `{x:state}`, `{x:past}` and
    `{x:text}` for parameters that name another message, `{x:percent}` for a share, `{x:zone}` for
    the zone that moments are shown in.
    """

    def __init__(self, zone: str = "UTC", templates: dict[str, str] | None = None) -> None:
        self._zone = ZoneInfo(zone)
        self._templates = TEXTS if templates is None else templates

    def __call__(self, text: Text) -> str:
        """The sentence; a key without a template is shown as it is, never lost."""
        template = self._templates.get(text.key)
        if template is None:
            params = ", ".join(f"{k}={v}" for k, v in text.params.items())
            return f"{text.key} {params}".strip()
        return " ".join(self.vformat(template, (), _Params(text.params)).split())

    def format_field(self, value: Any, format_spec: str) -> str:
        """Word one parameter as the template asks."""
        match format_spec:
            case "time":
                return self._moment(value, "%H:%M:%S")
            case "day":
                return self._moment(value, "%Y-%m-%d %H:%M")
            case "percent":
                return f"{float(value) * 100:.1f} %"
            case "state" | "past":
                return self._templates.get(f"{format_spec}.{value}", str(value))
            case "text":
                return self._templates.get(str(value), str(value))
        return str(value)

    def _moment(self, value: object, pattern: str) -> str:
        if not value:
            return "\N{EN DASH}"
        return datetime.fromisoformat(str(value)).astimezone(self._zone).strftime(pattern)


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
