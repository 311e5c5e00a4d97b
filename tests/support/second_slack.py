"""A second Slack, walled off, and people who type and press in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.provision import require
from tests.support.slack_proxy import FaultProxy

TEAM, BOT, CHANNEL, MIRROR = "T01ACME", "U0BOT", "C01RELEASE", "C02MIRROR"
BOT_TOKEN, APP_TOKEN = "xoxb-test-token-0123456789", "xapp-test-token-0123456789"
SECRET = "signing-secret-0123456789abcdef"
REQUEST_PORT = 3999
"""A port of the walled-off loopback."""
USERS = {"mika": "U01MIKA", "ren": "U02REN", "kai": "U03KAI", "guest": "U04GUEST"}
MAILS = {"mika": "mika@example.com", "ren": "ren@example.com"}


def configuration(mode: str) -> dict[str, Any]:
    """The workspace: four people, two channels, and the bot in both."""
    users = [
        {"id": user, "name": name, "real_name": name.title(), "email": MAILS.get(name, "")}
        for name, user in USERS.items()
    ]
    members = [*USERS.values(), BOT]
    return {
        "workspace": {"name": "Acme", "domain": "acme", "teamId": TEAM},
        "app": {
            "appId": "A01APP",
            "botUserId": BOT,
            "botName": "releasemaster",
            "botToken": BOT_TOKEN,
            "appToken": APP_TOKEN,
            "signingSecret": SECRET,
            "mode": mode,
            "requestUrl": f"http://127.0.0.1:{REQUEST_PORT}/slack/events",
        },
        "users": users,
        "channels": [
            {"id": CHANNEL, "name": "release", "members": members},
            {"id": MIRROR, "name": "mirror", "members": members},
        ],
    }


class SecondSlack:
    """What people do in the workspace, and what they see."""

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        self.api_url = f"http://localhost:{proxy.port}/api/"

    async def command(self, who: str, line: str, channel: str = CHANNEL) -> None:
        """Type `/release LINE`."""
        await self._do("command", channel=channel, user=USERS[who], command="/release", text=line)

    async def say(self, who: str, line: str, channel: str = CHANNEL, thread: str = "") -> str:
        """Type a message; returns its time stamp."""
        extra = {"thread_ts": thread} if thread else {}
        done = await self._do("message", channel=channel, user=USERS[who], text=line, **extra)
        return str(done["message"]["ts"])

    async def press(self, who: str, message: dict[str, Any], label: str) -> None:
        """Press the button with this label."""
        action = button(message, label)
        await self._do(
            "interact",
            channel=message["channel"],
            messageTs=message["ts"],
            user=USERS[who],
            action=action,
        )

    async def open_home(self, who: str) -> None:
        """Look at the App Home."""
        await self._do("open-home", user=USERS[who])

    async def edit(self, who: str, moment: str, line: str, channel: str = CHANNEL) -> None:
        """Edit one's own message."""
        await self._do("edit-message", channel=channel, ts=moment, user=USERS[who], text=line)

    async def messages(self, channel: str = CHANNEL) -> list[dict[str, Any]]:
        """Everything in the channel, private messages included."""
        url = f"http://slack/_control/messages/{channel}"
        async with self.proxy.slack.get(url) as answer:
            found: list[dict[str, Any]] = (await answer.json())["messages"]
            return found

    async def see(
        self, wanted: Callable[[dict[str, Any]], bool], channel: str = CHANNEL
    ) -> dict[str, Any]:
        """The first message for which this holds, now or later."""
        async with asyncio.timeout(20):
            while True:
                self.proxy.changed.clear()
                for message in await self.messages(channel):
                    if wanted(message):
                        return message
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self.proxy.changed.wait()

    async def question(self, word: str, channel: str = CHANNEL) -> dict[str, Any]:
        """The open question whose title holds this word."""
        return await self.see(lambda m: word in title(m) and bool(labels(m)), channel)

    async def board(self, channel: str = CHANNEL) -> dict[str, Any]:
        """The board of the newest release."""
        return await self.see(lambda m: " · " in title(m) and not m.get("thread_ts"), channel)

    async def private(self, who: str, word: str, channel: str = CHANNEL) -> dict[str, Any]:
        """A message that only this person sees."""
        return await self.see(
            lambda m: m.get("ephemeral_to") == USERS[who] and word in m["text"], channel
        )

    async def direct(self, who: str) -> dict[str, Any]:
        """The chat of somebody with the bot."""
        form = {"token": BOT_TOKEN, "users": USERS[who]}
        url = "http://slack/api/conversations.open"
        async with self.proxy.slack.post(url, data=form) as answer:
            found: dict[str, Any] = (await answer.json())["channel"]
            return found

    async def remove(self, message: dict[str, Any]) -> None:
        """Take a message of the bot away, as an administrator can."""
        form = {"token": BOT_TOKEN, "channel": message["channel"], "ts": message["ts"]}
        async with self.proxy.slack.post("http://slack/api/chat.delete", data=form) as answer:
            assert (await answer.json())["ok"]

    async def as_bot(self, line: str, channel: str = CHANNEL) -> None:
        """Something that the bot's own account says."""
        await self._do("message", channel=channel, user=BOT, text=line)

    async def _do(self, what: str, **body: Any) -> dict[str, Any]:
        async with self.proxy.slack.post(f"http://slack/_control/{what}", json=body) as answer:
            found: dict[str, Any] = await answer.json()
            assert answer.status == 200, found
            return found

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[Screen]:
        """A person's client with its dialogs."""
        async with self.proxy.slack.ws_connect("http://slack/ui") as page:
            yield Screen(page)


