"""Starts the world around the bot for one test, and reads what it witnessed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.source import ROOT

_READY_WITHIN = 20.0
HELD_WITHIN = 30.0


@dataclass(frozen=True)
class World:
    """The running process `api_process`; its files are read as they are now."""

    root: Path
    url: str
    process: asyncio.subprocess.Process

    def starts(self) -> Counter[str]:
        """`STEP/ATTEMPT` -> how many operations were begun under this key of release #1."""
        return Counter(entry["key"].partition("/")[2] for entry in self._read("starts.log"))

    def posts(self) -> Counter[str]:
        """Idempotency key -> how often the room took it."""
        return Counter(entry["key"] for entry in self._read("posts.log"))

    def calls(self, call: str = "", about: str = "") -> list[float]:
        """When calls of this kind about something came in (seconds since 1970)."""
        entries = self._read("calls.log")
        return [e["at"] for e in entries if call in {"", e["call"]} and about in e["about"]]

    async def hold(self, call: str, match: str, *, after: bool = True, nth: int = 1) -> None:
        """Leave the nth such call without an answer, done (`after`) or not done."""
        body = {"call": call, "match": match, "after": after, "nth": nth}
        await self._control("hold", body)

    async def held(self) -> None:
        """Return when all calls that are to be held have come in."""
        timeout = aiohttp.ClientTimeout(total=HELD_WITHIN)
        path = f"{self.url}/control/held"
        async with aiohttp.request("GET", path, timeout=timeout) as answer:
            assert answer.status == 200

    async def settled(self) -> None:
        """Return when everything that was sent before has been taken and logged."""
        async with aiohttp.request("GET", f"{self.url}/control/settled") as answer:
            assert answer.status == 200

    async def slow(self, match: str) -> None:
        """Let the operation with this in its key run until it is stopped."""
        await self._control("slow", {"match": match})

    async def _control(self, name: str, body: dict[str, Any]) -> None:
        path = f"{self.url}/control/{name}"
        async with aiohttp.request("POST", path, json=body) as answer:
            assert answer.status == 200

    def _read(self, name: str) -> list[dict[str, Any]]:
        path = self.root / name
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@asynccontextmanager
async def started_world(root: Path, *, can_find: bool = True) -> AsyncIterator[World]:
    """Run the world in a folder; it ends with the context, or with this process."""
    root.mkdir()
    options = () if can_find else ("--no-find",)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.crash.api_process", "--root", str(root), *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_READY_WITHIN):
            port = (await process.stdout.readline()).decode().strip()
        assert port, "the world did not start"
        yield World(root, f"http://127.0.0.1:{port}", process)
    finally:
        process.stdin.close()
        await process.wait()
