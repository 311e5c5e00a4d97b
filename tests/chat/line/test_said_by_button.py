"""Lines that a button says, and the targets that the start button offers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat.line.dialogs import choose_target
from bot.chat.line.render import Renderer
from bot.chat.texts import Words
from bot.core.card import Action, Card, Confirm
from bot.core.value import text
from bot.engine.cards import SAY
from tests.support.line_bots import REN, Chat
from tests.support.line_rules import complaints

SAY_IT = Words("UTC")


def _actions(said: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    foot = said[-1]["contents"]["footer"]["contents"]
    return {button["action"]["label"]: button["action"] for button in foot}


async def test_a_suggested_line_is_one_tap_away(chat: Chat) -> None:
    """The person who taps says it, with the word that wakes the bot in a group."""
    told = await chat.say("release strat shop")
    line = _actions(told.messages)["start shop"]

    assert line == {"type": "message", "label": "start shop", "text": "release start shop"}
    assert "Start release #1" in (await chat.say(line["text"])).said


async def test_the_form_lists_the_targets(chat: Chat) -> None:
    """Each of them is started by one tap."""
    told = await chat.say("release start")
    form = _actions(told.messages)["Choose what to start"]
    listed = await chat.tap(form["data"])
    first = listed.messages[0]["quickReply"]["items"][0]["action"]

    assert first == {"type": "message", "label": "shop", "text": "release start shop"}


@pytest.mark.parametrize("tapped", [True, False])
async def test_a_missing_reason_is_asked_for(chat: Chat, *, tapped: bool) -> None:
    """Tapped, or typed as the next message; then the whole line is said."""
    await chat.press("Start", said=await chat.say("release start shop"))
    await chat.until("promote pay")
    told = await chat.say("release reject #1 pay/gate", REN)
    asked = await chat.press("Say why", REN, said=told)
    if tapped:
        labels = [item["action"]["label"] for item in asked.messages[0]["quickReply"]["items"]]
        await chat.press(labels[0], REN, said=asked)
    else:
        await chat.say("too slow", REN)

    told = await chat.until("Release #1 of shop: paused")
    assert "too slow" in told.said or tapped
    assert "Rejected by Ren" in told.said


@pytest.mark.parametrize(("length", "buttons"), [(20, 1), (21, 1), (292, 1), (293, 0)])
@pytest.mark.parametrize("asks", [True, False])
def test_a_long_line_is_shown_whole(length: int, buttons: int, *, asks: bool) -> None:
    """A button says at most 300 units and shows 20; the line stands above it then."""
    line = "s" * length
    ask = Confirm(title=text("x"), body=text("x"), reason=True) if asks else None
    action = Action(verb=SAY, label=text("hint.try", line=line), value=line, confirm=ask)
    card = Card(kind="refusal", title=text("x"), text=text("x"), actions=(action,))
    message = Renderer(SAY_IT).message(card)
    body, foot = message["contents"]["body"], message["contents"].get("footer")

    assert complaints([message]) == []
    assert (foot is not None) is bool(buttons and (not asks or length < 292))
    assert (line in str(body)) is (length > 20)


@pytest.mark.parametrize("count", [0, 1, 13, 40])
def test_every_target_can_be_chosen(count: int) -> None:
    """Thirteen by a tap, the others are written out."""
    message = choose_target([f"t{n}" for n in range(count)], SAY_IT)

    assert complaints([message]) == []
    assert all(f"start t{n}" in str(message) for n in range(count))
