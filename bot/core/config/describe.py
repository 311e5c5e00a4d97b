"""Says in plain words what may be written for a key: for messages and for the documentation."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.core.value import spell

PATTERNS = {
    r"^/": "a path that begins with /",
    r"^https?://": "an address that begins with http:// or https://",
    r"^$|^https?://": "an address that begins with http:// or https://",
    r"^https?://[^/@\s]+(/[^@\s]*)?$": (
        "an address that begins with http:// or https://, without user and password"
    ),
    r"^[^\s/\\#?&%]+$": "an index or pattern without spaces and without / \\ # ? & %",
    r"^$|^[UW][A-Z0-9]{2,20}$": "a Slack user id (U or W, then capitals and digits)",
    r"^$|^[^@\s]+@[^@\s]+$": "an e-mail address",
    r"^$|^S[A-Z0-9]{2,20}$": "a Slack user group id (S, then capitals and digits)",
    r"^$|^U[0-9a-f]{32}$": "a LINE user id (U, then 32 hexadecimal digits)",
    r"^[CGD][A-Z0-9]{2,20}$": "a Slack channel id (C, G or D, then capitals and digits)",
    r"^[CRU][0-9a-f]{32}$": "a LINE chat id (C, R or U, then 32 hexadecimal digits)",
    r"^$|^[0-9a-f]{64}$": "a SHA-256 in hexadecimal (64 characters of 0-9 and a-f)",
    r"^(sqlite:///|postgresql\+psycopg://)": "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
}
"""What the patterns of text mean; a pattern that is not named here is shown as it is."""


@dataclass(frozen=True)
class Shape:
    """A type and what narrows it, taken apart from `Annotated` and field declarations."""

    annotation: Any
    metadata: tuple[object, ...] = ()

    @classmethod
    def of(cls, declared: Any) -> Shape:
        """Take a field declaration or a type apart."""
        if isinstance(declared, FieldInfo):
            inner = cls.of(declared.annotation)
            return cls(inner.annotation, (*inner.metadata, *declared.metadata))
        if get_origin(declared) is Annotated:
            inner = cls.of(get_args(declared)[0])
            return cls(inner.annotation, (*inner.metadata, *_flat(declared.__metadata__)))
        return cls(declared)

    def limit(self, name: str) -> Any:
        """Return what a constraint such as `ge`, `max_length` or `pattern` allows, or None."""
        found = [
            getattr(item, name) for item in self.metadata if getattr(item, name, None) is not None
        ]
        return found[-1] if found else None

    @property
    def options(self) -> tuple[Shape, ...]:
        """The alternatives of a union without null; the shape itself when it is none."""
        if get_origin(self.annotation) not in (Union, types.UnionType):
            return (self,)
        return tuple(
            Shape.of(option) for option in get_args(self.annotation) if option is not type(None)
        )

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The models that may stand here; several differ by their `kind`."""
        found = [option.annotation for option in self.options]
        return tuple(found) if all(_is_model(item) for item in found) else ()

    @property
    def items(self) -> Shape | None:
        """What a list holds; None when this is no list."""
        origin = get_origin(self.options[0].annotation)
        return (
            Shape.of(get_args(self.options[0].annotation)[0]) if origin in (tuple, list) else None
        )

    @property
    def values(self) -> Shape | None:
        """What a mapping of names holds; None when this is no mapping of names."""
        annotation = self.options[0].annotation
        return Shape.of(get_args(annotation)[1]) if get_origin(annotation) is dict else None

    @property
    def words(self) -> tuple[str, ...]:
        """The only words allowed here; empty when it is no choice of words."""
        if get_origin(self.annotation) is Literal:
            return tuple(str(word) for word in get_args(self.annotation))
        if isinstance(self.annotation, type) and issubclass(self.annotation, Enum):
            return tuple(str(member.value) for member in self.annotation)
        return ()


def kind_of(model: type[BaseModel]) -> str:
    """Return the word that `kind` must be for this model; empty when it has none."""
    field = model.model_fields.get("kind")
    return "".join(Shape.of(field).words[:1]) if field else ""


def describe(shape: Shape) -> str:
    """Say what may be written: `a whole number from 1 to 50`, `one of observe, ask, roll_back`."""
    if type(None) in get_args(shape.annotation):
        return f"{describe(shape.options[0])}, or null"
    if shape.models:
        return _describe_models(shape.models)
    items = shape.items
    if items is not None:
        return f"a list{_amount(shape)} (each: {describe(items)})"
    values = shape.values
    if values is not None:
        return f"a mapping of{_amount(shape)[3:]} names (each: {describe(values)})"
    if shape.words:
        return f"one of {', '.join(shape.words)}" if len(shape.words) > 1 else shape.words[0]
    return _describe_scalar(shape)


def _describe_models(models: tuple[type[BaseModel], ...]) -> str:
    if len(models) > 1:
        return f"a mapping with kind: one of {', '.join(kind_of(model) for model in models)}"
    required = [name for name, field in models[0].model_fields.items() if field.is_required()]
    return f"a mapping with {', '.join(required)}" if required else "a mapping"


def _describe_scalar(shape: Shape) -> str:
    pattern = shape.limit("pattern")
    if shape.annotation is str and pattern:
        return PATTERNS.get(pattern, f"text of the form {pattern}")
    words = {
        bool: "true or false",
        int: f"a whole number{_range(shape)}",
        float: f"a number{_range(shape)}",
        timedelta: f"a duration like 90s, 15m, 2h, 10d{_range(shape)}",
        SecretStr: f"a secret text{_amount(shape, 'characters')}",
        Path: "a path",
        str: f"text{_amount(shape, 'characters')}",
    }
    return words.get(shape.annotation, "anything")


def _range(shape: Shape) -> str:
    bounds = {name: shape.limit(name) for name in ("ge", "gt", "le", "lt")}
    low, above, high, below = (_number(bounds[name]) for name in ("ge", "gt", "le", "lt"))
    parts = (
        f"from {low}" if low else "",
        f"more than {above}" if above else "",
        f"to {high}" if high and low else f"at most {high}" if high else "",
        f"less than {below}" if below else "",
    )
    joined = " and ".join(part for part in parts if part).replace(" and to ", " to ")
    comma = "," if shape.annotation is timedelta and joined else ""
    return f"{comma} {joined}" if joined else ""


def _number(value: object) -> str:
    if value is None:
        return ""
    return spell(value) if isinstance(value, timedelta) else f"{value:.12g}"


def _amount(shape: Shape, things: str = "") -> str:
    low, high = shape.limit("min_length"), shape.limit("max_length")
    unit = "character" if things and (high or low) == 1 else things
    tail = f" {unit}" if unit else ""
    if low and high:
        return f" of {low} to {high}{tail}"
    if low:
        return f" of at least {low}{tail}"
    return f" of at most {high}{tail}" if high else ""


def _flat(metadata: Iterable[object]) -> Iterable[object]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
