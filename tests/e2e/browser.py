"""The browser that the end-to-end tests and the pictures share, and what a person does in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from tests.support.provision import require

_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SOON = 15_000.0
"""Milliseconds within which the page shows what the bot did."""
A_CHECK = 45_000.0
"""Milliseconds within which a component is deployed, restarted and checked."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, without a window."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=str(require("chromium")), args=_ARGS
        )
        try:
            yield found
        finally:
            await found.close()


class Visitor:
    """One person in front of one tab; `complaints` are the errors of its console."""

    def __init__(self, page: Page, complaints: list[str]) -> None:
        self.page = page
        self.complaints = complaints
        self.log = page.get_by_role("log", name="Conversation")
        self.board = page.get_by_role("region", name="Board")

    async def come(self, base: str) -> None:
        """Open the page and wait until it is connected."""
        await self.page.goto(base)
        await expect(self.page.get_by_role("status")).to_have_text("Connected", timeout=SOON)

    async def say(self, line: str) -> None:
        """Type a line and send it."""
        await self.page.get_by_role("textbox", name="Message").fill(line)
        await self.page.get_by_role("button", name="Send").click()

    async def act_as(self, name: str) -> None:
        """Become somebody else."""
        people = self.page.get_by_label("Act as")
        label = await people.locator("option", has_text=f"{name} (").text_content()
        await people.select_option(label=label)

    def card(self, title: str) -> Locator:
        """The cards of the conversation whose heading has these words."""
        heading = self.page.get_by_role("heading", name=title)
        return self.log.get_by_role("article").filter(has=heading)

    async def press(self, title: str, label: str, reason: str = "") -> None:
        """Press a button of a card, and confirm it in the dialog where there is one."""
        card = self.card(title).last
        await card.get_by_role("button", name=label, exact=True).click(timeout=A_CHECK)
        if reason or label in _CONFIRMED:
            await self.confirm(label, reason)

    async def confirm(self, label: str, reason: str = "") -> None:
        """Say yes in the dialog that is open."""
        dialog = self.page.get_by_role("dialog")
        if reason:
            await dialog.get_by_label("Reason").fill(reason)
        await dialog.get_by_role("button", name=label, exact=True).click()
        await expect(dialog).to_have_count(0)


_CONFIRMED = {"Approve", "Reject", "Abort", "Roll back chat", "End here"}


async def visit(browser: Browser, base: str, **context: object) -> Visitor:
    """Open a tab of a new person; `context` are options of the browser's context."""
    options = {"viewport": {"width": 1360, "height": 860}, **context}
    made = await browser.new_context(**options)  # type: ignore[arg-type]  # names as given
    return await tab(await made.new_page(), base)


async def tab(page: Page, base: str) -> Visitor:
    """Open the room in a tab."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A connection that ends with the bot is no mistake of the page.
        if message.type in {"error", "warning"} and "ERR_" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    visitor = Visitor(page, complaints)
    await visitor.come(base)
    return visitor
