"""Dialogs on LINE: a confirm template, a reason by tap or by message, and a moment by picker."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.chat.line import dialogs
from bot.chat.line.dialogs import zoned
from tests.support.line_bots import GROUP, KAI, MIKA, REN, Chat


async def gate(chat: Chat) -> str:
    """A release that waits for the approval of its canary: what Reject carries."""
    await chat.press("Start", said=await chat.say("release start shop"))
    return chat.stub.data("Reject", await chat.until("promote pay"))


async def test_approving_is_confirmed_or_kept(chat: Chat) -> None:
    """The dialog says what would happen; keeping changes nothing."""
    await gate(chat)
    asked = await chat.press("Approve", REN)
    template = asked.messages[0]["template"]

    assert template["text"].endswith("All hosts of pay go from 1.0 to 2.0.")
    assert [action["label"] for action in template["actions"]] == ["Approve", "Keep"]
    kept = await chat.press("Keep", REN, said=asked)
    assert "Nothing was changed" in kept.said
    assert "waiting for approval" in (await chat.say("release status")).said


async def test_a_reason_may_be_tapped(chat: Chat) -> None:
    """The usual ones are quick replies."""
    asked = await chat.tap(await gate(chat), REN)
    items = asked.messages[0]["quickReply"]["items"]
    assert [item["action"]["label"] for item in items][-1] == "Keep"

    told = await chat.press("Errors in the logs", REN, said=asked)
    assert "promotion of pay was rejected" in told.said
    assert "Rejected by Ren: Errors in the logs" in told.said


async def test_a_reason_may_be_typed(chat: Chat) -> None:
    """The next message of the same person is the reason; others may go on talking."""
    await chat.tap(await gate(chat), REN)
    assert await chat.stub.post(chat.stub.text(GROUP, MIKA, "shall we?")) == 200
    before = len(chat.stub.transcript)
    await chat.say("the {latency} is too high", REN)

    told = await chat.until("was rejected", before)
    assert "Rejected by Ren: the {latency} is too high" in told.said
    assert await chat.stub.post(chat.stub.text(GROUP, REN, "and now?")) == 200
    assert "Active releases" in (await chat.say("release status all", REN)).said


async def test_a_command_is_no_reason(chat: Chat) -> None:
    """Who calls the bot by its name wants something else; the reason may still follow."""
    await chat.tap(await gate(chat), REN)

    assert "waiting for approval" in (await chat.say("release status", REN)).said
    assert "was rejected" in (await chat.say("too slow", REN)).said


async def test_a_reason_that_comes_too_late_is_just_talk(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two minutes later people talk about something else."""
    await chat.tap(await gate(chat), REN)
    monkeypatch.setattr(dialogs, "WITHIN", timedelta(0))
    before = len(chat.stub.transcript)
    assert await chat.stub.post(chat.stub.text(GROUP, REN, "lunch?")) == 200

    assert len(chat.stub.transcript) == before
    assert "waiting for approval" in (await chat.say("release status", REN)).said


async def test_who_may_not_is_refused_before_any_dialog(chat: Chat) -> None:
    """Nobody types a reason for nothing."""
    await gate(chat)

    assert "does not approve its promotions" in (await chat.press("Approve", MIKA)).said


async def test_a_dialog_of_something_over_is_refused(chat: Chat) -> None:
    """What the dialog asked is checked again when it is answered."""
    reject = await gate(chat)
    asked = await chat.tap(reject, KAI)
    await chat.press("Approve", REN, said=await chat.press("Approve", REN))
    await chat.until("ended: done")

    told = await chat.press("Wrong version", KAI, said=asked)
    assert "Approved by Ren" in told.said


@pytest.mark.scenario(14)
async def test_one_person_twice_is_one_approval(chat: Chat) -> None:
    """The same answer pressed in two dialogs of two devices counts once."""
    await gate(chat)
    card = chat.stub.data("Approve")
    first, second = [await chat.tap(card, REN) for _ in range(2)]
    yes = chat.stub.data("Approve", first)
    assert yes == chat.stub.data("Approve", second)
    assert await chat.stub.post(*(chat.stub.tap(GROUP, REN, yes) for _ in range(2))) == 200

    await chat.until("ended: done")
    assert sum("ended: done" in sent.said for sent in chat.stub.transcript) == 1


async def test_errors_between_two_picked_moments(chat: Chat) -> None:
    """The picker knows no zone: the moment is read in the room's, and said with its offset."""
    asked = await chat.say("release errors between")
    items = asked.messages[-1]["quickReply"]["items"]
    first = next(i["action"] for i in items if i["action"]["type"] == "datetimepicker")
    second = await chat.tap(first["data"], datetime="2026-08-06T10:00")
    until = second.messages[0]["quickReply"]["items"][0]["action"]
    assert "2026-08-06T10:00+00:00" in second.said

    told = await chat.tap(until["data"], datetime="2026-08-06T11:00")
    assert "Errors of shop" in told.said


async def test_a_pick_without_a_moment_is_answered(chat: Chat) -> None:
    """No press is silent, whatever LINE sent along with it."""
    asked = await chat.say("release errors between")
    items = asked.messages[-1]["quickReply"]["items"]
    picker = next(i["action"] for i in items if i["action"]["type"] == "datetimepicker")
    told = await chat.tap(picker["data"], datetime="soon")

    assert "nothing was changed" in told.said


def test_a_picked_moment_gets_the_zone_s_offset() -> None:
    """Whatever cannot be read is nothing."""
    assert zoned("2026-08-06T10:00", "Asia/Tokyo") == "2026-08-06T10:00+09:00"
    assert zoned("2026-12-06T10:00", "America/New_York") == "2026-12-06T10:00-05:00"
    assert zoned("yesterday", "UTC") == ""
