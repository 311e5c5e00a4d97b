"""Lines that a button says, and the form that one opens, in a second Slack."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.slack import blocks, render
from bot.chat.texts import Words
from bot.core.card import Action, Card, Confirm
from bot.core.value import text
from bot.engine.cards import FORM, SAY
from tests.support.second_slack import SecondSlack, labels, title
from tests.support.slack_bots import SMALL, release_yml, slack_bot
from tests.support.slack_oracle import check_message


async def test_lines_are_said_and_the_form_opens(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """By whoever presses; what lacks a reason gets it in a dialog, and is then said with it."""
    slack = socket_slack
    async with (
        slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)),
        slack.screen() as screen,
    ):
        await slack.command("mika", "strat openchat")
        nearly = await slack.private("mika", "")
        await slack.press("mika", nearly, next(w for w in labels(nearly) if "start" in w))
        await slack.press("mika", await slack.question("Start release #1"), "Start")
        gate = await slack.question("promote chat")
        await slack.command("ren", "reject #1 chat/gate")
        bare = await slack.see(lambda m: "Say why" in labels(m))
        await slack.press("ren", bare, "Say why")
        asked = await screen.until("view", lambda v: "reason" in str(v))
        await screen.send("ren", {"reason": "too  slow"})
        closed = await slack.see(lambda m: m["ts"] == gate["ts"] and not labels(m))
        await slack.say("mika", "<@U0BOT> start")
        form = await slack.see(lambda m: "Choose what to start" in labels(m))
        await slack.press("mika", form, "Choose what to start")
        await screen.until("view", lambda v: "c.chat" in str(v))

    assert "reject #1" in str(asked)
    assert "too slow" in closed["text"]
    assert "promote chat" in title(closed)


def _card(*actions: Action) -> Card:
    return Card(kind="refusal", title=text("x"), text=text("x"), actions=actions)


@pytest.mark.parametrize(("length", "buttons"), [(75, 1), (76, 1), (2000, 1), (2001, 0)])
def test_a_long_line_is_shown_whole(length: int, buttons: int) -> None:
    """A button says at most 2,000 characters and shows 75; the line stands above it then."""
    line = "s" * length
    action = Action(verb=SAY, label=text("hint.try", line=line), value=line)
    made = render.message(_card(action), Words("UTC"))

    check_message(made)
    found = [b for block in made["blocks"] if block["type"] == "actions" for b in block["elements"]]
    assert len(found) == buttons
    shown = [block for block in made["blocks"] if block["type"] == "rich_text"]
    assert (line in str(shown)) is (length > blocks.BUTTON)


def test_what_opens_a_dialog_is_told_apart() -> None:
    """A line without a reason asks first; the form is a press like any other."""
    ask = Confirm(title=text("x"), body=text("x"), reason=True)
    card = _card(
        Action(verb=SAY, label=text("x"), value="reject #1", confirm=ask),
        Action(verb=FORM, label=text("x"), value="start"),
    )

    ids = [b["action_id"] for b in render.buttons(card, Words("UTC"))[0]["elements"]]
    assert ids == ["ask.say.0", "press.form.1"]
