"""What docs/elasticsearch.md recommends, read from the page so that tests try exactly that."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.source import ROOT

_ROLE = re.compile(r"PUT /_security/role/release_master\n(.*?)```", re.DOTALL)


def recommended_role() -> dict[str, Any]:
    """The role with the least privileges."""
    page = (ROOT / "docs/elasticsearch.md").read_text(encoding="utf-8")
    match = _ROLE.search(page)
    if match is None:
        raise LookupError("docs/elasticsearch.md names no role")
    role: dict[str, Any] = json.loads(match[1])
    return role
