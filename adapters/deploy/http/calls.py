"""Fills the templates of calls: what is sent for an operation, without sending it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from bot.core.config.executor import Call
from bot.core.operation import Operation

_PLACE = re.compile(r"\{(component|version|group|hosts|key|handle)\}")
_HOSTS = "{hosts}"


@dataclass(frozen=True)
class Request:
    """A call with everything filled in; `path` is percent-encoded, `body` goes out as JSON."""

    method: str
    path: str
    body: object | None


def operation_request(call: Call, operation: Operation, handle: str = "") -> Request:
    """Fill in a call about an operation. Raises ValueError when a value cannot be in a path."""
    values = {
        "component": operation.component,
        "version": operation.version,
        "group": operation.group,
        "hosts": ",".join(operation.hosts),
        "key": operation.key,
        "handle": handle,
    }
    return _request(call, values, operation.hosts)


def component_request(call: Call, component: str) -> Request:
    """Fill in a call about a component. Raises ValueError when it cannot be in a path."""
    return _request(call, {"component": component}, ())


def _request(call: Call, values: Mapping[str, str], hosts: tuple[str, ...]) -> Request:
    path = _PLACE.sub(lambda place: _encoded(values.get(place[1], "")), call.path)
    body = None if call.body is None else _filled(call.body, values, hosts)
    return Request(call.method, path, body)


def _encoded(value: str) -> str:
    # Dots stay dots when encoded: servers would walk up the path with them.
    if value in {".", ".."}:
        raise ValueError(f"{value!r} cannot be a part of a path")
    return quote(value, safe="")


def _filled(template: object, values: Mapping[str, str], hosts: tuple[str, ...]) -> object:
    if template == _HOSTS:
        return list(hosts)
    if isinstance(template, str):
        return _PLACE.sub(lambda place: values.get(place[1], ""), template)
    if isinstance(template, dict):
        return {
            key: _filled(value, values, hosts)
            for key, value in template.items()
            if hosts or value != _HOSTS
        }
    if isinstance(template, list):
        return [_filled(item, values, hosts) for item in template if hosts or item != _HOSTS]
    return template
