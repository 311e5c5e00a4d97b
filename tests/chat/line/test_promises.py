"""Promises about clicks that cross each other or come late, on LINE, where old buttons stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.line_bots import GROUP, KAI, MIKA, REN, Chat, LineTwins, line_chat


async def gate(chat: Chat, release: int = 1) -> str:
    """A release that waits for the approval of its canary: what Approve carries."""
    before = len(chat.stub.transcript)
    await chat.press("Start", said=await chat.say("release start shop"))
    asked = await chat.until(f"#{release}: promote pay", before)
    return chat.stub.data("Approve", asked)


async def orders(chat: Chat, release: int = 1) -> list[str]:
    """The verbs of the accepted orders, as the journal has them."""
    rows = await chat.bot.store.read(lambda tx: list(tx.journal(release)))
    return [json.loads(row.body)["event"]["verb"] for row in rows if row.code == "order"]


@pytest.mark.scenario(3)
@pytest.mark.parametrize("abort_first", [True, False])
async def test_approve_against_abort(tmp_path: Path, *, abort_first: bool) -> None:
    """In one webhook: one order in the journal, and after an abort no call leaves."""
    twins = LineTwins()
    async with line_chat(tmp_path, twins=twins) as chat:
        yes = chat.stub.data("Approve", await chat.tap(await gate(chat), REN))
        board = await chat.say("release status #1")
        asked = await chat.tap(chat.stub.data("Abort", board), KAI)
        abort = chat.stub.tap(GROUP, KAI, chat.stub.data("Abort", asked))
        taps = [abort, chat.stub.tap(GROUP, REN, yes)]
        before = len(twins.world.started)
        assert await chat.stub.post(*(taps if abort_first else reversed(taps))) == 200
        ended = await chat.until("ended: ")
        accepted = await orders(chat)
        called = len(twins.world.started) - before

    assert "ended: aborted" in ended.said
    assert accepted in (["start", "abort"], ["start", "approve", "abort"])
    assert called <= accepted.count("approve")


@pytest.mark.scenario(12)
async def test_a_button_of_the_release_before_changes_nothing(chat: Chat) -> None:
    """Pressed while the next release of the same component waits: over, and that one waits on."""
    old = await gate(chat)
    await chat.press("Approve", REN, said=await chat.tap(old, REN))
    await chat.until("#1 of shop ended: done")
    board = await chat.say("release rollback #1 because of the next one", REN)
    await chat.press("Do it", REN, said=board)
    await chat.until("ended: ", len(chat.stub.transcript) - 1)
    new = await gate(chat, 3)
    told = await chat.tap(old, KAI)

    assert old != new
    assert "Approved by Ren" in told.said
    assert "has ended" in told.said
    assert "#3" in (await chat.say("release status")).said
    assert await orders(chat, 3) == ["start"]


@pytest.mark.scenario(9)
async def test_a_click_that_was_held_up_is_judged_by_the_state(chat: Chat) -> None:
    """Delivered for the first time long after it was pressed: what it asked is over by then."""
    data = chat.stub.data("Start", await chat.say("release start shop"))
    held_up = chat.stub.tap(GROUP, MIKA, data) | {"deliveryContext": {"isRedelivery": True}}
    cancelled = chat.stub.data("Cancel the release")
    assert "ended: aborted" in (await chat.tap(cancelled, REN)).said
    told = await chat.after(held_up)

    assert "has ended" in told.said
    assert "Ren" in told.said
    assert await chat.bot.store.read(lambda tx: tx.live_heads()) == []
