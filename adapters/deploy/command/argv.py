"""Fills the argv of commands: only values from an allow-list, never a shell, never an option."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core.operation import Operation

_PLACE = re.compile(r"\{(component|version|group|hosts|key)\}")
_ALLOWED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:@/-]{0,199}")


def operation_argv(template: Sequence[str], operation: Operation) -> list[str]:
    """Fill in the argv of a deploy or restart. Raises ValueError for a value that is not allowed.

    No named hosts are an empty text: the command then takes every host of the group.
    """
    for host in operation.hosts:
        _check("host", host)
    values = {
        "component": operation.component,
        "version": operation.version,
        "group": operation.group,
        "key": operation.key,
    }
    return _filled(template, values, ",".join(operation.hosts))


def component_argv(template: Sequence[str], component: str) -> list[str]:
    """Fill in the argv of a question. Raises ValueError for a component that is not allowed."""
    return _filled(template, {"component": component}, "")


def _filled(template: Sequence[str], values: Mapping[str, str], hosts: str) -> list[str]:
    for name, value in values.items():
        _check(name, value)
    known = {**values, "hosts": hosts}
    return [_PLACE.sub(lambda place: known.get(place[1], ""), item) for item in template]


def _check(name: str, value: str) -> None:
    # A leading dash would be an option, `..` a way out of a folder.
    if not _ALLOWED.fullmatch(value) or ".." in value.split("/"):
        raise ValueError(f"{name} {value[:80]!r} is not allowed in a command")
