"""The whole example release in a second Slack, over a socket and over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.second_slack import MIRROR, USERS, SecondSlack, labels, title
from tests.support.slack_bots import slack_bot

STEP_CARDS = 9
"""Checks of the seven components, two of them canaried."""


async def _whole(folder: Path, slack: SecondSlack, mode: str) -> None:
    async with slack_bot(folder, slack, mode):
        await slack.command("mika", "start openchat")
        await slack.press("mika", await slack.question("Start release #1"), "Start")
        for name in ("chat", "gateway"):
            await slack.press("ren", await slack.question(f"promote {name}"), "Approve")
        await slack.see(lambda m: "3 by people" in m["text"] and "ended" in m["text"])
        await slack.see(lambda m: " · " in title(m) and "Finished" in m["text"])
        await slack.see(lambda m: "gateway/check is finished" in m["text"])
        await slack.see(lambda m: "is finished" in m["text"], MIRROR)
    _check_channel(await slack.messages())
    _check_calls(slack)
    heard = [m["text"] for m in await slack.messages(MIRROR)]
    assert [line.split()[-1] for line in heard] == ["gateway)", "(chat)", "gateway)"]


def _check_channel(messages: list[dict[str, Any]]) -> None:
    public = [m for m in messages if not m.get("ephemeral_to")]
    boards = [m for m in public if not m.get("thread_ts")]
    assert len(boards) == 1
    assert {m["thread_ts"] for m in public if m.get("thread_ts")} == {boards[0]["ts"]}
    assert [labels(m) for m in public if labels(m)] == []
    assert sum("error logs before and after" in title(m) for m in public) == STEP_CARDS
    gates = [m["text"] for m in public if "promote" in title(m)]
    assert ["Approved by Ren" in text for text in gates] == [True, True]


def _check_calls(slack: SecondSlack) -> None:
    proxy = slack.proxy
    loud = [c.args for c in proxy.made("chat.postMessage") if c.args.get("reply_broadcast")]
    assert [a["text"].split()[0] for a in loud] == ["Start", "#1:", "#1:", "Release"]
    called = [
        [e["user_id"] for b in args["blocks"] if b["type"] == "rich_text"
         for s in b["elements"] for e in s["elements"] if e["type"] == "user"]
        for args in loud
    ]  # fmt: skip
    # Whoever started may not approve, and is not called for it.
    others = [USERS["ren"], USERS["kai"]]
    assert called == [[USERS["mika"], *others], others, others, []]
    assert proxy.late == []


async def test_whole_release_over_a_socket(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Start to end with buttons; one board, edited in place; everything else in its thread."""
    await _whole(tmp_path, socket_slack, "socket")


async def test_whole_release_over_http(http_slack: SecondSlack, tmp_path: Path) -> None:
    """The same over signed requests: decisions and the result broadcast, people called once."""
    await _whole(tmp_path, http_slack, "events")
