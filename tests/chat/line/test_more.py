"""[More]: what is cut short at first can be seen whole, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat.line import more
from bot.chat.line.taps import MORE, Tap, read
from tests.support.line_bots import MIKA, REN, STRANGER, Chat, LineTwins, line_chat, line_yml
from tests.support.line_stub import Sent


def bubbles(sent: Sent) -> int:
    """How many bubbles stand beside each other."""
    return len(sent.messages[0]["contents"].get("contents", []))


def test_a_button_names_a_card_of_a_release() -> None:
    """By number and slot; other keys and slots that are too long have no button."""
    found = read(more.of_card("release:42:check:chat/check"))

    assert found == Tap(kind=MORE, verb=more.CARD, value="42|check:chat/check")
    assert more.of_card("said:7") == ""
    assert more.of_card("") == ""
    assert more.of_card(f"release:42:check:{'x' * 300}") == ""


async def test_errors_are_seen_whole(tmp_path: Path) -> None:
    """Three types at first, with the bars; all of them behind [More], and for anybody."""
    twins = LineTwins()
    async with line_chat(tmp_path, twins=twins) as chat:
        await chat.say("release errors since 1h of pay")
        at = datetime.now(UTC) - timedelta(seconds=5)
        assert twins.logs is not None
        for number in range(17):
            twins.logs.add("pay", at, "ERROR", f"Boom{number:02}", host="pay-1")
        first = await chat.say("release errors since 1h of pay")
        whole = await chat.press("More", STRANGER, said=first)

    assert "+7 …" in first.said  # of the ten that a card has
    assert "Boom16" not in first.said
    assert bubbles(whole) == 4
    assert all(f"Boom{number:02}" in whole.said for number in range(17))
    assert whole.how == "reply"


async def test_a_board_of_many_is_seen_whole(tmp_path: Path) -> None:
    """Twelve components at first; the button works for as long as there is a release."""
    names: dict[str, dict[str, str]] = {f"c-{number:02}": {} for number in range(30)}
    async with line_chat(tmp_path, file=line_yml(components=names)) as chat:
        asked = await chat.say("release start shop")
        whole = await chat.press("More", REN, said=asked)
        await chat.press("Cancel the release", said=asked)
        again = await chat.press("More", REN, said=asked)

    assert "+18 …" in asked.said
    assert all(name in whole.said for name in names)
    assert again.said == whole.said


async def test_the_history_and_the_plan_are_leafed_through(chat: Chat) -> None:
    """A bubble for each release, and for each component."""
    for _ in range(2):
        asked = await chat.say("release start shop")
        await chat.press("Cancel the release", said=asked)
    history = await chat.say("release history")
    plan = await chat.say("release plan shop")

    assert bubbles(history) == 2
    assert "#2" in json.dumps(history.messages[0]["contents"]["contents"][0])
    assert bubbles(plan) == 3  # what it brings, and two components
    assert "1.0 → 2.0" in plan.said


@pytest.mark.parametrize(
    ("verb", "value"),
    [
        ("say", "start shop"),
        ("say", "link"),
        ("say", "unwatch"),
        ("say", "what?"),
        (more.CARD, "1|board"),
        (more.CARD, "1|check:nothing/there"),
        (more.CARD, "x|board"),
        (more.CARD, "9" * 30 + "|board"),
        ("approve", "v1|1|a|b|c"),
        ("", ""),
    ],
)
async def test_only_what_can_be_looked_at_is_shown(chat: Chat, verb: str, value: str) -> None:
    """A button that the bot never made does nothing."""
    told = await chat.tap(Tap(kind=MORE, verb=verb, value=value).write(), MIKA)

    assert "not valid any more" in told.said or "is over" in told.said
    assert await chat.bot.store.read(lambda tx: tx.live_heads()) == []


async def test_a_foreign_group_sees_nothing(chat: Chat) -> None:
    """A chat that release.yml does not name learns its id only."""
    await chat.say("release start shop")
    foreign = "C" + "9" * 32
    event = chat.stub.tap(foreign, MIKA, more.of_card("release:1:board"))
    assert await chat.stub.post(event) == 200

    told = await chat.stub.until(lambda sent: sent.to == foreign)
    assert f"its id is {foreign}" in told.said
