"""Whoever types or presses something is told how it ended, for free and at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.chat.line.speaker import Speaker
from bot.chat.line.taps import PRESS, Tap
from bot.core.card import Card
from bot.core.inbound import Reply
from bot.core.value import text
from tests.support.bots import page_of
from tests.support.line_bots import (
    GROUP,
    KAI,
    MIKA,
    REN,
    STRANGER,
    Chat,
    LineTwins,
    line_chat,
    line_yml,
)


async def gate(chat: Chat) -> str:
    """A release that waits for the approval of its canary: what the button carries."""
    await chat.press("Start", said=await chat.say("release start shop"))
    return chat.stub.data("Approve", await chat.until("promote pay"))


async def approve(chat: Chat, data: str, user: str = REN) -> None:
    """Press, and say yes in the dialog."""
    await chat.press("Approve", user, said=await chat.tap(data, user))


@pytest.mark.scenario(4)
async def test_a_double_tap_acts_once(chat: Chat) -> None:
    """The second tap on Start is told who decided, with the release as it is now."""
    data = chat.stub.data("Start", await chat.say("release start shop"))
    first, second = (chat.stub.tap(GROUP, user, data) for user in (MIKA, REN))
    assert await chat.stub.post(first, second) == 200

    told = await chat.until("Already decided")
    assert "Started by Mika" in told.said
    live = await chat.bot.store.read(lambda tx: tx.live_heads())
    assert [head.id for head in live] == [1]


@pytest.mark.scenario(79)
@pytest.mark.scenario(13)
async def test_an_old_button_tells_who_decided(chat: Chat) -> None:
    """Nothing can be edited, so it stays pressable; the release as it is now comes along."""
    data = await gate(chat)
    await approve(chat, data)
    await chat.until("ended: done")

    told = await chat.tap(data, KAI)
    assert told.how == "reply"
    assert "Approved by Ren" in told.said
    assert "Release #1 of shop: done" in told.said


async def test_only_what_was_shown_counts_as_told(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply has five messages; a question that found no room in it is still pushed."""
    data = await gate(chat)
    await approve(chat, data)
    await chat.until("ended: done")
    title = text("question.gate.title", release=1, component="pay", candidate="2.0")
    states = {91: "closed", 92: "closed", 93: "asked", 94: "asked", 95: "asked"}
    asked = {
        f"release:1:question:{n}": Card(
            kind="question", release=1, state=state, title=title, text=title
        )
        for n, state in states.items()
    }
    marked: list[str] = []
    ended = asyncio.Event()
    close = chat.bot.intake.process

    async def process(*given: Any) -> Reply:
        reply = await close(*given)
        ended.set()
        return reply

    async def told(_: Speaker, key: str) -> None:
        marked.append(key)

    monkeypatch.setattr("bot.chat.line.fresh.cards", lambda *_: asked)
    monkeypatch.setattr(Speaker, "told", told)
    monkeypatch.setattr(chat.bot.intake, "process", process)
    shown = await chat.tap(data, KAI)
    await asyncio.wait_for(ended.wait(), 10)

    assert len(shown.messages) == 5
    assert marked == [f"group:release:1:question:{n}" for n in (93, 94)]


@pytest.mark.scenario(15)
@pytest.mark.scenario(20)
@pytest.mark.scenario(21)
async def test_refusals_name_who_may(chat: Chat) -> None:
    """The starter, somebody unknown, and somebody whom LINE hides approve nothing."""
    data = await gate(chat)

    assert "Who may: Kai, Ren" in (await chat.tap(data, MIKA)).said
    unlinked = await chat.tap(data, STRANGER)
    assert "belongs to nobody in release.yml" in unlinked.said
    hidden = await chat.tap(data, "")
    assert "LINE does not say who you are" in hidden.said
    asked = await chat.say("release status")
    assert "waiting for approval" in asked.said


async def test_the_status_brings_the_board_and_the_open_question(chat: Chat) -> None:
    """With buttons that work, since the old ones may be far up in the chat."""
    await gate(chat)
    asked = await chat.say("release status")

    assert [sent["altText"][:12] for sent in asked.messages] == ["Release #1 o", "Release #1 w"]
    assert chat.stub.data("Approve", asked)
    assert chat.stub.data("Pause", asked)


@pytest.mark.parametrize("line", ["errors since deploy", "Errors since deploy!"])
async def test_errors_need_no_wake_word(chat: Chat, line: str) -> None:
    """The one message that is read in every room."""
    assert "nothing can be counted" in (await chat.say(line)).said


async def test_people_may_talk_with_each_other(chat: Chat) -> None:
    """What is not for the bot is neither recorded nor answered; a mention or 1:1 is for it."""
    for line in ("good morning", "the release went well", "status", "approve"):
        assert await chat.stub.post(chat.stub.text(GROUP, MIKA, line)) == 200
    assert chat.stub.transcript == []

    me = {"index": 0, "length": 4, "type": "user", "isSelf": True}
    named = await chat.say("@bot status", mention={"mentionees": [me]})
    assert "Active releases: 0" in named.said
    alone = await chat.say("status", MIKA, MIKA)
    assert alone.to == MIKA
    assert "Active releases: 0" in alone.said


