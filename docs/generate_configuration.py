# ruff: noqa: INP001 - a tool beside the pages it writes, no package
"""Writes the key tables of docs/configuration.md from the docstrings of the configuration.

Run it from the top of the repository: `python -m docs.generate_configuration`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.core.config.describe import Shape, describe
from bot.core.config.release_file import ReleaseFile
from bot.core.value import spell
from bot.environment import PREFIX, Environment

PAGE = Path(__file__).with_name("configuration.md")
BEGIN = "<!-- keys: written by docs/generate_configuration.py -->"
END = "<!-- end of keys -->"


def generate(page: str) -> str:
    """Return the page with its key tables as the code has them now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_tables()}\n\n{END}{after}"


def models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """List a model and all models inside it, in reading order, each once."""
    found = [model]
    for field in model.model_fields.values():
        for inner in _inner(Shape.of(field)):
            found += [item for item in models(inner) if item not in found]
    return found


def _inner(shape: Shape) -> tuple[type[BaseModel], ...]:
    nested = shape.items or shape.values
    return _inner(nested) if nested else shape.models


def _tables() -> str:
    parts = [f"## Keys of the environment\n\n{_summary(Environment)}\n\n{_table(Environment)}"]
    parts.append("## Keys of release.yml")
    parts += [
        f"### {_title(model)}\n\n{_summary(model)}\n\n{_table(model)}"
        for model in models(ReleaseFile)
    ]
    return "\n\n".join(parts)


def _title(model: type[BaseModel]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).lower()
    return "Top level" if model is ReleaseFile else words.capitalize()


def _link(model: type[BaseModel]) -> str:
    title = _title(model)
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _summary(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _table(model: type[BaseModel]) -> str:
    rows = ["| Key | What is written | Default | Meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        key = f"{PREFIX}{name.upper()}" if model is Environment else name
        cells = (f"`{key}`", _kind(Shape.of(field)), _default(field), _meaning(name, field))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _kind(shape: Shape) -> str:
    inner = _inner(shape)
    if not inner:
        return describe(shape).replace("<", "&lt;")
    links = " or ".join(_link(model) for model in inner)
    if shape.values:
        return f"a mapping of names (each: {links})"
    null = ", or null" if type(None) in getattr(shape.annotation, "__args__", ()) else ""
    return f"a list (each: {links})" if shape.items else f"{links}{null}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default in ("", (), {}):
        return "empty"
    written = yaml.safe_dump(_plain(default), default_flow_style=True, sort_keys=False, width=9999)
    return f"`{written.removesuffix('...' + chr(10)).strip()}`"


def _meaning(name: str, field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    return text or ("Which of the kinds this is." if name == "kind" else "")


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return spell(value).replace(" ", "")
    if isinstance(value, BaseModel):
        named = [name for name in type(value).model_fields if name in value.model_fields_set]
        return {name: _plain(getattr(value, name)) for name in named}
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum | Path):
        return str(value)
    return value


if __name__ == "__main__":
    PAGE.write_text(generate(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
