"""The world around the bot as a process of its own: a deployment API, its log, traffic, a room.

It outlives the bot that is killed, and what it appended to its files is the witness: `starts.log`
has every operation it began, `posts.log` every message the room took, `calls.log` every call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

HOSTS = {
    "auth": {"auth-1": "rest", "auth-2": "rest"},
    "gateway": {"gateway-1": "canary", "gateway-2": "rest", "gateway-3": "rest"},
}
"""component -> host -> group."""
BROKEN = "3.0-broken"
"""The version whose hosts write an error that was never seen before."""
VERSIONS = (BROKEN, "2.0", "1.0")
LOOKS = 2
"""At which look a task has ended."""
TRAFFIC = 0.02
"""Seconds between two log lines of a host."""


@dataclass
class Task:
    """One start that was accepted."""

    id: str
    key: str
    kind: str
    version: str
    hosts: tuple[str, ...]
    status: str = "running"
    looks: int = 0


@dataclass
class Hold:
    """A call that is not to be answered: which, and whether it came."""

    call: str
    match: str
    after: bool
    """Held when it was done; otherwise before anything is done."""
    left: int
    """At which such call."""
    came: asyncio.Event = field(default_factory=asyncio.Event)


class World:
    """What the bot talks to. It begins whatever it is told, also the same key twice."""

    def __init__(self, root: Path, *, can_find: bool) -> None:
        self._root = root
        self._can_find = can_find
        self._tasks: list[Task] = []
        self._slow: list[str] = []
        self._holds: list[Hold] = []
        self._wanted: list[Hold] = []
        self._ended = asyncio.Event()
        names = [host for hosts in HOSTS.values() for host in hosts]
        self._installed = dict.fromkeys(names, "1.0")
        self._running = dict.fromkeys(names, "1.0")

    def application(self) -> web.Application:
        """The API, the room, and the handles that tests pull."""
        application = web.Application(middlewares=[self._watch])
        application.add_routes(
            [
                web.get("/components/{component}", self._versions, name="running"),
                web.get("/components/{component}/candidates", self._candidates),
                web.post("/components/{component}/{kind:deploy|restart}", self._start),
                web.get("/tasks", self._find),
                web.get("/tasks/{id}", self._look),
                web.post("/tasks/{id}/stop", self._stop),
                web.post("/room", self._post),
                web.post("/control/hold", self._hold),
                web.get("/control/held", self._held),
                web.get("/control/settled", self._settled),
                web.post("/control/slow", self._make_slow),
            ]
        )
        return application

    async def send_traffic(self) -> None:
        """Let every host write lines for ever; on the broken version errors as well."""
        while True:
            for component, hosts in HOSTS.items():
                for host in hosts:
                    self._write_line(component, host)
            await asyncio.sleep(TRAFFIC)

    def end(self) -> None:
        """Let go of the calls that are held."""
        self._ended.set()

    def _write_line(self, component: str, host: str) -> None:
        broken = self._running[host] == BROKEN
        line = {
            "time": datetime.now(UTC).isoformat(),
            "level": "ERROR" if broken else "INFO",
            "type": "NeverSeenBefore" if broken else "",
            "message": "served",
            "host": host,
        }
        self._append(Path("logs", component, f"{host}.log"), line)

    def _append(self, name: Path, entry: dict[str, Any]) -> None:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/control/"):
            return await handler(request)
        call, about = await self._named(request)
        self._append(Path("calls.log"), {"at": time.time(), "call": call, "about": about})
        hold = next((h for h in self._holds if h.call == call and h.match in about), None)
        if hold is None:
            return await handler(request)
        hold.left -= 1
        if hold.left:
            return await handler(request)
        self._holds.remove(hold)
        answer = await handler(request) if hold.after else web.Response(status=503)
        hold.came.set()
        await self._ended.wait()
        return answer

    async def _named(self, request: web.Request) -> tuple[str, str]:
        """What kind of call it is, and about which key, component or message."""
        path, info = request.path, request.match_info
        if path == "/room":
            return "share", request.headers.get("Idempotency-Key", "")
        if path == "/tasks":
            return "find", request.query.get("key", "")
        if path.startswith("/tasks/"):
            task = self._task(info["id"])
            return ("stop" if path.endswith("/stop") else "look"), task.key
        if request.method == "POST":
            return "start", str((await request.json())["key"])
        kind = "candidates" if path.endswith("/candidates") else "running"
        return kind, info["component"]

    def _task(self, name: str) -> Task:
        return next(task for task in self._tasks if task.id == name)

    async def _start(self, request: web.Request) -> web.Response:
        body = await request.json()
        hosts = HOSTS[request.match_info["component"]]
        group = body.get("group") or "all"
        chosen = body.get("hosts") or [h for h, g in hosts.items() if group in {"all", g}]
        task = Task(
            id=f"t{len(self._tasks) + 1}",
            key=body["key"],
            kind=request.match_info["kind"],
            version=body.get("version", ""),
            hosts=tuple(chosen),
        )
        self._tasks.append(task)
        entry = {"at": time.time(), "key": task.key, "kind": task.kind, "hosts": task.hosts}
        self._append(Path("starts.log"), {**entry, "version": task.version})
        return web.json_response({"id": task.id}, status=202)

    async def _look(self, request: web.Request) -> web.Response:
        task = self._task(request.match_info["id"])
        task.looks += 1
        slow = any(match in task.key for match in self._slow)
        if task.status == "running" and task.looks >= LOOKS and not slow:
            self._finish(task)
        return web.json_response(_shown(task))

    def _finish(self, task: Task) -> None:
        task.status = "finished"
        for host in task.hosts:
            if task.kind == "deploy":
                self._installed[host] = task.version
            else:
                self._running[host] = self._installed[host]

    async def _find(self, request: web.Request) -> web.Response:
        if not self._can_find:
            return web.json_response({"error": "tasks cannot be found by key"}, status=501)
        wanted = request.query["key"]
        found = [_shown(task) for task in self._tasks if task.key == wanted]
        return web.json_response({"tasks": found})

    async def _stop(self, request: web.Request) -> web.Response:
        task = self._task(request.match_info["id"])
        if task.status != "running":
            return web.json_response({"error": "has ended"}, status=409)
        task.status = "stopped"
        return web.json_response(_shown(task), status=202)

    async def _versions(self, request: web.Request) -> web.Response:
        hosts = [
            {"host": host, "version": self._running[host], "group": group}
            for host, group in HOSTS[request.match_info["component"]].items()
        ]
        return web.json_response({"hosts": hosts})

    async def _candidates(self, request: web.Request) -> web.Response:
        return web.json_response({"candidates": list(VERSIONS)})

    async def _post(self, request: web.Request) -> web.Response:
        entry = {"key": request.headers["Idempotency-Key"], "body": await request.json()}
        self._append(Path("posts.log"), entry)
        return web.json_response({})

    async def _hold(self, request: web.Request) -> web.Response:
        body = await request.json()
        hold = Hold(body["call"], body["match"], after=body["after"], left=body["nth"])
        self._holds.append(hold)
        self._wanted.append(hold)
        return web.json_response({})

    async def _held(self, _request: web.Request) -> web.Response:
        for hold in self._wanted:
            await hold.came.wait()
        return web.json_response({})

    async def _settled(self, _request: web.Request) -> web.Response:
        return web.json_response({})

    async def _make_slow(self, request: web.Request) -> web.Response:
        self._slow.append((await request.json())["match"])
        return web.json_response({})


def _shown(task: Task) -> dict[str, Any]:
    hosts = [{"host": host, "status": task.status, "detail": ""} for host in task.hosts]
    return {"id": task.id, "key": task.key, "status": task.status, "hosts": hosts}


async def _serve(root: Path, *, can_find: bool) -> None:
    world = World(root, can_find=can_find)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            ended.set()

    # The test holds this input open: it ends with the test, however that ends.
    loop.add_reader(0, look)
    runner = web.AppRunner(world.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    traffic = asyncio.create_task(world.send_traffic())
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - the test reads the port
    await ended.wait()
    traffic.cancel()
    world.end()
    await runner.cleanup()


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder of the logs")
    parser.add_argument("--no-find", action="store_true", help="tasks cannot be found by key")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.root, can_find=not arguments.no_find))


if __name__ == "__main__":
    main()
