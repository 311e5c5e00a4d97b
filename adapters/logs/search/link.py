"""The link to a page that shows the documents that were counted, frozen to their time."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from bot.core.counts import CountRequest


def link(template: str, request: CountRequest, index: str) -> str:
    """Fill in the template; empty without one or without windows.

    The first window is the baseline: what a person wants to see is what came after it.
    """
    if not template or not request.windows:
        return ""
    first, *later = request.windows
    values = {
        "start": _written(first.end if later else first.start),
        "end": _written(max(window.end for window in request.windows)),
        "component": quote(request.component, safe=""),
        "index": quote(index, safe=""),
    }
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
