"""A whole bot behind the LINE stub: one group, its people, and what they type and press."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.logs.memory import MemoryStore
from bot.core.config import LogStoreConfig, MemoryExecutor
from bot.core.counts import CountRequest, Counts
from bot.service import Bot
from bot.settings import Settings
from tests.support.bots import Twins, release_yml, running_bot
from tests.support.line_stub import SECONDS, SECRET, TOKEN, LineStub, Sent, running_line

GROUP, SHARED = "C" + "a" * 32, "C" + "d" * 32
MIKA, REN, KAI, STRANGER = ("U" + letter * 32 for letter in "123f")


def line_yml(**target: object) -> dict[str, Any]:
    """The small team of `release_yml`, at home in a LINE group."""
    file = release_yml(rooms=["group", "release"], **target)
    file["rooms"]["group"] = {"kind": "line", "chat": GROUP, "name": "Release group"}
    file["rooms"]["shared"] = {"kind": "line", "chat": SHARED}
    for person, user in (("mika", MIKA), ("ren", REN), ("kai", KAI)):
        file["people"][person]["line"] = user
    return file


SEED = {
    "auth": {},
    "profile": {"depends_on": ["auth"]},
    "chat": {"canary": "canary"},
    "media": {},
    "push": {},
    "search": {},
    "gateway": {"canary": "canary"},
}
"""The seven components of the example, two with a canary group."""


class Logs(MemoryStore):
    """Every host writes a line before each look; those of `broken` components an error, too."""

    def __init__(self, broken: set[str]) -> None:
        super().__init__()
        self._broken = broken

    async def count(self, request: CountRequest) -> Counts:
        """Count after the hosts have written."""
        now, name = datetime.now(UTC), request.component
        for number in range(1, MemoryExecutor(kind="memory").hosts + 1):
            host = f"{name}-{number}"
            self.add(name, now - timedelta(milliseconds=5), "INFO", None, host=host)
            if name in self._broken:
                at = now - timedelta(milliseconds=5)
                self.add(name, at, "ERROR", "Boom", host=host, message="{broke} token=secret123")
        return await super().count(request)


class LineTwins(Twins):
    """The in-memory twins, with logs that are alive."""

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken = set(broken)

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> MemoryStore:
        """The one log store."""
        self.logs = Logs(self.broken)
        return self.logs


class Chat:
    """One LINE group and everybody in it."""

    def __init__(self, stub: LineStub, bot: Bot, chat: str = GROUP) -> None:
        self.stub = stub
        self.bot = bot
        self.chat = chat

    async def say(self, line: str, user: str = MIKA, chat: str = "", **more: Any) -> Sent:
        """Type a line and wait for whatever the chat is told next."""
        return await self.after(self.stub.text(chat or self.chat, user, line, **more))

    async def press(self, label: str, user: str = MIKA, said: Sent | None = None) -> Sent:
        """Press the newest button with this label and wait for what comes next."""
        return await self.tap(self.stub.data(label, said), user)

    async def tap(self, data: str, user: str = MIKA, **params: str) -> Sent:
        """Press a button that carries this."""
        return await self.after(self.stub.tap(self.chat, user, data, **params))

    async def after(self, event: dict[str, Any]) -> Sent:
        """Deliver an event and wait for whatever is said next."""
        before = len(self.stub.transcript)
        assert await self.stub.post(event) == 200
        return await self.stub.until(lambda sent: True, before)

    async def until(self, word: str, after: int = 0) -> Sent:
        """The first delivery that holds this word."""
        return await self.stub.until(lambda sent: word in sent.said, after)

    async def journalled(self, code: str, release: int = 1) -> None:
        """Wait until the journal has an entry of this kind."""
        store, changed = self.bot.store, asyncio.Event()
        forget = store.on_work(changed.set)
        try:
            async with asyncio.timeout(SECONDS):
                while code not in await store.read(
                    lambda tx: [row.code for row in tx.journal(release)]
                ):
                    changed.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), 0.2)
        finally:
            forget()


@asynccontextmanager
async def line_chat(
    folder: Path,
    stub: LineStub | None = None,
    *,
    file: dict[str, Any] | None = None,
    twins: Twins | None = None,
) -> AsyncIterator[Chat]:
    """Run LINE and a bot; ends with nothing that LINE would have refused as malformed."""
    line = stub or LineStub()
    async with running_line(line) as url:
        secrets = {
            "RELEASE_MASTER_LINE_CHANNEL_SECRET": SECRET,
            "RELEASE_MASTER_LINE_CHANNEL_TOKEN": TOKEN,
            "RELEASE_MASTER_LINE_API_URL": url,
        }
        made = twins or LineTwins()
        async with running_bot(folder, made, file=file or line_yml(), secrets=secrets) as bot:
            line.webhook = f"http://127.0.0.1:{bot.port}/line/webhook"
            yield Chat(line, bot)
    assert line.refused == []
