"""Dialogs and the App Home in a second Slack: opened in time, sent, refused, and without one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.chat.slack.signature import sign
from tests.support.second_slack import CHANNEL, SECRET, TEAM, USERS, SecondSlack, labels, title
from tests.support.slack_bots import BROKEN, SMALL, release_yml, slack_bot


async def _to_gate(slack: SecondSlack) -> dict[str, Any]:
    await slack.command("mika", "start openchat")
    await slack.press("mika", await slack.question("Start release"), "Start")
    return await slack.question("promote chat")


def _blocks(found: dict[str, Any]) -> list[str]:
    return [block.get("block_id", block["type"]) for block in found["view"]["blocks"]]


async def test_start_without_arguments(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """The dialog opens at once, fills with versions, and what is chosen is planned."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket"), slack.screen() as screen:
        await slack.command("mika", "start")
        filled = await screen.until("view", lambda v: "c.chat" in str(v))
        await screen.send(
            "mika", {"c.chat": "=1.9", "c.auth": "=-", "confirm": "=each_step", "note": 'a "b"'}
        )
        card = await slack.question("Start release #1")
        board = await slack.board()

        assert "c.gateway" in str(filled)
        assert "chat, 1.0 → 1.9" in card["text"]
        assert "auth, 1.0 → 2.0" in card["text"]
        assert "before each step" in board["text"]
        assert "a 'b'" in board["text"]


async def test_a_decision_with_its_reason(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Reject asks why; who may not is told in the dialog; the reason stands on the card."""
    slack = socket_slack
    async with (
        slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)),
        slack.screen() as screen,
    ):
        gate = await _to_gate(slack)
        await slack.press("guest", gate, "Reject")
        await screen.until("view", lambda v: "reason" in str(v))
        await screen.send("guest", {"reason": "no"})
        errors = await screen.until("view_errors", lambda v: bool(v["errors"]))
        await slack.press("ren", gate, "Reject")
        await screen.until("view", lambda v: "reason" in str(v))
        await screen.send("ren", {"reason": "too <slow>"})
        closed = await slack.see(lambda m: "promote chat" in title(m) and not labels(m))

        assert "approver" in errors["errors"]["reason"]
        assert "Rejected by Ren" in closed["text"]
        assert "too &lt;slow&gt;" in closed["text"]


@pytest.mark.scenario(74)
async def test_a_dialog_that_cannot_open(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """An expired trigger: the same person reads the line that does the same, and it does."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        slack.proxy.faults.errors["views.open"].append("expired_trigger_id")
        await slack.press("ren", gate, "Reject")
        await slack.private("ren", "reject #1 chat/gate because")
        await slack.command("ren", "reject #1 chat/gate because of it")
        closed = await slack.see(lambda m: "promote chat" in title(m) and not labels(m))

        assert "Rejected by Ren" in closed["text"]


async def _shortcut(
    slack: SecondSlack, who: str, message: dict[str, Any], team: str = TEAM
) -> None:
    """The shortcut of a message, which the second Slack does not have: sent as Slack sends it."""
    payload = {
        "type": "message_action",
        "callback_id": "note_in_release",
        "trigger_id": "1.2.3",
        "user": {"id": USERS[who], "team_id": team},
        "team": {"id": TEAM},
        "channel": {"id": CHANNEL},
        "message": {"type": "message", "ts": message["ts"], "text": message["text"]},
    }
    body, moment = urlencode({"payload": json.dumps(payload)}).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": sign(SECRET, moment, body),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.proxy.bot_url, data=body, headers=headers) as answer,
    ):
        assert answer.status == 200


@pytest.mark.scenario(74)
async def test_a_note_dialog_that_cannot_open(http_slack: SecondSlack, tmp_path: Path) -> None:
    """The shortcut of a message is not silent either when its trigger has expired."""
    slack = http_slack
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        slack.proxy.faults.errors["views.open"].append("expired_trigger_id")
        await _shortcut(slack, "ren", gate)
        told = await slack.private("ren", "note #1")

    assert "could not be opened in time" in told["text"]


async def test_strangers_do_not_see_what_there_is_to_choose_from(
    http_slack: SecondSlack, tmp_path: Path
) -> None:
    """Targets, versions and live releases are not for guests and other workspaces."""
    slack = http_slack
    slack.proxy.profiles[USERS["guest"]] = {"is_ultra_restricted": True}
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        await _shortcut(slack, "guest", gate)
        await slack.private("guest", "may not use this bot")
        told = slack.proxy.made("response_url", "chat.postEphemeral")
        await slack.command("guest", "start")
        await slack.proxy.until(
            lambda: len(slack.proxy.made("response_url", "chat.postEphemeral")) > len(told)
        )
        await _shortcut(slack, "ren", gate, team="T9ELSEWHERE")
        await slack.private("ren", "may not use this bot")
        opened = [c for c in slack.proxy.calls if c.method == "views.open"]
        await _shortcut(slack, "ren", gate)
        await slack.proxy.until(lambda: slack.proxy.calls[-1].method == "views.open")

    assert opened == []


