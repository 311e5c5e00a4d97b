"""The page in a real browser: what people see, press and hear stays true and usable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp.test_utils import unused_port
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from bot.core.card import Action, Confirm, Row, Table
from bot.web.app import create_app, listen
from bot.web.site import BACKEND, SITE, Mode
from tests.support.provision import require
from tests.support.web_backend import World, card, t, token_of, utc_now, world
from tests.support.web_cards import board, fill, question

pytestmark = pytest.mark.browser
Visit = Callable[..., Awaitable[Page]]
_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=str(require("chromium")), args=_ARGS
        )
        yield found
        await found.close()


@pytest.fixture
async def room() -> AsyncIterator[World]:
    """A room of the try-out with a running release in it."""
    async with world(Mode.TRY, port=unused_port(), time_scale=60) as found:
        await fill(found.log, utc_now())
        yield found


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Opens the page; a script error or a broken policy on any of them fails the test."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_CONNECTION" not in message.text:
            complaints.append(message.text)

    async def opened(found: World, width: int = 1280) -> Page:
        page = await browser.new_page(viewport={"width": width, "height": 800})
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(found.base)
        await expect(page.get_by_text("Connected")).to_be_visible()
        return page

    yield opened
    assert complaints == []


async def test_a_refused_click_offers_another_person(visit: Visit, room: World) -> None:
    """Approve asks first; who may not is told privately, acts as Rin, and the question closes."""
    page = await visit(room)
    log = page.get_by_role("log", name="Conversation")
    await expect(log).to_have_attribute("lang", "en")
    await page.get_by_role("button", name="Approve", exact=True).click()
    dialog = page.get_by_role("dialog", name="Restart all servers of chat?")
    await dialog.get_by_role("button", name="Approve").click()
    await expect(log.get_by_text("only you see this")).to_be_visible()
    await page.get_by_role("button", name="Act as Rin").click()
    await expect(page.get_by_label("Act as")).to_have_value("rin")
    await page.get_by_role("button", name="Approve", exact=True).click()
    await dialog.get_by_role("button", name="Approve").click()

    await expect(log.get_by_role("heading", name="approve by Rin")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    assert [heard.person for heard in room.bot.heard] == ["ayumi", "rin"]


async def test_a_reason_is_asked_for_and_sent(visit: Visit, room: World) -> None:
    """Reject is not sent without a reason nor after Cancel; Details acts at once."""
    page = await visit(room)
    dialog = page.get_by_role("dialog")
    reject = page.get_by_role("button", name="Reject", exact=True)
    await reject.click()
    await dialog.get_by_role("button", name="Cancel").click()
    await reject.click()
    await dialog.get_by_role("button", name="Reject").click()
    await dialog.get_by_label("Reason").fill("   ")
    await dialog.get_by_label("Reason").press("Enter")
    await expect(dialog).to_be_visible()
    assert room.bot.heard == []
    await dialog.get_by_label("Reason").fill("latency doubled")
    await dialog.get_by_label("Reason").press("Enter")
    await expect(page.get_by_text("latency doubled")).to_be_visible()

    assert (room.bot.heard[0].verb, room.bot.heard[0].reason) == ("reject", "latency doubled")


async def test_edits_keep_focus_and_place(visit: Visit, room: World) -> None:
    """A card edited in place keeps its focused button, and reading further up is not disturbed."""
    page = await visit(room)
    approve = page.get_by_role("button", name="Approve", exact=True)
    await approve.focus()
    again = question(utc_now()).model_copy(update={"release": 42, "state": "waiting"})
    await room.log.put("main", "question", again, utc_now())
    await expect(page.locator(".kind-question .chip")).to_have_text("waiting")
    await expect(approve).to_be_focused()
    await page.evaluate("document.getElementById('log').scrollTop = 40")
    await room.log.put("main", "new", card("notice", "Something new"), utc_now())
    await expect(page.get_by_text("Something new")).to_be_attached()
    assert await page.evaluate("document.getElementById('log').scrollTop") == 40
    await page.get_by_role("button", name="Go to newest").click()
    await expect(page.get_by_text("Something new")).to_be_in_viewport()


@pytest.mark.scenario(76)
async def test_text_is_shown_and_never_run(visit: Visit, room: World) -> None:
    """Markup and addresses in texts of logs and people are letters; only link fields are links."""
    page = await visit(room)
    evil = "<img src=x onerror=alert(1)> https://evil.example <script>1</script>"
    await page.get_by_label("Message").fill(evil)
    await page.get_by_role("button", name="Send").click()
    said = page.locator(".kind-said .said").last
    await expect(said).to_have_text(evil)

    assert await page.locator("[role=log] img, [role=log] script").count() == 0
    links = page.get_by_role("log").get_by_role("link")
    assert await links.all_text_contents() == ["Look at the logs"]
    assert await links.get_attribute("rel") == "noopener noreferrer"


async def test_a_page_survives_a_restart_of_the_bot(visit: Visit, room: World) -> None:
    """While the bot is away the page says so; then it catches up and shows nothing twice."""
    page = await visit(room)
    entries = page.locator(".entry")
    before = await entries.count()
    assert room.runner is not None
    await room.runner.cleanup()
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…")
    await room.log.put("main", "missed", card("notice", "Said meanwhile"), utc_now())
    app = create_app(room.app[SITE], room.app[BACKEND])
    room.runner = await listen(app, "127.0.0.1", int(room.base.rpartition(":")[2]))
    try:
        await expect(page.get_by_text("Said meanwhile")).to_be_visible(timeout=15000)
        await expect(page.get_by_role("status")).to_have_text("Connected")
        assert await entries.count() == before + 1
    finally:
        await room.runner.cleanup()


async def test_the_start_dialog_types_a_command(visit: Visit, room: World) -> None:
    """Choosing in the dialog writes the command that one could type, and sends exactly that."""
    page = await visit(room)
    await page.get_by_role("button", name="Start a release").click()
    dialog = page.get_by_role("dialog", name="Start a release")
    await dialog.get_by_label("chat", exact=True).select_option("2026.11.4-broken")
    await dialog.get_by_label("media", exact=True).select_option("Leave out")
    await dialog.get_by_label("Confirm").select_option("Ask only at gates")
    await dialog.get_by_label("Note").fill('week "47"')
    command = (
        "start openchat 2026.11.4 chat=2026.11.4-broken exclude=media confirm=gates "
        "note=\"week '47'\""
    )
    await expect(dialog.locator("output")).to_have_text(command)
    await dialog.get_by_role("button", name="Start").click()
    await expect(page.locator(".said").last).to_have_text(command)

    assert room.bot.heard[0].text == command


async def test_the_board_shows_the_newest_running_release(visit: Visit, room: World) -> None:
    """The running release is pinned, an older one can be looked up, and a new one takes over."""
    page = await visit(room)
    region = page.get_by_role("region", name="Board")
    await expect(region.get_by_role("heading", name="#42")).to_be_visible()
    await expect(region.get_by_role("button", name="Pause")).to_be_visible()
    await page.get_by_role("log").get_by_role("button", name="Show board #41").click()
    await expect(region.get_by_role("heading", name="#41")).to_be_visible()
    await room.log.put("main", "release:43:board", board(utc_now(), release=43), utc_now())
    await expect(region.get_by_role("heading", name="#43")).to_be_visible()
    await expect(region.get_by_role("button", name="Show board #42")).to_be_visible()
    room.facts.events[43] = [{"kind": "planned", "person": "ayumi"}]
    await region.get_by_role("button", name="Journal").click()
    dialog = page.get_by_role("dialog", name="Journal of #43")
    await expect(dialog.get_by_role("cell", name="planned")).to_be_visible()


async def test_tabs_may_be_different_people(visit: Visit, room: World) -> None:
    """The actor is remembered for one tab only, over a reload."""
    one, two = await visit(room), await visit(room)
    await one.get_by_label("Act as").select_option("ken")
    await one.reload()
    await expect(one.get_by_label("Act as")).to_have_value("ken")
    await expect(two.get_by_label("Act as")).to_have_value("ayumi")
    await expect(two.get_by_text("Times are shortened 60 times")).to_be_visible()


async def test_it_fits_a_phone(visit: Visit, room: World) -> None:
    """At 360 pixels chat and board are tabs, and nothing scrolls sideways."""
    page = await visit(room, 360)
    sideways = "document.documentElement.scrollWidth > innerWidth"
    assert not await page.evaluate(sideways)
    await expect(page.get_by_role("region", name="Board")).to_be_hidden()
    await page.get_by_role("button", name="Board", exact=True).click()
    await expect(page.get_by_role("heading", name="#42")).to_be_visible()
    assert not await page.evaluate(sideways)
    await page.get_by_role("button", name="Start a release").click()
    await expect(page.get_by_role("dialog").get_by_role("button", name="Start")).to_be_visible()
    assert not await page.evaluate(sideways)


async def test_every_control_has_a_name(visit: Visit, room: World) -> None:
    """No button, field or list is nameless for people who do not see the page."""
    page = await visit(room)
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea")]
            .filter((node) => !node.getAttribute("aria-label")?.trim()
                && !(node.labels && node.labels.length) && !node.textContent.trim())
            .map((node) => node.outerHTML)"""
    )

    assert nameless == []