class Screen:
    """What a client is sent: dialogs, home, messages."""

    def __init__(self, page: Any) -> None:
        self._page = page

    async def until(self, kind: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next thing of this kind for which this holds."""
        async with asyncio.timeout(20):
            async for message in self._page:
                found: dict[str, Any] = json.loads(message.data)
                if found.get("t") == kind and wanted(found):
                    return found
        raise AssertionError("the screen went dark")

    async def act(self, who: str, home: dict[str, Any], label: str) -> None:
        """Press a button of the App Home."""
        action = next(
            element
            for block in home["view"]["blocks"]
            for element in (*block.get("elements", ()), block.get("accessory", {}))
            if element.get("type") == "button" and element["text"]["text"] == label
        )
        sent = {"t": "block_action", "user": USERS[who], "action": action, "appId": "A01APP"}
        await self._page.send_json({**sent, "channel": "", "messageTs": ""})

    async def send(self, who: str, values: dict[str, Any]) -> None:
        """Send the dialog on top: block id -> what was typed or chosen."""
        shaped = {
            block: {
                block: {"type": "static_select", "selected_option": {"value": said[1:]}}
                if said.startswith("=")
                else {"type": "plain_text_input", "value": said}
            }
            for block, said in values.items()
        }
        await self._page.send_json({"t": "view_submit", "user": USERS[who], "values": shaped})


def title(message: dict[str, Any]) -> str:
    """The header of a message; empty when it has none."""
    blocks = message.get("blocks") or []
    return str(blocks[0]["text"]["text"]) if blocks and blocks[0]["type"] == "header" else ""


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a message, with the ids that Slack gives to blocks."""
    return [
        element | {"block_id": block.get("block_id", f"b{number}")}
        for number, block in enumerate(message.get("blocks") or [])
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def labels(message: dict[str, Any]) -> list[str]:
    """What the buttons say."""
    return [element["text"]["text"] for element in buttons(message)]


def button(message: dict[str, Any], label: str) -> dict[str, Any]:
    """The button with this label."""
    return next(b for b in buttons(message) if b["text"]["text"] == label)


@asynccontextmanager
async def second_slack(mode: str) -> AsyncIterator[SecondSlack]:
    """Run a second Slack behind the fault proxy; `mode` is socket or events.

    Raises MissingProgramError when it was not provisioned.
    """
    program = require("slack")
    with tempfile.TemporaryDirectory(prefix="slack-", dir="/tmp") as name:
        folder = Path(name)
        file, inside, outside = folder / "config.yaml", folder / "in", folder / "out"
        file.write_text(yaml.safe_dump(configuration(mode)), encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        proxy = FaultProxy(inside, outside)
        # Both have the same port, so that addresses made inside lead to the proxy outside.
        process = await asyncio.create_subprocess_exec(
            *("unshare", "--map-root-user", "--net", sys.executable, "-m", "tests.support.walled"),
            *(str(port), str(inside), str(REQUEST_PORT), str(outside)),
            *(str(program), "--config", str(file), "--port", str(port)),
            *("--files-dir", str(folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                assert await process.stdout.readline() == b"ready\n"
            await proxy.start(port)
            yield SecondSlack(proxy)
        finally:
            await proxy.stop()
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
