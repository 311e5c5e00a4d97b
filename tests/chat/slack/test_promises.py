"""Promises about plans that change, silence, and going on in spite of a fail, on Slack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.second_slack import USERS, SecondSlack, labels, title
from tests.support.slack_bots import BROKEN, SMALL, release_yml, slack_bot


@pytest.mark.scenario(4)
async def test_a_start_typed_twice_shows_the_one_release(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """The second one is told privately whose release it is, and shows it by one press."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        await slack.command("mika", "start openchat")
        await slack.question("Start release #1")
        await slack.command("mika", "start openchat")
        told = await slack.see(lambda m: bool(m.get("ephemeral_to")) and "#1" in str(labels(m)))
        [show] = labels(told)
        await slack.press("mika", told, show)
        shown = await slack.see(
            lambda m: bool(m.get("ephemeral_to")) and "Release #1 · openchat" in title(m)
        )
        live = await bot.store.read(lambda tx: tx.live_heads())

        assert "Mika" in told["text"]
        assert "planned" in shown["text"]
        assert [head.id for head in live] == [1]


@pytest.mark.scenario(22)
async def test_a_changed_plan_is_asked_for_again(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """The yes to the old plan is void, its card is dead, and the new one shows the difference."""
    slack = socket_slack
    file = release_yml(**SMALL, start_approvals=2)
    async with slack_bot(tmp_path, slack, "socket", file=file) as bot:
        await slack.command("mika", "start openchat")
        old = await slack.question("Start release #1")
        await slack.press("mika", old, "Start")
        await slack.see(lambda m: "1 of 2" in m["text"])
        await slack.command("ren", "plan #1 chat=1.9")
        new = await slack.see(lambda m: "The plan has changed" in m["text"] and bool(labels(m)))
        await slack.press("ren", old, "Start")
        stale = await slack.private("ren", "not needed any more")
        dead = [m for m in await slack.messages() if m["ts"] == old["ts"]]
        live = await bot.store.read(lambda tx: tx.live_heads())

        assert stale
        assert "1.0 → 1.9" in new["text"]
        assert "0 of 2" in new["text"]
        assert [labels(m) for m in dead] == [[]]
        assert [head.phase for head in live] == ["planned"]


@pytest.mark.scenario(23)
async def test_silence_pauses_and_never_approves(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Whoever started it is mentioned, the card is dead, and a late press approves nothing."""
    slack = socket_slack
    file = release_yml(**SMALL, expires="700ms", reminders=[])
    async with slack_bot(tmp_path, slack, "socket", file=file) as bot:
        await slack.command("mika", "start openchat")
        await slack.press("mika", await slack.question("Start release"), "Start")
        gate = await slack.question("promote chat")
        told = await slack.see(lambda m: "nobody answered in time" in m["text"])
        closed = await slack.see(lambda m: "promote chat" in title(m) and not labels(m))
        await slack.press("ren", gate, "Approve")
        late = await slack.see(lambda m: m.get("ephemeral_to") == USERS["ren"])
        live = await bot.store.read(lambda tx: tx.live_heads())
        posts = [call.args for call in slack.proxy.made("chat.postMessage")]

        assert any(USERS["mika"] in str(post) and "nobody answered" in str(post) for post in posts)
        assert told["ts"] != gate["ts"]
        assert closed["ts"] == gate["ts"]
        assert "Approved" not in late["text"]
        assert [head.phase for head in live] == ["paused"]


@pytest.mark.scenario(24)
async def test_going_on_in_spite_of_a_fail_is_for_admins_with_a_reason(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """An approver is refused; an admin says why, everybody hears it, and the board keeps it."""
    slack = socket_slack
    async with (
        slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)),
        slack.screen() as screen,
    ):
        await slack.command("mika", f"start openchat {BROKEN}")
        await slack.press("mika", await slack.question("Start release"), "Start")
        failed = await slack.see(lambda m: "Go on anyway" in labels(m))
        await slack.press("ren", failed, "Go on anyway")
        await screen.until("view", lambda v: "reason" in str(v))
        await screen.send("ren", {"reason": "I want to"})
        refused = await screen.until("view_errors", lambda v: bool(v["errors"]))
        await slack.press("kai", failed, "Go on anyway")
        await screen.until("view", lambda v: "reason" in str(v))
        await screen.send("kai", {"reason": ""})
        empty = await screen.until("view_errors", lambda v: "admin" not in str(v["errors"]))
        await screen.send("kai", {"reason": "known, harmless"})
        told = await slack.see(lambda m: "Kai went on in spite of chat" in m["text"])
        board = await slack.see(lambda m: " · " in title(m) and "known, harmless" in m["text"])
        posts = [call.args for call in slack.proxy.made("chat.postMessage")]
        broadcast = [p for p in posts if "went on in spite" in p["text"]]

        assert "admin" in str(refused["errors"])
        assert empty["errors"]
        assert "known, harmless" in told["text"]
        assert "Kai" in board["text"]
        assert [bool(post.get("reply_broadcast")) for post in broadcast] == [True]
