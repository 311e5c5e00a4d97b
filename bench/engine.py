"""How fast a click becomes an executor call, and what thousands of waiting releases cost.

`python -m bench.engine [--quick] [--json]`. Everything is measured on this machine in one run:
the bot is its own process with a SQLite file and synchronous=FULL; the executor is a real HTTP
server on loopback in this process. Times of clicks begin before the request is sent.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import socket
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import yaml
from aiohttp import web

from bench.releases import fill, replay_speed, transition_speed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "bench-token-bench-token"  # noqa: S105 - of a bot that lives for a minute on loopback
HOSTS = ("h1", "h2", "h3")
SETTLE_SECONDS = 90.0
THINKING_SECONDS = 0.1
"""Nobody clicks in the same millisecond in which the card appears."""


class Api:
    """A deployment API that finishes at once and notes when each call arrived."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[float] = asyncio.Queue()
        self.url = ""
        self._tasks: dict[str, dict[str, Any]] = {}
        self._versions: dict[str, str] = {}
        self._deployed: dict[str, str] = {}

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Api]:
        """Listen on a free port of loopback."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/components/{name}/{call}", self._start),
                web.get("/tasks/{id}", self._task),
                web.get("/tasks", self._find),
                web.get("/components/{name}", self._running),
                web.get("/components/{name}/candidates", self._candidates),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _start(self, request: web.Request) -> web.Response:
        self.arrived.put_nowait(time.perf_counter())
        body, name = await request.json(), request.match_info["name"]
        if request.match_info["call"] == "deploy":
            self._deployed[name] = body["version"]
        else:
            self._versions[name] = self._deployed.get(name, "1.0")
        task = {
            "id": body["key"].replace("/", "-"),
            "key": body["key"],
            "status": "finished",
            "hosts": [{"host": h, "status": "finished"} for h in body.get("hosts") or HOSTS],
        }
        self._tasks[task["id"]] = task
        return web.json_response(task)

    async def _task(self, request: web.Request) -> web.Response:
        return web.json_response(self._tasks[request.match_info["id"]])

    async def _find(self, request: web.Request) -> web.Response:
        found = [t for t in self._tasks.values() if t["key"] == request.query["key"]]
        return web.json_response({"tasks": found})

    async def _running(self, request: web.Request) -> web.Response:
        version = self._versions.get(request.match_info["name"], "1.0")
        return web.json_response({"hosts": [{"host": h, "version": version} for h in HOSTS]})

    async def _candidates(self, request: web.Request) -> web.Response:
        current = self._versions.get(request.match_info["name"], "1.0")
        return web.json_response({"candidates": [f"{float(current) + 1:.1f}"]})


def release_file(url: str) -> dict[str, Any]:
    """The seed's shape without monitoring: seven components, fourteen Go."""
    return {
        "people": {
            "ann": {
                "name": "Ann",
                "role": "admin",
                "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            },
            "bob": {"name": "Bob", "role": "approver"},
        },
        "rooms": {"release": {"kind": "web"}},
        "executors": {"pmc": {"kind": "http", "base_url": url}},
        "targets": {
            "openchat": {
                "rooms": ["release"],
                "executor": "pmc",
                "monitoring": False,
                "poll_every": "20ms",
                "components": {f"c{n}": {} for n in range(7)},
            }
        },
    }


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Process:
    """The bot as an own process, with a signed-in person."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.base = ""
        self._url = url
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Start it and sign in."""
        path = self.folder / "release.yml"
        path.write_text(yaml.safe_dump(release_file(self._url)))
        environ = {
            **os.environ,
            "RELEASE_MASTER_RELEASE_FILE": str(path),
            "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{self.folder}/bench.sqlite3",
            "RELEASE_MASTER_PORT": str(free_port()),
            "RELEASE_MASTER_LOG_LEVEL": "error",
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "serve",
            env=environ,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        self.base = line.split()[-1].rstrip("/")
        self._session = aiohttp.ClientSession(headers={"Origin": self.base})
        jar = aiohttp.CookieJar(unsafe=True)
        await self._session.close()
        self._session = aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": self.base})
        async with self._session.post(f"{self.base}/login", data={"token": TOKEN}) as answer:
            assert answer.status < 400, await answer.text()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        assert self._session is not None
        assert self._process is not None
        await self._session.close()
        self._process.terminate()
        await self._process.wait()

    async def post(self, call: str, **body: str) -> dict[str, Any]:
        """Say or click something in the room."""
        assert self._session is not None
        url = f"{self.base}/api/rooms/release/{call}"
        async with self._session.post(url, json={"id": uuid.uuid4().hex, **body}) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def questions(self) -> AsyncIterator[dict[str, Any]]:
        """The open questions of the room, as they come."""
        assert self._session is not None
        url = f"{self.base}/api/rooms/release/stream"
        async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=None)) as stream:
            async for raw in stream.content:
                line = raw.decode().strip()
                if not line.startswith("data:"):
                    continue
                card = json.loads(line[5:]).get("card")
                if card and (card["kind"] == "result" or card["kind"] == "question"):
                    yield card

    def usage(self) -> tuple[float, float]:
        """(CPU seconds used so far, resident MB)."""
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        resident = next(x for x in status.splitlines() if x.startswith("VmRSS")).split()[1]
        ticks = os.sysconf("SC_CLK_TCK")
        return (int(stat[11]) + int(stat[12])) / ticks, int(resident) / 1024


