"""Takes the pictures of the main cards in Slack and LINE: part of `make screenshots`.

Fed with what `release-master doctor --offline --cards DIR` writes.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from bot.chat import sample_files, sample_story
from bot.core.config.language import Language
from tests.e2e.browser import chromium
from tests.e2e.screenshots import FOLDER
from tests.support.card_renderers import draw
from tests.support.provision import require
from tests.support.source import ROOT

CARDS = ("start", "board", "approval", "verdict", "errors")
PLATFORMS = ("slack", "line")
_PEOPLE = {sample_files.USER: "Taro"}


def sent(language: Language = Language.ENGLISH) -> dict[str, dict[str, Any]]:
    """By the names of their pictures: the main cards as they would be sent."""
    found = dict(sample_files.bodies(list(sample_story.every()), language))
    named = {f"{p}-{card}": found[f"{p}/main-{card}"] for p in PLATFORMS for card in CARDS}
    return {name: {**body, "people": _PEOPLE} for name, body in named.items()}


async def take(folder: Path = FOLDER) -> list[Path]:
    """Draw each main card and take its picture."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = draw(sent(), require("cards"))
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 900, "height": 600})
        page = await context.new_page()
        for name, html in pages.items():
            await page.set_content(html)
            await page.locator("#card").screenshot(path=folder / f"{name}.png")
    return [folder / f"{name}.png" for name in pages]


if __name__ == "__main__":
    for picture in asyncio.run(take()):
        sys.stdout.write(f"{picture.relative_to(ROOT)} {picture.stat().st_size // 1000} kB\n")
