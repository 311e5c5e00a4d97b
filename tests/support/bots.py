"""A whole bot in this process, with in-memory hosts and logs, on a free port of loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from adapters.deploy.memory import MemoryDeployer, MemoryWorld
from adapters.logs.memory import MemoryStore
from bot.core.config import ExecutorConfig, LogStoreConfig, MemoryExecutor
from bot.service import Bot
from bot.settings import Reloader, Settings, load

TOKENS = {"mika": "token-of-mika-0123456789", "ren": "token-of-ren-0123456789"}
ALERTS_TOKEN = "token-of-alerts-0123456789"
SECONDS = 20.0


def release_yml(**target: object) -> dict[str, Any]:
    """A small team: two components, one with a canary, checks after a few milliseconds."""
    return {
        "time_scale": 3000,
        "people": {
            "mika": {"name": "Mika", "role": "approver", "token_sha256": _sha(TOKENS["mika"])},
            "ren": {"name": "Ren", "role": "approver", "token_sha256": _sha(TOKENS["ren"])},
            "kai": {"name": "Kai", "role": "admin"},
        },
        "rooms": {"release": {"kind": "web", "name": "Release room"}},
        "executors": {"pmc": {"kind": "memory", "versions": ["2.0"]}},
        "log_stores": {"app": {"kind": "memory"}},
        "policies": {"default": {"late_limit": "20h"}},
        "targets": {
            "shop": {
                "rooms": ["release"],
                "executor": "pmc",
                "logs": "app",
                "confirm": "gates",
                "poll_every": "10ms",
                "components": {"cart": {}, "pay": {"canary": "canary"}},
                **target,
            }
        },
    }


def _sha(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Twins:
    """The adapters' in-memory twins; every log line that is asked for is there."""

    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.deployer: MemoryDeployer | None = None
        self.logs: MemoryStore | None = None

    def executor(self, config: ExecutorConfig, settings: Settings) -> MemoryDeployer:
        """The one in-memory executor."""
        assert isinstance(config, MemoryExecutor)
        self.deployer = MemoryDeployer(config, world=self.world)
        return self.deployer

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> MemoryStore:
        """The one in-memory log store."""
        self.logs = MemoryStore()
        return self.logs


class Page:
    """One signed-in person's browser, without the browser."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.session = session
        self.base = base

    async def post(self, call: str, **body: str) -> dict[str, Any]:
        """Say or act in the release room."""
        url = f"{self.base}/api/rooms/release/{call}"
        body = {"id": uuid.uuid4().hex, **body}
        async with self.session.post(url, json=body) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    async def say(self, line: str) -> dict[str, Any]:
        """Type a line."""
        return await self.post("say", text=line)

    async def press(self, card: dict[str, Any], label: str, reason: str = "") -> dict[str, Any]:
        """Press the button with this label."""
        action = next(a for a in card["actions"] if a["label"] == label)
        return await self.post("act", verb=action["verb"], value=action["value"], reason=reason)

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first card of the room, old or new, for which this holds."""
        url = f"{self.base}/api/rooms/release/stream"
        async with asyncio.timeout(SECONDS), self.session.get(url) as stream:
            async for raw in stream.content:
                line = raw.decode().strip()
                if line.startswith("data:"):
                    card = json.loads(line[5:]).get("card")
                    if card and wanted(card):
                        found: dict[str, Any] = card
                        return found
        raise AssertionError("the stream ended")

    async def question(self, word: str) -> dict[str, Any]:
        """The open question whose title holds this word."""
        return await self.until(
            lambda c: c["kind"] == "question" and word in c["title"] and bool(c["actions"])
        )


@asynccontextmanager
async def running_bot(
    folder: Path,
    twins: Twins,
    *,
    file: dict[str, Any] | None = None,
    url: str = "",
    secrets: Mapping[str, str] | None = None,
) -> AsyncIterator[Bot]:
    """Write release.yml into the folder and run a bot under `serve` rules on it.

    `secrets` are further variables of its environment, such as those of chat platforms.
    """
    path = folder / "release.yml"
    await asyncio.to_thread(path.write_text, yaml.safe_dump(file or release_yml()))
    environ = {
        "RELEASE_MASTER_RELEASE_FILE": str(path),
        "RELEASE_MASTER_DATABASE_URL": url or f"sqlite:///{folder}/bot.sqlite3",
        "RELEASE_MASTER_ALERTS_TOKEN": ALERTS_TOKEN,
        **(secrets or {}),
    }
    bot = Bot(Reloader(lambda: load(path, environ)), twins)
    await bot.start(0)
    try:
        yield bot
    finally:
        await bot.stop()


@asynccontextmanager
async def page_of(bot: Bot, person: str) -> AsyncIterator[Page]:
    """Sign a person in."""
    base = f"http://127.0.0.1:{bot.port}"
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": base}) as session:
        async with session.post(f"{base}/login", data={"token": TOKENS[person]}) as answer:
            assert answer.status < 400, await answer.text()
        yield Page(session, base)
