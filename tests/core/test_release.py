"""Stored bodies: what any released version wrote is read, and written again the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.release import Release
from bot.store.rows import BODY_VERSION
from tests.support.bodies import BODIES, examples

FILES = sorted(BODIES.glob("v*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_stored_bodies_load_and_are_written_the_same(path: Path) -> None:
    """A body of every version and state is loaded without loss; what came later has a default."""
    stored = json.loads(path.read_text())
    written = json.loads(Release.model_validate(stored).model_dump_json())

    if path.parent.name == f"v{BODY_VERSION}":
        assert written == stored
    assert kept(written, stored) == stored


def kept(written: Any, stored: Any) -> Any:
    """What is written of everything that was stored."""
    if isinstance(stored, dict):
        return {key: kept(written[key], value) for key, value in stored.items()}
    if isinstance(stored, list):
        assert len(written) == len(stored)
        return [kept(one, other) for one, other in zip(written, stored, strict=True)]
    return written


def test_bodies_of_the_present_version_are_kept() -> None:
    """Every example state has its file, so that no version is released without its bodies."""
    there = {path.stem for path in FILES if path.parent.name == f"v{BODY_VERSION}"}

    assert there == set(examples())