async def test_serve_asks_for_the_token_first(browser: Browser) -> None:
    """Under serve the token opens the room as its person, without a choice of actors."""
    async with world(Mode.SERVE, port=unused_port()) as found:
        page = await browser.new_page()
        await page.goto(found.base)
        await page.get_by_label("Token").fill(token_of("rin"))
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text("Connected")).to_be_visible()
        await expect(page.get_by_label("Act as")).to_be_hidden()
        await page.get_by_label("Message").fill("status")
        await page.get_by_label("Message").press("Enter")
        await expect(page.locator(".kind-said")).to_contain_text("Rin")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    assert found.bot.heard[0].person == "rin"


async def test_a_suggestion_is_said_by_whoever_presses_it(visit: Visit, room: World) -> None:
    """A line that was not understood has whole lines as buttons, which the keyboard reaches."""
    say = Action(verb="say", label=t("start openchat"), value="start openchat")
    room.bot.answers["strat openchat"] = card("refusal", "Not understood", actions=(say,))
    page = await visit(room)
    await page.get_by_label("Message").fill("strat openchat")
    await page.get_by_label("Message").press("Enter")
    suggestion = page.get_by_role("button", name="start openchat")
    await expect(suggestion).to_be_visible()
    await page.keyboard.press("Shift+Tab")
    await expect(suggestion).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(page.locator(".said").last).to_have_text("start openchat")
    await expect(suggestion).to_have_count(0)
    assert [heard.text for heard in room.bot.heard] == ["strat openchat", "start openchat"]


