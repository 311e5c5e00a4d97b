"""What the fault proxy holds Slack's clients to; each number with where it comes from."""

from __future__ import annotations

from pathlib import Path

import yaml

_FILE = Path(__file__).resolve().parents[1] / "data" / "slack" / "limits.yml"


def limit(name: str) -> float:
    """The number of this name in the data file; each has a source there."""
    found = yaml.safe_load(_FILE.read_text(encoding="utf-8"))[name]
    assert found["source"]
    return float(found["value"])
