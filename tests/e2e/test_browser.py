"""What a newcomer does in the browser, against the real try-out: three visits."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.browser import A_CHECK, SOON, Visitor, tab, visit
from tests.e2e.process import TryProcess

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

NAMED = {"button", "textbox", "combobox", "link", "dialog", "log", "table"}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


async def test_a_newcomer_approves_both_canaries(browser: Browser, bot: TryProcess) -> None:
    """Typed: the two components that have one; the tally says who did what."""
    mina = await visit(browser, bot.base)
    await mina.say("start openchat only=gateway,chat confirm=gates")
    await mina.press("Start release #1", "Start")

    await _unfolded(mina, "chat/check-canary")
    taro = await _canaries_approved(mina, bot.base)
    tally = "16 operations: 6 sharing, 6 deployment, 4 monitoring; 3 by people"
    await _finished(mina, taro, tally, rows=3)
    await _shared(mina, 6)


@pytest.mark.long
async def test_a_newcomer_releases_all_seven(browser: Browser, bot: TryProcess) -> None:
    """Start, approve both canaries, read: within three minutes, 41 operations, 3 by people."""
    mina = await visit(browser, bot.base)
    began = time.monotonic()
    await mina.page.get_by_role("button", name="Start a release").click()
    dialog = mina.page.get_by_role("dialog", name="Start a release")
    await expect(dialog.get_by_label("gateway", exact=True)).to_have_value("2026.47.0")
    await dialog.get_by_label("Confirm").select_option("gates")
    await dialog.get_by_role("button", name="Start", exact=True).click()
    await mina.press("Start release #1", "Start")

    await _unfolded(mina, "auth/check")
    taro = await _canaries_approved(mina, bot.base)
    tally = "41 operations: 16 sharing, 16 deployment, 9 monitoring; 3 by people"
    await _finished(mina, taro, tally, rows=8)
    assert time.monotonic() - began < 180
    await _shared(mina, 16)
    await _looked_up(mina)


async def _canaries_approved(mina: Visitor, base: str) -> Visitor:
    """Chat's by Mina as somebody else, gateway's by Taro in a second tab, with a reload between."""
    await _approve_as_somebody_else(mina)
    taro = await tab(await mina.page.context.new_page(), base)
    await taro.act_as("Taro")
    await _reload_in_the_middle(mina)
    await taro.press("promote gateway", "Approve")
    await expect(mina.card("promote gateway")).to_contain_text("Approved by Taro", timeout=SOON)
    await expect(mina.card("promote gateway").get_by_role("button")).to_have_count(0)
    return taro


async def _finished(mina: Visitor, taro: Visitor, tally: str, *, rows: int) -> None:
    """Both tabs show the same end."""
    await expect(mina.card("Release #1 of openchat: done")).to_contain_text(tally, timeout=A_CHECK)
    for visitor in (mina, taro):
        await expect(visitor.board).to_contain_text(tally)
    assert await _board(mina) == await _board(taro)
    assert len(await _board(mina)) == rows
    assert mina.complaints == taro.complaints == []


async def _unfolded(mina: Visitor, name: str) -> None:
    """A clean check is a short message; its numbers stay unfolded while rounds come in."""
    check = mina.card(name)
    numbers = check.get_by_role("table", name="Error types")
    await check.get_by_text("Numbers before and after").click(timeout=A_CHECK)
    await expect(numbers).to_be_visible()
    await expect(check).to_contain_text("Round 3 of 3", timeout=A_CHECK)
    await expect(numbers).to_be_visible()


async def _approve_as_somebody_else(mina: Visitor) -> None:
    """Who started does not approve; the refusal is private and offers somebody who may."""
    await mina.press("promote chat", "Approve")
    refusal = mina.log.get_by_role("article").filter(has_text="Who may: Taro")
    await expect(refusal).to_contain_text("Whoever started a release", timeout=SOON)
    await refusal.get_by_role("button", name="Act as Taro").click()
    await expect(mina.page.get_by_label("Act as")).to_have_value("taro")
    await mina.press("promote chat", "Approve")
    await expect(mina.card("promote chat")).to_contain_text("Approved by Taro", timeout=SOON)


async def _reload_in_the_middle(mina: Visitor) -> None:
    """A reload while checks run shows the same board and every message again."""
    await expect(mina.board.get_by_text("gateway/check-canary")).to_be_visible(timeout=A_CHECK)
    verdicts = await mina.card("error logs before and after").count()
    await mina.page.reload()
    await expect(mina.page.get_by_role("status")).to_have_text("Connected", timeout=SOON)
    await expect(mina.board).to_contain_text("Release #1 · openchat")
    assert await mina.card("error logs before and after").count() == verdicts
    assert await mina.page.get_by_label("Act as").input_value() == "taro"


async def _board(visitor: Visitor) -> list[str]:
    rows: list[str] = await visitor.board.get_by_role("row").all_inner_texts()
    return rows


async def _shared(mina: Visitor, each: int) -> None:
    """One room heard of each component, the digest room one at start, canary and finish."""
    await mina.page.get_by_label("Room").select_option(label="OpenChat room")
    await expect(mina.log.get_by_role("article")).to_have_count(each, timeout=SOON)
    await mina.page.get_by_label("Room").select_option(label="LINE group")
    await expect(mina.log.get_by_role("article")).to_have_count(3, timeout=SOON)
    await mina.page.get_by_label("Room").select_option(label="Release room")
    await expect(mina.card("Release #1 of openchat: done")).to_be_visible(timeout=SOON)


async def _looked_up(mina: Visitor) -> None:
    """Journal, history and errors are behind a button each."""
    await mina.page.get_by_role("button", name="Journal").click()
    journal = mina.page.get_by_role("dialog", name="Journal of #1")
    await expect(journal.get_by_text("chat/gate approved by Taro")).to_be_visible(timeout=SOON)
    await journal.get_by_role("button", name="Close").click()
    await mina.page.get_by_role("button", name="History").click()
    row = mina.log.get_by_role("row").filter(has_text="41 (3 by people)")
    await expect(row).to_be_visible(timeout=SOON)
    await mina.page.get_by_role("button", name="Errors since deploy").click()
    errors = mina.card("Errors of openchat").get_by_role("table", name="Error types")
    await expect(errors.get_by_role("row")).to_have_count(11, timeout=SOON)


async def test_a_broken_candidate_is_caught_and_taken_back(
    browser: Browser, bot: TryProcess
) -> None:
    """Asked before each step; the canary fails, is rolled back by a button, and that is the end."""
    mina = await visit(browser, bot.base)
    await mina.say("start openchat only=auth,chat chat=2026.47.0-rc5")
    await mina.press("Start release #1", "Start")
    await _second_start_is_refused(mina)
    await mina.press("Go for auth/deploy", "Go")
    await expect(mina.card("Go for auth/deploy")).to_contain_text("Go given by Mina", timeout=SOON)
    await mina.press("Go for auth/restart", "Run on to the next gate")
    await _pause_and_go_on(mina)

    regression = mina.card("chat 2026.47.0-rc5 has a regression")
    await expect(regression).to_be_visible(timeout=A_CHECK)
    verdict = mina.card("chat/check-canary").filter(has_text="NEW MessageOutOfOrder")
    # Which of the others were written in these few seconds is chance.
    evidence = verdict.get_by_role("table", name="Error types")
    await expect(evidence).to_contain_text("MessageOutOfOrder")
    # What the log says is data: markup in it is shown, never obeyed.
    await expect(verdict.get_by_text('"<b>Weekend</b> @all <!channel>"')).to_be_visible()
    await mina.press("has a regression", "Roll back chat")
    await expect(mina.card("what next?")).to_contain_text("rolled back and confirmed", timeout=SOON)
    await mina.press("what next?", "End here")

    await expect(mina.board.get_by_role("heading", name="Release #1")).to_be_visible()
    chat = mina.board.get_by_role("row").filter(has_text="chat")
    await expect(chat).to_contain_text("rolled back", timeout=SOON)
    await expect(mina.card("Release #1 of openchat:")).to_be_visible(timeout=SOON)
    assert mina.complaints == []


async def _second_start_is_refused(mina: Visitor) -> None:
    """While one runs, a start tells who is in the way."""
    await mina.say("start openchat")
    await expect(mina.card("Not done")).to_contain_text("release #1", timeout=SOON)


async def _pause_and_go_on(mina: Visitor) -> None:
    """Pause and Resume are on the board; a second click on Pause finds nothing to pause."""
    await mina.board.get_by_role("button", name="Pause").dblclick()
    await expect(mina.board.get_by_text("Paused by Mina")).to_be_visible(timeout=SOON)
    await mina.board.get_by_role("button", name="Resume").click()
    await expect(mina.board.get_by_text("Paused by Mina")).to_have_count(0, timeout=SOON)


@pytest.mark.long  # tests/web/test_page.py looks at phones and keys without a whole release
async def test_a_phone_in_the_dark_without_a_mouse(browser: Browser, bot: TryProcess) -> None:
    """On 360 pixels nothing overflows, every control has a name, and keys are enough."""
    phone = await visit(browser, bot.base, color_scheme="dark", **PHONE)
    page = phone.page
    assert await page.evaluate("getComputedStyle(document.body).colorScheme") == "light dark"
    assert await _brightness(page) < 64
    await _by_keys(page, "Message")
    await page.keyboard.type("start openchat only=auth confirm=gates")
    await page.keyboard.press("Enter")
    start = phone.card("Start release #1").get_by_role("button", name="Start", exact=True)
    await expect(start).to_be_visible(timeout=SOON)
    await _by_keys(page, "Start", backwards=True)
    await page.keyboard.press("Enter")
    await expect(phone.card("Start release #1")).to_contain_text("Started by Mina", timeout=SOON)
    await expect(phone.card("auth/check")).to_be_visible(timeout=A_CHECK)
    await _fits(page)
    assert await _nameless(page) == []

    await page.get_by_role("button", name="Board", exact=True).click()
    await expect(phone.board.get_by_role("button", name="Abort")).to_be_visible()
    await _fits(page)
    await phone.board.get_by_role("button", name="Abort").click()
    dialog = page.get_by_role("dialog", name="Abort #1?")
    await expect(dialog).to_be_visible()
    await _fits(page)
    assert await _nameless(page) == []
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await phone.board.get_by_role("button", name="Abort").click()
    await phone.confirm("Abort")
    await expect(phone.board.get_by_text("aborted", exact=True)).to_be_visible(timeout=SOON)
    assert phone.complaints == []


async def _by_keys(page: Page, name: str, *, backwards: bool = False) -> None:
    """Go to a control with the Tab key, as people without a mouse do."""
    for _ in range(40):
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
        focused: Locator = page.locator(":focus")
        label = await focused.evaluate("e => e.labels?.[0]?.textContent ?? e.textContent")
        if str(label).strip() == name:
            return
    raise AssertionError(f"{name} cannot be reached with the Tab key")


async def _fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide, screen = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen


async def _brightness(page: Page) -> float:
    """How bright the page's background is, from 0 to 255."""
    colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(parts) / 3


async def _nameless(page: Page) -> list[str]:
    """Controls and regions without an accessible name, as the browser computes it."""
    session = await page.context.new_cdp_session(page)
    tree = await session.send("Accessibility.getFullAXTree")
    await session.detach()
    found = [node for node in tree["nodes"] if not node["ignored"]]
    shown = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in found]
    assert len([role for role, _ in shown if role in NAMED]) >= 2
    return [role for role, name in shown if role in NAMED and not str(name).strip()]
