"""The bot as a real process: started plainly or with a point to die at, killed, stopped."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.crash.kill_at import AT, ONCE
from tests.support.source import ROOT

TOKENS = {"mina": "the token of mina", "taro": "the token of taro", "sora": "the token of sora"}
INTERVAL = 0.4
"""Seconds from the end of a restart to round 1, and between rounds."""
_SCALE = 1000
_READY_WITHIN = 30.0
_DIES_WITHIN = 45.0
_ADDRESS = re.compile(rb"listening on (http://127\.0\.0\.1:\d+)/")


def scaled(seconds: float) -> str:
    """Write a duration of the comparison that lasts this long in the tests."""
    return f"{round(seconds * _SCALE)}s"


def release_file(world_url: str, logs: Path, **rules: Any) -> str:
    """Write release.yml: two components, one with a canary, a web room and a room that hears.

    `rules` replace keys of the policy.
    """
    people = {
        name: {
            "name": name.capitalize(),
            "role": "admin" if name == "sora" else "approver",
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
        }
        for name, token in TOKENS.items()
    }
    comparison = {
        "rounds": 2,
        "interval": scaled(INTERVAL),
        "repeat_every": scaled(INTERVAL),
        "repeats": 20,
        "late_limit": "24h",
        "max_lag": "1h",
        **rules,
    }
    by_itself = {
        "on_fail": "roll_back",
        "rollback_countdown": "1s",
        "auto_rollback_without_backtest": True,
    }
    shop = {
        "rooms": ["release"],
        "share": [{"room": "hearer"}],
        "executor": "api",
        "logs": "files",
        "confirm": "gates",
        "reminders": [],
        "poll_every": "50ms",
        "components": {"auth": {}, "gateway": {"canary": "canary", "policy": "automatic"}},
    }
    return yaml.safe_dump(
        {
            "time_scale": _SCALE,
            "people": people,
            "rooms": {
                "release": {"kind": "web"},
                "hearer": {"kind": "http", "url": f"{world_url}/room"},
            },
            "executors": {"api": {"kind": "http", "base_url": world_url}},
            "log_stores": {
                "files": {"kind": "files", "paths": [f"{logs}/{{component}}/*.log"]},
            },
            "policies": {"default": comparison, "automatic": {**comparison, **by_itself}},
            "targets": {"shop": shop},
        },
        sort_keys=False,
    )


@dataclass
class BotProcess:
    """One process of the bot; `output` is what it printed."""

    process: asyncio.subprocess.Process
    base: str
    output: list[bytes] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    async def died(self) -> None:
        """Wait until it was killed with SIGKILL, by itself at its point or from outside."""
        async with asyncio.timeout(_DIES_WITHIN):
            code = await self.process.wait()
        assert code == -signal.SIGKILL, f"it ended with {code}:\n{self.printed()}"

    def kill(self) -> float:
        """Kill it with SIGKILL; returns the moment (seconds since 1970)."""
        self.process.kill()
        return time.time()

    async def stop(self) -> float:
        """Send SIGTERM and return after how many seconds it ended, with exit code 0."""
        began = time.monotonic()
        self.process.terminate()
        async with asyncio.timeout(20):
            code = await self.process.wait()
        assert code == 0, f"it ended with {code}:\n{self.printed()}"
        return time.monotonic() - began

    def printed(self) -> str:
        """Everything that it printed so far."""
        return b"".join(self.output).decode(errors="replace")

    async def read(self) -> None:
        """Keep what it prints, and so keep its pipe empty."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.output.append(line)

    async def wait_for_address(self) -> None:
        """Wait until it says where it listens."""
        assert self.process.stdout is not None
        async with asyncio.timeout(_READY_WITHIN):
            while line := await self.process.stdout.readline():
                self.output.append(line)
                if found := _ADDRESS.search(line):
                    self.base = found[1].decode()
                    self._reading = asyncio.create_task(self.read())
                    return
        raise AssertionError(f"it did not start:\n{self.printed()}")

    async def end(self) -> None:
        """Leave nothing behind."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if self._reading is not None:
            await self._reading


@dataclass
class Bots:
    """Starts processes of the bot on one store and one release.yml, and ends what is left."""

    release_file: Path
    database_url: str
    once: Path
    """Made by the process that reached its point."""
    made: list[BotProcess] = field(default_factory=list)

    async def start(self, crash_at: str = "") -> BotProcess:
        """Start a process and wait until it listens; with `crash_at` it dies there (kill_at)."""
        program = "tests.crash.kill_at" if crash_at else "bot"
        ours = {name: value for name, value in os.environ.items() if "RELEASE_" not in name}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", program, "serve"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.release_file.parent,
            env={**ours, **self.environment, AT: crash_at, ONCE: str(self.once)},
        )
        bot = BotProcess(process, "")
        self.made.append(bot)
        await bot.wait_for_address()
        return bot

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the bot is told."""
        return {
            "PYTHONPATH": str(ROOT),
            "RELEASE_MASTER_RELEASE_FILE": str(self.release_file),
            "RELEASE_MASTER_DATABASE_URL": self.database_url,
            "RELEASE_MASTER_PORT": "0",
            "RELEASE_MASTER_LOG_FORMAT": "json",
        }

    def crashed_at(self) -> float:
        """When a process died at its point (seconds since 1970)."""
        return float(self.once.read_text(encoding="ascii"))

    async def end(self) -> None:
        """End all that still run."""
        for bot in self.made:
            await bot.end()
