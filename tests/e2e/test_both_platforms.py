"""One release in Slack and LINE at once: started in the one, approved in the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.chat.slack.platform import SlackPlatform
from bot.service import Bot
from bot.settings import Reloader, load
from tests.support import line_stub
from tests.support.line_bots import GROUP, KAI, REN, SHARED, Chat
from tests.support.line_stub import LineStub, running_line
from tests.support.provision import MissingProgramError
from tests.support.second_slack import MIRROR, SecondSlack, labels, second_slack
from tests.support.skipping import without
from tests.support.slack_bots import SlackTwins, environment, release_yml

TWO = {"chat": {"canary": "canary"}, "gateway": {"canary": "canary"}}
HEARERS = [{"room": "team", "share": "each"}, {"room": "shared", "share": "digest"}]


def _file() -> dict[str, Any]:
    file = release_yml(components=TWO, rooms=["release", "group"], share=HEARERS)
    file["rooms"]["group"] = {"kind": "line", "chat": GROUP}
    file["rooms"]["shared"] = {"kind": "line", "chat": SHARED}
    file["people"]["ren"]["line"] = REN
    file["people"]["kai"]["line"] = KAI
    return file


@asynccontextmanager
async def _bot(folder: Path, slack: SecondSlack, line: LineStub) -> AsyncIterator[Bot]:
    path = folder / "release.yml"
    await asyncio.to_thread(path.write_text, yaml.safe_dump(_file(), sort_keys=False))
    async with running_line(line) as url:
        environ = environment(folder, slack, "socket") | {
            "RELEASE_MASTER_LINE_CHANNEL_SECRET": line_stub.SECRET,
            "RELEASE_MASTER_LINE_CHANNEL_TOKEN": line_stub.TOKEN,
            "RELEASE_MASTER_LINE_API_URL": url,
        }
        bot = Bot(Reloader(lambda: load(path, environ)), SlackTwins())
        await bot.start(0)
        line.webhook = f"http://127.0.0.1:{bot.port}/line/webhook"
        try:
            async with asyncio.timeout(20):
                for platform in bot.platforms:
                    if isinstance(platform, SlackPlatform):
                        await platform.opened()
            yield bot
        finally:
            await bot.stop()
    assert line.refused == []
    assert slack.proxy.refused == []


def _says(word: str, message: dict[str, Any]) -> bool:
    return word in message["text"]


@pytest.fixture
async def slack() -> AsyncIterator[SecondSlack]:
    """A second Slack that speaks over Socket Mode."""
    try:
        async with second_slack("socket") as made:
            yield made
    except MissingProgramError as missing:
        without(missing)


@pytest.mark.thorough
async def test_one_release_in_both(slack: SecondSlack, tmp_path: Path) -> None:
    """A decision in LINE changes Slack's card; who is late hears on either side who decided."""
    line = LineStub()
    async with _bot(tmp_path, slack, line) as bot:
        chat = Chat(line, bot)
        await slack.command("mika", "start openchat")
        await slack.press("mika", await slack.question("Start release #1"), "Start")
        gate = await slack.question("promote chat")
        asked = await chat.until("promote chat")
        data = line.data("Approve", asked)
        await chat.press("Approve", REN, said=await chat.tap(data, REN))
        decided = await slack.see(lambda m: m["ts"] == gate["ts"] and not labels(m))
        late = await chat.tap(data, KAI)
        await slack.press("kai", gate, "Approve")
        own = await slack.private("kai", "Approved by Ren")
        asked = await chat.until("promote gateway")
        last = await chat.tap(line.data("Approve", asked), REN)
        await chat.press("Approve", REN, said=last)
        await chat.until("ended: done")
        await slack.see(lambda m: "ended: done" in m["text"])
        for name in ("chat", "gateway"):
            told = f"{name}: 2.0 is released"
            await slack.see(partial(_says, told), MIRROR)
        await line.until(lambda sent: sent.to == SHARED and "is finished" in sent.said)
        heard = await slack.messages(MIRROR)

    assert "Approved by Ren (on LINE)" in decided["text"]
    assert "Approved by Ren at" in late.said
    assert "Approved by Ren (on LINE)" in own["text"]
    shared = [sent.messages[0]["altText"] for sent in line.transcript if sent.to == SHARED]
    assert sorted(m["text"].partition(":")[0] for m in heard) == ["chat"] * 3 + ["gateway"] * 3
    assert [("begins" in s, "canary" in s, "is finished" in s) for s in shared] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
