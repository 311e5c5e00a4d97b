"""Said to the bot one to one on Slack: whoever release.yml knows decides there, the room hears."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.transition import load
from tests.support.second_slack import BOT, SecondSlack, labels, title
from tests.support.slack_bots import SMALL, release_yml, slack_bot


async def test_a_release_is_driven_from_the_chat_with_the_bot(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """Start, approve and a destructive line work there; the board stands in the channel."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        mika, ren = (await slack.direct("mika"))["id"], (await slack.direct("ren"))["id"]
        await slack.say("mika", "start openchat", channel=mika)
        await slack.press("mika", await slack.question("Start release"), "Start")
        gate = await slack.question("promote chat")
        await slack.say("ren", "pause", channel=ren)
        board = await slack.see(lambda m: " · " in title(m) and "Resume" in labels(m))
        await slack.say("ren", "resume", channel=ren)
        await slack.see(lambda m: " · " in title(m) and "Pause" in labels(m))
        await slack.say("ren", "rollback", channel=ren)
        draft = await slack.see(lambda m: "Keep" in str(labels(m)), channel=ren)
        await slack.press("ren", draft, "Keep")
        await slack.see(lambda m: "othing was changed" in m["text"], channel=ren)
        await slack.say("ren", "approve", channel=ren)
        closed = await slack.see(lambda m: m["ts"] == gate["ts"] and not labels(m))
        await slack.see(lambda m: "ended" in m["text"])
        release = await bot.store.read(lambda tx: load(tx, 1))

        assert "Approved by Ren" in closed["text"]
        assert board["channel"] == gate["channel"]
        assert release is not None
        assert release.home == "release"


@pytest.mark.scenario(15, 18)
async def test_roles_are_the_same_one_to_one(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Neither the starter nor somebody whom release.yml does not know approves there."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        await slack.command("mika", "start openchat")
        await slack.press("mika", await slack.question("Start release"), "Start")
        gate = await slack.question("promote chat")
        told = {}
        for who in ("mika", "guest"):
            chat = (await slack.direct(who))["id"]
            await slack.say(who, "approve #1", channel=chat)
            told[who] = await slack.see(lambda m: m["user"] == BOT, channel=chat)

        assert "Whoever started" in told["mika"]["text"]
        assert "another room" in told["guest"]["text"]
        assert labels(await slack.see(lambda m: m["ts"] == gate["ts"])) != []