async def test_what_is_missing_is_asked_for_at_once(visit: Visit, room: World) -> None:
    """A start without target opens its dialog, a reject without reason asks; Cancel sends none."""
    form = Action(verb="form", label=t("Choose"), value="start")
    why = Confirm(title=t("reject: why?"), body=t("Please say why"), reason=True)
    reason = Action(verb="say", label=t("Say why"), value="reject", confirm=why)
    room.bot.answers["start"] = card("refusal", "Which target?", actions=(form,))
    room.bot.answers["reject"] = card("refusal", "Say why", actions=(reason,))
    page = await visit(room)
    message = page.get_by_label("Message")
    await message.fill("start")
    await message.press("Enter")
    await expect(page.get_by_role("dialog", name="Start a release")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(message).to_be_focused()
    await message.fill("reject")
    await message.press("Enter")
    dialog = page.get_by_role("dialog", name="reject: why?")
    await dialog.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Say why").click()
    await dialog.get_by_label("Reason").fill("latency doubled")
    await page.keyboard.press("Enter")

    await expect(page.locator(".said").last).to_have_text("reject because latency doubled")
    said = [heard.text for heard in room.bot.heard]
    assert said == ["start", "reject", "reject because latency doubled"]


async def test_nothing_that_was_accepted_is_silent(visit: Visit, room: World) -> None:
    """An accepted line that changed no card is answered privately."""
    page = await visit(room)
    await page.get_by_label("Message").fill("note customers were told")
    await page.get_by_label("Message").press("Enter")

    await expect(page.locator(".private")).to_contain_text("Recorded.")


async def test_the_board_on_a_phone_leads_to_the_question(visit: Visit, room: World) -> None:
    """Whoever looks at the board is told what waits, and finds the end of the talk again."""
    page = await visit(room, 390)
    board_tab = page.get_by_role("button", name="Board", exact=True)
    await board_tab.click()
    for number in range(20):
        await room.log.put("main", f"more:{number}", card("notice", f"Line {number}"), utc_now())
    await room.log.put("main", "asked", question(utc_now()), utc_now())
    chat_tab = page.get_by_role("button", name="Chat · 2 to answer")
    await chat_tab.click()
    await expect(page.get_by_role("heading", name="Promote chat").last).to_be_in_viewport()
    await board_tab.click()
    await page.get_by_role("button", name="Answer: Promote chat").click()

    await expect(page.get_by_role("heading", name="Promote chat").first).to_be_in_viewport()
    await expect(page.locator(".entry:focus")).to_contain_text("Promote chat")


async def test_wide_tables_stay_readable_on_a_phone(visit: Visit, room: World) -> None:
    """Rows become blocks of whole words, a long sample is one line, and nothing overflows."""
    cells = ("chat", "RetriesExhausted", "2880", "5", "unchanged", "retry " * 60)
    header = ("Component", "Type", "Before", "After", "Known", "Sample")
    table = Table(
        caption=t("Error types"),
        header=tuple(t(name) for name in header),
        rows=(Row(cells=cells),),
    )
    await room.log.put("main", "errors", card("errors", "Errors", table=table), utc_now())
    page = await visit(room, 390)
    row = page.get_by_role("table", name="Error types").get_by_role("row").last
    await row.scroll_into_view_if_needed()
    box = await row.bounding_box()

    assert box is not None
    assert box["width"] < 390
    assert box["height"] < 120
    assert await row.get_by_role("cell").count() == len(cells)
    await row.locator("summary").focus()
    await page.keyboard.press("Enter")
    opened = await row.bounding_box()
    assert opened is not None
    assert opened["height"] > box["height"]
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
