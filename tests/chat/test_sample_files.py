"""`doctor --offline --cards`: what would be sent is written, and would be accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.chat.sample_files import write
from bot.core.config.language import Language
from tests.support.line_rules import complaints
from tests.support.slack_oracle import check_message, check_view


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, written once."""
    found = tmp_path_factory.mktemp("cards")
    assert write(found) == len(list(found.rglob("*.json")))
    return found


@pytest.mark.parametrize("language", Language)
def test_slack_would_accept_it(folder: Path, language: Language) -> None:
    """Messages have a channel and stand-alone text; views are dialogs and homes."""
    kinds = set()
    for file in sorted(folder.glob(f"slack/*.{language}.json")):
        body = json.loads(file.read_text())
        if "view" in body:
            check_view(body["view"])
            kinds.add(body["view"]["type"])
        else:
            assert set(body) == {"channel", "text", "blocks"}
            check_message(body)
            kinds.add("message")

    assert kinds == {"message", "modal", "home"}


@pytest.mark.parametrize("language", Language)
def test_line_would_accept_it(folder: Path, language: Language) -> None:
    """At most five messages each, within the limits."""
    files = sorted(folder.glob(f"line/*.{language}.json"))
    found = {file.name: complaints(json.loads(file.read_text())["messages"]) for file in files}

    assert len(found) > 200
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
