"""Takes the pictures of the documentation from a real release: `make screenshots`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.e2e.browser import A_CHECK, SOON, Visitor, chromium, visit
from tests.e2e.process import started
from tests.support.source import ROOT

FOLDER = ROOT / "docs" / "images"
_BROKEN = "2026.47.0-rc5"
_PHONE = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}


async def take(folder: Path = FOLDER) -> list[Path]:
    """Drive a release whose last component is broken, and take a picture at each turn."""
    folder.mkdir(parents=True, exist_ok=True)
    async with started() as bot, chromium() as browser:
        mina = await visit(browser, bot.base)
        await _start(mina, folder)
        await _run(mina, folder)
        await _trouble(mina, folder)
        await _elsewhere(browser, bot.base, folder)
    return sorted(folder.glob("*.png"))


async def _start(mina: Visitor, folder: Path) -> None:
    await mina.page.get_by_role("button", name="Start a release").click()
    dialog = mina.page.get_by_role("dialog", name="Start a release")
    await dialog.get_by_label("gateway", exact=True).select_option(_BROKEN)
    await dialog.get_by_label("Confirm").select_option("gates")
    await _picture(mina, folder / "start.png")
    await dialog.get_by_role("button", name="Start", exact=True).click()
    await mina.press("Start release #1", "Start")


async def _run(mina: Visitor, folder: Path) -> None:
    push = mina.board.get_by_role("row").filter(has_text="push")
    await expect(push).to_contain_text("check", timeout=A_CHECK)
    await _picture(mina, folder / "board.png")
    gate = mina.card("promote chat").last
    await expect(gate.get_by_role("button", name="Approve")).to_be_visible(timeout=A_CHECK)
    await mina.press("promote chat", "Approve")
    await expect(mina.log.get_by_text("Who may")).to_be_visible(timeout=SOON)
    await _picture(mina, folder / "approval.png")
    await mina.page.get_by_role("button", name="Act as Taro").click()
    await mina.press("promote chat", "Approve")


async def _trouble(mina: Visitor, folder: Path) -> None:
    await expect(mina.card("has a regression")).to_be_visible(timeout=A_CHECK)
    await mina.page.set_viewport_size({"width": 1360, "height": 1140})
    await _picture(mina, folder / "verdict.png")
    await mina.say("errors since deploy top 5")
    await expect(mina.card("Errors of openchat")).to_be_visible(timeout=SOON)
    await _picture(mina, folder / "errors.png")


async def _elsewhere(browser: Browser, base: str, folder: Path) -> None:
    dark = await visit(browser, base, color_scheme="dark")
    await expect(dark.card("has a regression")).to_be_visible(timeout=SOON)
    await _picture(dark, folder / "dark.png")
    phone = await visit(browser, base, device_scale_factor=1.5, **_PHONE)
    await expect(phone.card("has a regression")).to_be_visible(timeout=SOON)
    await _picture(phone, folder / "phone.png")


async def _picture(visitor: Visitor, path: Path) -> None:
    await visitor.page.screenshot(path=path, animations="disabled")


if __name__ == "__main__":
    for picture in asyncio.run(take()):
        sys.stdout.write(f"{picture.relative_to(ROOT)} {picture.stat().st_size // 1000} kB\n")