@pytest.mark.scenario(74)
async def test_a_start_dialog_that_cannot_be_filled(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """Nobody looks at a dialog that loads for ever; whoever closed it is left alone."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        slack.proxy.faults.errors["views.update"].append("not_found")
        await slack.command("mika", "start")
        await slack.proxy.until(lambda: not slack.proxy.faults.errors["views.update"])
        slack.proxy.faults.errors["views.update"].append("fatal_error")
        await slack.command("mika", "start")
        told = await slack.private("mika", "start openchat")
        answers = slack.proxy.made("response_url", "chat.postEphemeral")

    assert "could not be opened in time" in told["text"]
    assert len(answers) == 1


async def test_typed_destruction_is_previewed(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """A typed abort shows what it would do; pressed, the private preview goes away."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        await _to_gate(slack)
        await slack.command("kai", "abort because of the moon")
        preview = await slack.see(lambda m: bool(m.get("ephemeral_to")) and bool(labels(m)))
        await slack.press("kai", preview, "Do it")
        await slack.see(lambda m: "ended" in m["text"] and "aborted" in m["text"])
        await slack.proxy.until(
            lambda: any(c.args.get("delete_original") for c in slack.proxy.calls)
        )
        left = [m for m in await slack.messages() if m["ts"] == preview["ts"] and labels(m)]

        assert left == []


async def test_home_lists_what_i_watch_and_switches_it_off(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """My notifications, mine only, each with a button after which it is gone."""
    slack = socket_slack
    async with (
        slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot,
        slack.screen() as screen,
    ):
        await slack.command("ren", "watch openchat all")
        await slack.private("ren", "one to one")
        await slack.open_home("mika")
        await screen.until(
            "home", lambda h: h["user"] == USERS["mika"] and "watch nothing" in str(h)
        )
        await slack.open_home("ren")
        his = await screen.until("home", lambda h: "openchat (everything)" in str(h))
        await screen.act("ren", his, "Switch off")
        await screen.until(
            "home", lambda h: h["user"] == USERS["ren"] and "watch nothing" in str(h)
        )
        left = await bot.store.read(lambda tx: tx.watches_of("ren"))

        assert left == []


async def test_home_shows_what_waits_for_me(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Running releases, my questions with their buttons, and history; a press there decides."""
    slack = socket_slack
    async with (
        slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)),
        slack.screen() as screen,
    ):
        await _to_gate(slack)
        await slack.open_home("mika")
        mine = await screen.until("home", lambda h: h["user"] == USERS["mika"])
        await slack.open_home("ren")
        his = await screen.until("home", lambda h: "Approve" in str(h))
        await screen.act("ren", his, "Approve")
        await slack.see(lambda m: "Approved by Ren" in m["text"])

        assert "Nothing waits for you" in str(mine)
        assert "Release #1 of openchat" in str(his)
        assert "1.0 → 2.0" in str(his) or "chat 2.0" in str(his)


async def test_direct_messages_are_answered(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """The grammar works in the chat with the bot; to strangers it names the room."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        chat = (await slack.direct("ren"))["id"]
        await slack.say("ren", "errors since deploy", channel=chat)
        await slack.see(lambda m: m["user"] == "U0BOT", chat)
        guest = (await slack.direct("guest"))["id"]
        await slack.say("guest", "start openchat", channel=guest)
        refused = await slack.see(lambda m: "another room" in m["text"], guest)

        assert refused["user"] == "U0BOT"


async def test_a_thread_means_its_release(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """`@bot pause` in the thread of a release needs no number."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        await slack.say("ren", "<@U0BOT> note the thread says so", thread=gate["thread_ts"])
        told = await slack.private("ren", "Noted")

        assert told["text"] == "Noted in the journal of release #1."
        assert told.get("thread_ts") in {gate["thread_ts"], None}
        assert USERS["ren"] == told["ephemeral_to"]


@pytest.mark.scenario(33, 35)
async def test_a_regression_is_shown_and_rolled_back(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """Table and bars, the sample as data, and the way back behind a dialog."""
    slack = socket_slack
    async with (
        slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)),
        slack.screen() as screen,
    ):
        await slack.command("mika", f"start openchat chat={BROKEN}")
        await slack.press("mika", await slack.question("Start release"), "Start")
        question = await slack.question("has a regression")
        verdict = await slack.see(lambda m: "chat/check-canary: FAIL" in m["text"])
        await slack.command("mika", "errors since deploy")
        errors = await slack.private("mika", "Boom")
        await slack.press("ren", question, "Roll back chat")
        await screen.until("view", lambda v: "2.0-broken back to 1.0" in str(v))
        await screen.send("ren", {"reason": "it breaks"})
        ended = await slack.see(lambda m: "rolled back" in m["text"] and "ended" in m["text"])

        for message in (verdict, errors):
            kinds = [block["type"] for block in message["blocks"]]
            assert {"table", "data_visualization"} <= set(kinds)
            assert "secret123" not in str(message)
            assert "&lt;!channel&gt;" in message["text"]
            assert "mrkdwn" not in str(message["blocks"])
        assert "1.0" in ended["text"] or "rolled back" in ended["text"]
