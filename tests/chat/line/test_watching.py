"""Told one to one: who watches hears of failures alone, by a push that costs one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.line_bots import GROUP, REN, LineTwins, line_chat


@pytest.mark.parametrize(("line", "room"), [("release watch shop", GROUP), ("watch shop", REN)])
async def test_who_watches_is_told_of_a_failure(tmp_path: Path, line: str, room: str) -> None:
    """Without buttons; the group is told what it always is."""
    async with line_chat(tmp_path, twins=LineTwins("pay")) as chat:
        told = await chat.say(line, REN, room)
        await chat.press("Start", said=await chat.say("release start shop"))
        alone = await chat.stub.until(
            lambda sent: sent.to == REN and "pay/check-canary" in sent.said
        )
        await chat.until("has a regression")

    assert "You are told one to one about shop" in told.said
    assert alone.how == "push"
    assert '"style": "primary"' not in alone.said
    assert chat.stub.used % 3 == 1  # one for one person, three for the group


async def test_who_watches_no_longer_is_not_told(tmp_path: Path) -> None:
    """Said on LINE as well."""
    async with line_chat(tmp_path, twins=LineTwins("pay")) as chat:
        await chat.say("release watch shop", REN)
        told = await chat.say("release unwatch shop", REN)
        await chat.press("Start", said=await chat.say("release start shop"))
        await chat.until("has a regression")
        alone = [sent for sent in chat.stub.transcript if sent.to == REN]

    assert "You are no longer told about shop" in told.said
    assert alone == []
