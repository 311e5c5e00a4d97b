"""A whole bot on a second Slack: seven components, hosts and logs in memory, time shortened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from adapters.logs.memory import MemoryStore
from bot.chat.slack.platform import SlackPlatform
from bot.core.config import LogStoreConfig
from bot.core.counts import CountRequest, Counts
from bot.service import Bot
from bot.settings import Reloader, Settings, load
from tests.support.bots import Twins
from tests.support.second_slack import (
    APP_TOKEN,
    BOT_TOKEN,
    CHANNEL,
    MAILS,
    MIRROR,
    SECRET,
    USERS,
    SecondSlack,
)

BROKEN = "2.0-broken"


def release_yml(**target: object) -> dict[str, Any]:
    """The seed's shape: seven components, two canaried, steered from one channel."""
    return {
        "time_scale": 3000,
        "people": {
            "mika": {"name": "Mika", "role": "approver", "slack": USERS["mika"]},
            "ren": {"name": "Ren", "role": "approver", "slack": USERS["ren"]},
            "kai": {"name": "Kai", "role": "admin", "slack": USERS["kai"]},
        },
        "rooms": {
            "release": {"kind": "slack", "channel": CHANNEL},
            "team": {"kind": "slack", "channel": MIRROR},
        },
        "executors": {"pmc": {"kind": "memory", "hosts": 3, "versions": ["2.0", "1.9", BROKEN]}},
        "log_stores": {"app": {"kind": "memory"}},
        "policies": {"default": {"late_limit": "20h", "max_lag": "1h"}},
        "targets": {
            "openchat": {
                "rooms": ["release"],
                "share": [{"room": "team", "share": "digest"}],
                "executor": "pmc",
                "logs": "app",
                "confirm": "gates",
                "poll_every": "10ms",
                "components": {
                    "auth": {},
                    "profile": {"depends_on": ["auth"]},
                    "chat": {"canary": "canary"},
                    "media": {},
                    "push": {},
                    "search": {},
                    "gateway": {"canary": "canary"},
                },
                **target,
            }
        },
    }


SMALL: dict[str, Any] = {"components": {"chat": {"canary": "canary"}}}
"""One canaried component."""


def by_mail(file: dict[str, Any]) -> dict[str, Any]:
    """The same people, known by their e-mail addresses."""
    for name, mail in MAILS.items():
        file["people"][name] = {"name": name.title(), "role": "approver", "email": mail}
    return file


class BusyLogs(MemoryStore):
    """Every host wrote a line just now, and errors where it runs the broken version."""

    def __init__(self, twins: SlackTwins) -> None:
        super().__init__()
        self._twins = twins

    async def count(self, request: CountRequest) -> Counts:
        """Count after the hosts have written."""
        now, name = datetime.now(UTC), request.component
        for number in range(1, 4):
            host, at = f"{name}-{number}", now - timedelta(milliseconds=1)
            self.add(name, at, "INFO", None, host=host)
            if self._twins.world.running.get((name, host)) == BROKEN:
                message = "it broke <!channel> token=secret123 https://evil.example"
                self.add(name, at, "ERROR", "Boom", host=host, message=message)
        return await super().count(request)


class SlackTwins(Twins):
    """Hosts that outlive the bot's process, and logs that are always there."""

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> MemoryStore:
        """The one log store."""
        self.logs = BusyLogs(self)
        return self.logs


def environment(folder: Path, slack: SecondSlack, mode: str) -> dict[str, str]:
    """The secrets of a bot that hears Slack over a socket, or over HTTP (`events`)."""
    shared = {
        "RELEASE_MASTER_RELEASE_FILE": str(folder / "release.yml"),
        "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{folder}/bot.sqlite3",
        "RELEASE_MASTER_SLACK_BOT_TOKEN": BOT_TOKEN,
        "RELEASE_MASTER_SLACK_API_URL": slack.api_url,
    }
    if mode == "socket":
        return shared | {"RELEASE_MASTER_SLACK_APP_TOKEN": APP_TOKEN}
    return shared | {"RELEASE_MASTER_SLACK_SIGNING_SECRET": SECRET}


@asynccontextmanager
async def slack_bot(
    folder: Path,
    slack: SecondSlack,
    mode: str,
    *,
    twins: SlackTwins | None = None,
    file: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
) -> AsyncIterator[Bot]:
    """Run a bot until Slack is heard; `environ` may be changed before a reload."""
    text = yaml.safe_dump(file or release_yml(), sort_keys=False)
    await asyncio.to_thread((folder / "release.yml").write_text, text)
    environ = environ or environment(folder, slack, mode)
    bot = Bot(Reloader(lambda: load(folder / "release.yml", environ)), twins or SlackTwins())
    await bot.start(0)
    slack.proxy.bot_url = f"http://127.0.0.1:{bot.port}/slack/events"
    try:
        async with asyncio.timeout(20):
            for platform in bot.platforms:
                assert isinstance(platform, SlackPlatform)
                await platform.opened()
        yield bot
    finally:
        await bot.stop()
