"""Pictures of cards: what draws them is locked, and draws what would be sent as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.chat.line.render import Renderer
from bot.chat.samples import hostile
from bot.chat.slack import render
from bot.chat.texts import Words
from tests.e2e.card_pictures import CARDS, PLATFORMS, sent
from tests.support.card_renderers import LOCK, draw
from tests.support.provision import MissingProgramError, require
from tests.support.skipping import without


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder of the packages."""
    try:
        return require("cards")
    except MissingProgramError as missing:
        without(missing)


def test_the_lock_names_every_package_and_no_registry() -> None:
    """One exact version and one digest each; npm asks the registry that it is set up for."""
    text = LOCK.read_text(encoding="utf-8")
    wanted = json.loads(text)["packages"]
    root = wanted.pop("")

    assert "://" not in text
    assert len(wanted) > 50
    assert [n for n, p in wanted.items() if not p["integrity"].startswith("sha512-")] == []
    assert root["dependencies"] == {
        name: wanted[f"node_modules/{name}"]["version"] for name in root["dependencies"]
    }
    assert (
        json.loads((LOCK.parent / "package.json").read_text())["dependencies"]
        == (root["dependencies"])
    )


@pytest.mark.provisioned
def test_the_main_cards_are_drawn(packages: Path) -> None:
    """Each says what its card says."""
    pages = draw(sent(), packages)

    assert set(pages) == {f"{platform}-{card}" for platform in PLATFORMS for card in CARDS}
    words = {"start": "Cancel the release", "approval": "promote chat", "errors": "RateLimited"}
    for card, word in words.items():
        assert word in pages[f"slack-{card}"]
        assert word in pages[f"line-{card}"]
    assert pages["line-verdict"].count("%") > 5  # bars


@pytest.mark.provisioned
def test_hostile_texts_are_drawn_as_texts(packages: Path) -> None:
    """No element of a page comes from a log."""
    card, say = hostile("<script>alert(1)</script><img src=x>"), Words("UTC")
    bodies = {
        "slack": render.message(card, say),
        "line": {"messages": [Renderer(say).message(card)]},
    }
    pages = draw(bodies, packages)

    assert "&lt;script&gt;" in pages["slack"]
    assert [
        name for name, page in pages.items() if "<script>" in page or "<img src=x" in page
    ] == []
