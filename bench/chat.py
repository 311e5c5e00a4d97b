"""How long Slack waits for an acknowledgement when many people type and click at once.

`python -m bench.chat [--quick] [--json]`. The bot is its own process with a SQLite file; Slack's
Web API is a small server on loopback in this process, which signs and sends slash commands and
clicks to the bot's HTTP mode, half of each, at an even pace that does not wait for answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
import yaml
from aiohttp import web

from bench.engine import free_port
from bot.chat.slack.signature import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET, TOKEN = "bench-secret-bench-secret", "xoxb-bench-token"
TEAM, CHANNEL, USER = "T01BENCH", "C01BENCH", "U01BENCH"
A_SECOND = 200
SECONDS, QUICK_SECONDS = 60, 3
WANTED_MS = 300
LATE_MS = 3000
"""Slack shows the person a failure when no acknowledgement came within three seconds."""
SETTLE_SECONDS = 60.0
"""How long what was acknowledged may take until it is done."""


class Slack:
    """The methods of the Web API that the bot calls, each answered at once."""

    def __init__(self) -> None:
        self.url = ""
        self._posts = 0

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Slack]:
        """Listen on a free port of loopback."""
        app = web.Application()
        app.add_routes([web.route("*", "/{method:.*}", self._answer)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        self._posts += 1
        user = {"id": USER, "team_id": TEAM, "profile": {}}
        body = {
            "ok": True,
            "ts": f"1.{self._posts:06}",
            "channel": CHANNEL,
            "team_id": TEAM,
            "user_id": "U0BOT",
            "bot_id": "B0BOT",
            "user": user,
        }
        return web.json_response(body)


def release_file() -> dict[str, Any]:
    """One person, one channel, one component."""
    return {
        "people": {"ann": {"name": "Ann", "role": "admin", "slack": USER}},
        "rooms": {"release": {"kind": "slack", "channel": CHANNEL}},
        "executors": {"pmc": {"kind": "memory"}},
        "targets": {
            "openchat": {
                "rooms": ["release"],
                "executor": "pmc",
                "monitoring": False,
                "components": {"chat": {}},
            }
        },
    }


@asynccontextmanager
async def bot(folder: Path, slack: Slack) -> AsyncIterator[str]:
    """Run the bot; gives the address where it hears Slack."""
    path, port = folder / "release.yml", free_port()
    path.write_text(yaml.safe_dump(release_file()))
    environ = {
        **os.environ,
        "RELEASE_MASTER_RELEASE_FILE": str(path),
        "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "RELEASE_MASTER_PORT": str(port),
        "RELEASE_MASTER_LOG_LEVEL": "error",
        "RELEASE_MASTER_SLACK_BOT_TOKEN": TOKEN,
        "RELEASE_MASTER_SLACK_SIGNING_SECRET": SECRET,
        "RELEASE_MASTER_SLACK_API_URL": f"{slack.url}api/",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve"), env=environ, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield line.split()[-1].rstrip("/") + "/slack/events"
    finally:
        process.terminate()
        await process.wait()


def command(number: int, url: str) -> dict[str, str]:
    """A slash command that only looks."""
    return {
        "command": "/release",
        "text": "status",
        "user_id": USER,
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "channel_name": "release",
        "trigger_id": f"trigger-{number}",
        "response_url": f"{url}response/{number}",
    }


def click(number: int, url: str) -> dict[str, str]:
    """A press of a button of a release that is long over."""
    payload = {
        "type": "block_actions",
        "user": {"id": USER, "team_id": TEAM},
        "team": {"id": TEAM},
        "channel": {"id": CHANNEL},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": CHANNEL},
        "message": {"ts": "1.1"},
        "response_url": f"{url}response/{number}",
        "trigger_id": f"trigger-{number}",
        "actions": [
            {
                "type": "button",
                "action_id": "press.go.0",
                "block_id": "b",
                "value": "v1|1|chat/deploy|a1b2c3|deadbeef",
                "action_ts": str(number),
            }
        ],
    }
    return {"payload": json.dumps(payload)}


class Crowd:
    """Sends, and keeps how long each acknowledgement took."""

    def __init__(self, session: aiohttp.ClientSession, target: str, slack: Slack) -> None:
        self.spans: list[float] = []
        self.refused = 0
        self._session = session
        self._target = target
        self._slack = slack

    async def send(self, number: int) -> bool:
        """Send one; whether it was acknowledged in time."""
        form = (click if number % 2 else command)(number, self._slack.url)
        raw, moment = urlencode(form).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": moment,
            "X-Slack-Signature": sign(SECRET, moment, raw),
        }
        began = time.perf_counter()
        try:
            async with self._session.post(self._target, data=raw, headers=headers) as answer:
                await answer.read()
                well = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            well = False
        span = (time.perf_counter() - began) * 1000
        if well and span < LATE_MS:
            self.spans.append(span)
            return True
        self.refused += 1
        return False

    async def warm(self) -> None:
        """Wait until the bot has learnt who it is."""
        async with asyncio.timeout(20):
            while not await self.send(-1 - self.refused):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        self.spans, self.refused = [], 0

    async def storm(self, seconds: int) -> None:
        """Send at an even pace."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(seconds * A_SECOND):
                await asyncio.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
                group.create_task(self.send(number))


def done(database: Path) -> int:
    """How many of the commands and clicks are recorded and answered."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as found:
        query = "SELECT count(*) FROM inbox WHERE settled_at IS NOT NULL"
        return int(found.execute(query).fetchone()[0])


async def measure(*, quick: bool) -> dict[str, Any]:
    """Send for a minute (a few seconds), then count what was lost."""
    seconds = QUICK_SECONDS if quick else SECONDS
    timeout = aiohttp.ClientTimeout(total=LATE_MS / 1000 + 7)
    connector = aiohttp.TCPConnector(limit=0)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with (
            Slack().serve() as slack,
            bot(folder, slack) as target,
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
        ):
            crowd = Crowd(session, target, slack)
            await crowd.warm()
            before = 0
            while not before:
                await asyncio.sleep(0.05)
                before = done(folder / "bench.sqlite3")
            began = time.perf_counter()
            await crowd.storm(seconds)
            took = time.perf_counter() - began
            sent = seconds * A_SECOND
            kept = 0
            end = time.perf_counter() + SETTLE_SECONDS
            while kept < sent and time.perf_counter() < end:
                await asyncio.sleep(0.2)
                kept = done(folder / "bench.sqlite3") - before
    spans = sorted(crowd.spans) or [float("inf")]
    return {
        "quick": quick,
        "sent": sent,
        "per_second": round(sent / took),
        "median_ms": round(spans[len(spans) // 2], 1),
        "p99_ms": round(spans[min(len(spans) - 1, len(spans) * 99 // 100)], 1),
        "max_ms": round(spans[-1], 1),
        "late": crowd.refused,
        "lost": sent - kept,
    }


def table(found: dict[str, Any]) -> str:
    """The result for people."""
    return (
        f"{found['sent']} commands and clicks, {found['per_second']} a second\n"
        f"acknowledged after   median {found['median_ms']} ms, p99 {found['p99_ms']} ms, "
        f"at most {found['max_ms']} ms   (wanted p99 < {WANTED_MS})\n"
        f"late or refused      {found['late']}\n"
        f"lost                 {found['lost']}   (wanted 0)"
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--quick", action="store_true", help="a few seconds only")
    chosen = options.parse_args()
    result = asyncio.run(measure(quick=chosen.quick))
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
