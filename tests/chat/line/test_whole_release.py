"""A whole release from a LINE group: typed, pressed, approved, and told what is worth it."""

from __future__ import annotations

from pathlib import Path

from tests.support.line_bots import MIKA, REN, line_chat


async def test_a_release_is_driven_from_a_line_group(tmp_path: Path) -> None:
    """Start by text, approve by button, and hear the end; nothing else is pushed."""
    async with line_chat(tmp_path) as chat:
        asked = await chat.say("release start shop")
        await chat.press("Start", said=asked)
        gate = await chat.until("promote pay")
        confirm = await chat.press("Approve", REN, said=gate)
        assert confirm.messages[0]["template"]["type"] == "confirm"
        await chat.press("Approve", REN, said=confirm)
        end = await chat.until("ended: done")

        told = [(sent.how, sent.messages[0].get("altText", "")) for sent in chat.stub.transcript]
    assert asked.how == "reply"
    assert "2 components" not in asked.said
    assert asked.messages[0]["contents"]["footer"]["contents"][0]["action"]["label"] == "Start"
    assert end.how in {"reply", "push"}
    assert len(told) <= 6, told
    assert MIKA not in end.said