async def clicks(api: Api, bot: Process, releases: int) -> dict[str, float]:
    """Press every Go of some releases and time each until the executor is called."""
    times: list[float] = []
    await bot.post("say", text="start openchat")
    async for card in bot.questions():
        if card["kind"] == "result":
            releases -= 1
            if not releases:
                break
            await bot.post("say", text="start openchat")
            continue
        action = next((a for a in card["actions"] if a["verb"] in {"start", "go"}), None)
        if action is None:
            continue
        await asyncio.sleep(THINKING_SECONDS)
        while not api.arrived.empty():
            api.arrived.get_nowait()
        began = time.perf_counter()
        press = asyncio.create_task(
            bot.post("act", verb=action["verb"], value=action["value"], reason="bench")
        )
        if action["verb"] == "go":
            times.append((await api.arrived.get() - began) * 1000)
        await press
    ordered = sorted(times)
    return {
        "clicks": len(times),
        "median": round(statistics.median(times), 2),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 2),
    }


async def idle(folder: Path, url: str, count: int, seconds: float) -> dict[str, float]:
    """Store waiting releases, start the bot on them, and measure it while nothing happens."""
    folder.mkdir()
    await fill(f"sqlite:///{folder}/bench.sqlite3", count, datetime.now(UTC))
    async with Process(folder, url) as bot:
        await _settled(bot)
        before, _ = bot.usage()
        began = time.perf_counter()
        await asyncio.sleep(seconds)
        after, resident = bot.usage()
        used = (after - before) / (time.perf_counter() - began)
    return {"count": count, "cpu_percent": round(used * 100, 2), "rss_mb": round(resident, 1)}


async def _settled(bot: Process) -> None:
    """Wait until the start is digested: a second that uses less than a tenth of a core."""
    end = time.perf_counter() + SETTLE_SECONDS
    last, _ = bot.usage()
    while time.perf_counter() < end:
        await asyncio.sleep(1)
        used, _ = bot.usage()
        if used - last < 0.1:
            return
        last = used


async def measure(*, quick: bool) -> dict[str, Any]:
    """Run all parts."""
    result: dict[str, Any] = {"quick": quick}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with Api().serve() as api:
            live = folder / "clicks"
            live.mkdir()
            async with Process(live, api.url) as bot:
                result["click_to_executor_ms"] = await clicks(api, bot, 2 if quick else 20)
            result["transitions_per_second"] = await transition_speed(
                f"sqlite:///{folder}/moves.sqlite3", 200 if quick else 2000
            )
            result["replay_events_per_second"] = await replay_speed(20 if quick else 200)
            counts = (1, 100) if quick else (1, 1000, 10000)
            result["live_releases"] = [
                await idle(folder / f"idle{count}", api.url, count, 3 if quick else 20)
                for count in counts
            ]
    return result


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    click = result["click_to_executor_ms"]
    lines = [
        (
            f"click to executor call   median {click['median']} ms, p99 {click['p99']} ms"
            f"   ({click['clicks']} clicks; wanted <= 10 and <= 50)"
        ),
        f"stored transitions       {result['transitions_per_second']:.0f} a second",
        f"journal replay           {result['replay_events_per_second']:.0f} events a second",
        "live waiting releases    CPU of a core    memory   (wanted < 5 % and < 500 MB)",
    ]
    lines += [
        f"{row['count']:>21}    {row['cpu_percent']:>9} %    {row['rss_mb']:>7} MB"
        for row in result["live_releases"]
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--quick", action="store_true", help="smaller numbers, under a minute")
    chosen = options.parse_args()
    result = asyncio.run(measure(quick=chosen.quick))
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
