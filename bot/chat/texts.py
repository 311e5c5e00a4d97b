"""Message keys and parameters to sentences, in the room's language and time zone."""

from __future__ import annotations

import copy
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from bot.chat.catalogue import catalogue
from bot.chat.english import TEXTS
from bot.chat.texts_singular import ONE
from bot.core.config.language import Language
from bot.core.value import Text

MANY = 2
"""Stands for a count that is not known."""


class Words(string.Formatter):
    """Says texts: `words(text)`. Parameters are data and are never read as templates.

    Templates may write `{at:time}` and `{at:day}` for ISO moments, `{x:state}`, `{x:past}` and
    `{x:text}` for parameters that name another message, `{x:percent}` for a share, `{x:zone}` for
    the zone that moments are shown in. Whoever `who` is, the surface where they said it (`via`)
    stands beside the name where it is another one.
    """

    def __init__(
        self,
        zone: str = "UTC",
        language: Language = Language.ENGLISH,
        templates: dict[str, str] | None = None,
    ) -> None:
        self._zone = ZoneInfo(zone)
        self._catalogue = catalogue(language)
        self._templates = TEXTS if templates is None else templates
        self._surface = ""

    def on(self, surface: str) -> Self:
        """The same words on a surface: what came from elsewhere is told with where."""
        made = copy.copy(self)
        made._surface = surface  # noqa: SLF001 - a copy of its own
        return made

    def __call__(self, text: Text) -> str:
        """The sentence; a key without a template is shown as it is, never lost."""
        template = self._template(text.key, text.params)
        if template is None:
            params = ", ".join(f"{k}={v}" for k, v in text.params.items())
            return f"{text.key} {params}".strip()
        return " ".join(self.vformat(template, (), self._located(text)).split())

    def _located(self, text: Text) -> _Params:
        params, via = _Params(text.params), text.params.get("via")
        if via and self._surface and via != self._surface:
            here = {"who": text.params.get("who"), "place": via}
            params["who"] = self(Text(key="elsewhere", params=here))
        return params

    def _template(self, key: str, params: Mapping[str, Any]) -> str | None:
        """The template in the room's language, in the form that the counted number wants."""
        english = self._templates.get(key)
        if english is None:
            return None
        one = ONE.get(key)
        if one is None:
            return self._catalogue.pgettext(key, english)
        counted = params.get(one.counted)
        number = counted if isinstance(counted, int) else MANY
        return self._catalogue.npgettext(key, one.template, english, number)

    def _word(self, key: str, otherwise: object) -> str:
        return self._template(key, {}) or str(otherwise)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Word one parameter as the template asks."""
        match format_spec:
            case "time":
                return self._moment(value, "%H:%M:%S")
            case "day":
                return self._moment(value, "%Y-%m-%d %H:%M")
            case "percent":
                return f"{float(value) * 100:.1f} %"
            case "state" | "past" | "via":
                return self._word(f"{format_spec}.{value}", value)
            case "text":
                return self._word(str(value), value)
        return str(value)

    def _moment(self, value: object, pattern: str) -> str:
        if not value:
            return "\N{EN DASH}"
        return datetime.fromisoformat(str(value)).astimezone(self._zone).strftime(pattern)


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
