"""Turns what pydantic found into problems that say the place, the value and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.config.describe import Shape, describe, kind_of
from bot.core.config.problem import Loc, Problem, meant, place, show, suggestion
from bot.core.value import duration

Model = TypeVar("Model", bound=BaseModel)

_EMPTY: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True)
class _Spot:
    """A place in the file: the way to it, what belongs there, and which keys are known there."""

    loc: Loc
    shape: Shape
    siblings: tuple[str, ...] = ()
    """The keys that are known where this key stands."""
    is_field: bool = False
    """Whether this is a key of a model, not a name or an index."""


def validate(model: type[Model], raw: object) -> tuple[Model | None, list[Problem]]:
    """Make a value of the model, or say everything that is wrong with `raw`. Never raises."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        found = [_explain(item, model, raw) for item in error.errors(include_url=False)]
        unique = {str(problem): problem for problem in found if problem is not None}
        return None, list(unique.values())
    except OverflowError:
        problems = [
            Problem(path=place(loc), value=show(leaf, loc), right="is too large; write it smaller")
            for loc, leaf in _leaves(raw, ())
            if _overflows(leaf)
        ]
        return None, problems or [Problem(path="", right="holds a number that is too large")]


def mend(model: type[Model], raw: object) -> Model | None:
    """Make a value of what is right in `raw`, to check that too; None when too much is wrong.

    Wrong keys are left out; the entries of a mapping of names are all kept.
    """
    mended = deepcopy(raw)
    try:
        model.model_validate(mended)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            _leave_out(mended, model, item["loc"])
    except OverflowError:
        return None
    try:
        return model.model_validate(mended)
    except ValidationError:
        return None


def _leave_out(raw: object, model: type[BaseModel], loc: Loc) -> None:
    spots = [_find(model, loc[: end + 1]) for end in range(len(loc))]
    fields = [spot for spot in spots if spot.is_field]
    if not fields or (fields[-1].shape.values or fields[-1].shape).models:
        return  # Others may name its entries; what is wrong stays, and nothing is mended.
    holder = _at(raw, fields[-1].loc[:-1])
    if isinstance(holder, dict):
        holder.pop(fields[-1].loc[-1], None)


def _explain(item: Any, model: type[BaseModel], raw: object) -> Problem | None:
    spot = _find(model, item["loc"])
    code = item["type"]
    if code in ("union_tag_invalid", "union_tag_not_found"):
        return _explain_kind(spot, raw)
    written = _at(raw, spot.loc)
    if code == "too_short" and not _is_too_short(written, spot.shape):
        return None  # An item is wrong, which is said on its own.
    advice = f"write {describe(spot.shape)}"
    value = ""
    if code == "extra_forbidden":
        right = f"is no known key{suggestion(str(spot.loc[-1]), spot.siblings)}"
    elif code == "missing":
        right = f"is missing; {advice}"
    elif code == "value_error" and spot.shape.annotation is not timedelta:
        # A check of the model's own: its words name the keys that do not fit each other.
        right = str(item["ctx"]["error"])
    elif any(written is empty or (empty is not None and written == empty) for empty in _EMPTY):
        right = f"is empty; {advice}"
    else:
        value = show(written, spot.loc)
        right = f"is wrong; {advice}"
        if code == "string_type" and isinstance(written, (bool, int, float)):
            right += ", in quotes"
        elif isinstance(written, str) and spot.shape.words:
            right += _hint(written, spot.shape.words)
    return Problem(path=place(spot.loc), value=value, right=right)


def _explain_kind(spot: _Spot, raw: object) -> Problem:
    kinds = tuple(kind_of(model) for model in spot.shape.models)
    right = f"write one of {', '.join(kinds)}"
    written = _at(raw, spot.loc)
    kind = written.get("kind") if isinstance(written, dict) else None
    path = place((*spot.loc, "kind"))
    if kind is None:
        return Problem(path=path, right=f"is missing; {right}")
    right += _hint(str(kind), kinds)
    return Problem(path=path, value=show(kind), right=f"is wrong; {right}")


def _hint(word: str, known: tuple[str, ...]) -> str:
    # The known words are in the sentence already; only a near one is worth more.
    return suggestion(word, known) if meant(word, known) else ""


def _find(model: type[BaseModel], loc: Loc) -> _Spot:
    """Follow a location of pydantic, which names the member of a union too, through the types."""
    spot = _Spot((), Shape(model))
    rest = list(loc)
    while rest:
        options = spot.shape.options
        if len(options) > 1:
            spot = replace(spot, shape=_choose(options, str(rest.pop(0))))
            continue
        part = rest.pop(0)
        if part == "[key]":
            break
        spot = _step(spot, part)
    return spot


def _choose(options: tuple[Shape, ...], label: str) -> Shape:
    named = [option for option in options if option.models and kind_of(option.models[0]) == label]
    return (named or list(options))[0]


def _step(spot: _Spot, part: str | int) -> _Spot:
    loc = (*spot.loc, part)
    if spot.shape.models:
        fields = spot.shape.models[0].model_fields
        field = fields.get(str(part))
        return _Spot(loc, Shape.of(field) if field else Shape(object), tuple(fields), is_field=True)
    return _Spot(loc, spot.shape.items or spot.shape.values or Shape(object))


def _at(raw: object, loc: Loc) -> object:
    for part in loc:
        if isinstance(raw, dict):
            raw = raw.get(part)
        elif isinstance(raw, (list, tuple)) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            return None
    return raw


def _is_too_short(written: object, shape: Shape) -> bool:
    size = len(written) if isinstance(written, (str, list, dict, tuple)) else 0
    return size < (shape.limit("min_length") or 0)


def _leaves(raw: object, loc: Loc) -> Iterator[tuple[Loc, object]]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield from _leaves(value, (*loc, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _leaves(value, (*loc, index))
    else:
        yield loc, raw


def _overflows(leaf: object) -> bool:
    try:
        duration(leaf)
    except OverflowError:
        return True
    except ValueError:
        return False
    return False