async def test_a_stranger_has_nothing_to_press_one_to_one(chat: Chat) -> None:
    """Whom release.yml does not know may look, so a button here would only be refused."""
    await gate(chat)
    board = await chat.say("status", STRANGER, STRANGER)
    form = await chat.say("start", STRANGER, STRANGER)
    data = chat.stub.data("Choose what to start", form)
    none = await chat.after(chat.stub.tap(STRANGER, STRANGER, data))

    assert "Release #1 waits for the approval of pay" in board.said
    assert '"Approve"' not in board.said
    assert "No target is released from here." in none.said


async def test_a_known_person_decides_one_to_one(chat: Chat) -> None:
    """The question stands there with its buttons, and what can be started is offered."""
    await gate(chat)
    board = await chat.say("status", REN, REN)
    form = await chat.say("start", REN, REN)
    some = await chat.after(chat.stub.tap(REN, REN, chat.stub.data("Choose what to start", form)))

    assert '"Approve"' in board.said
    assert "No target is released from here." not in some.said
    await chat.say("approve #1", REN, REN)
    assert "2 by people" in (await chat.until("ended: done")).said


async def test_any_text_said_alone_reaches_the_intake(chat: Chat) -> None:
    """Also one that is no command, such as a code that links an account."""
    assert "Not understood" in (await chat.say("ABCD-1234", STRANGER, STRANGER)).said


@pytest.mark.scenario(34)
@pytest.mark.parametrize("word", ["--force", "cart=--force", "cart=1.0;rm", "../../etc"])
async def test_words_that_could_be_options_reach_no_executor(chat: Chat, word: str) -> None:
    """They are refused by what may be a version, before anything is planned."""
    told = await chat.say(f"release start shop {word}")

    assert "Not understood" in told.said
    assert await chat.bot.store.read(lambda tx: tx.live_heads()) == []


async def test_a_foreign_button_is_stale(chat: Chat) -> None:
    """Whatever it carries, and whatever release it names."""
    for data in ("x", "p|approve||", "p|approve||v1|77|a/gate|abc|def", "d|no|logs|v1"):
        told = await chat.tap(data, REN)
        assert "No longer open" in told.said or "There is no release #77" in told.said


async def test_a_decision_elsewhere_is_seen_here(tmp_path: Path) -> None:
    """Approved in the web room: a button here tells so, and nothing is pushed for it."""
    async with line_chat(tmp_path) as chat, page_of(chat.bot, "ren") as page:
        data = await gate(chat)
        card = await page.question("promote")
        assert (await page.press(card, "Approve"))["outcome"] == "accepted"
        await chat.until("ended: done")
        assert "Approved by Ren" in (await chat.tap(data, KAI)).said


async def test_admins_see_the_quota(chat: Chat) -> None:
    """And nobody else needs it."""
    assert "left this month: 1000 of 1000" in (await chat.say("release whoami", KAI)).said
    assert "left this month" not in (await chat.say("release whoami", MIKA)).said


async def test_what_is_accepted_but_says_nothing_shows_the_board(chat: Chat) -> None:
    """After a moment in which the release might have said something by itself."""
    await gate(chat)
    told = await chat.say("release pause for lunch")

    assert told.how == "reply"
    assert "Release #1 of shop: paused" in told.said


async def test_a_draft_is_confirmed_by_its_own_author(chat: Chat) -> None:
    """Typed destructive commands are previewed."""
    await gate(chat)
    preview = await chat.say("release abort #1 because of rain")
    stale = await chat.press("Do it", REN, said=preview)
    assert "Only the person who typed it" in stale.said
    told = await chat.press("Do it", MIKA, said=preview)
    assert "aborted" in told.said


def test_buttons_are_ids_only() -> None:
    """Nothing in them is trusted, and everything fits."""
    assert Tap(kind=PRESS, verb="approve", value="v1|1|a|b|c").write() == "p|approve||v1|1|a|b|c"


async def test_errors_are_shown_as_bars(tmp_path: Path) -> None:
    """With the secret of the sample taken out, and its braces as they are."""
    async with line_chat(tmp_path, twins=LineTwins("cart")) as chat:
        await chat.press("Start", said=await chat.say("release start shop"))
        failed = await chat.until("has a regression")
        assert "{broke}" in failed.said
        assert "secret123" not in failed.said
        told = await chat.say("errors since deploy")
        assert "Boom" in told.said
        assert "100%" in told.said


async def test_an_open_question_is_told_once(tmp_path: Path) -> None:
    """Whether a reply or a push carries it: nobody gets the same question twice by itself."""
    async with line_chat(tmp_path, file=line_yml(confirm="each_step")) as chat:
        await chat.press("Start", said=await chat.say("release start shop"))
        for step in ("cart/deploy", "cart/restart", "pay/deploy"):
            before = await chat.until(f"Go for {step}?")
            await chat.press("Go", said=before)
        await chat.until("Go for pay/restart-canary?")
        titles = [
            sent.messages[index]["altText"]
            for sent in chat.stub.transcript
            for index in range(len(sent.messages))
            if "waits for the Go" in sent.messages[index].get("altText", "")
        ]

    assert len(titles) == len(set(titles)) == 4
