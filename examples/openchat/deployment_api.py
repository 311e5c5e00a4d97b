"""A deployment API of the PMC kind: call, get a task, poll the task until it has finished.

Run as a script; prints one JSON line with its port when it is ready. It knows versions and their
titles; what is wrong with a version shows in the component processes only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

if not __package__:  # run as a script: its neighbours are found like those of a package
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = "openchat"
    __import__(__package__)

from . import history
from .component import die_with_parent
from .faults import VERSIONS
from .fleet import Fleet, Host
from .tasks import DEPLOY, RESTART, RefusedError, Task, Tasks
from .topology import COMPONENTS

TOKEN_VARIABLE = "DEPLOYMENT_API_TOKEN"  # noqa: S105 - the name of a variable
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _json(code: int, **body: Any) -> web.Response:
    return web.json_response(body, status=code)


def _shown(task: Task) -> dict[str, Any]:
    return {name: value for name, value in asdict(task).items() if name != "stop_asked"}


class Api:
    """The routes. Everything but /healthz wants the bearer token."""

    def __init__(self, fleet: Fleet, tasks: Tasks, token: str, *, can_find: bool) -> None:
        self._fleet = fleet
        self._tasks = tasks
        self._token = token
        self._can_find = can_find

    def application(self) -> web.Application:
        """The routes as an application."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/healthz", self.healthz),
                web.get("/components/{component}", self.running),
                web.get("/components/{component}/candidates", self.candidates),
                web.post("/components/{component}/deploy", self.deploy),
                web.post("/components/{component}/restart", self.restart),
                web.get("/tasks", self.find),
                web.get("/tasks/{id}", self.task),
                web.post("/tasks/{id}/stop", self.stop),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        said = request.headers.get("Authorization", "")
        allowed = hmac.compare_digest(said.encode(), f"Bearer {self._token}".encode())
        if request.path != "/healthz" and not allowed:
            return _json(401, error="wrong or missing token")
        try:
            return await handler(request)
        except RefusedError as refusal:
            return _json(409, error=str(refusal))
        except (LookupError, ValueError) as error:
            return _json(404 if isinstance(error, LookupError) else 400, error=str(error.args[0]))

    async def healthz(self, _: web.Request) -> web.Response:
        """Say that it serves."""
        return _json(200, status="ok")

    async def running(self, request: web.Request) -> web.Response:
        """Say for each host which version it runs, in which group it is, and whether it is up."""
        hosts = self._of(request)
        versions = await asyncio.gather(*(self._fleet.version(host) for host in hosts))
        found = [
            {
                "host": host.place.host,
                "version": version,
                "group": host.place.group,
                "status": "up" if host.up else "down",
                "installed": host.installed,
            }
            for host, version in zip(hosts, versions, strict=True)
        ]
        return _json(200, component=request.match_info["component"], hosts=found)

    async def candidates(self, request: web.Request) -> web.Response:
        """List the versions that can be deployed, newest first."""
        self._of(request)
        found = [{"version": name, "title": each.title} for name, each in VERSIONS.items()]
        return _json(200, candidates=found)

    async def deploy(self, request: web.Request) -> web.Response:
        """Begin to put a version's files on hosts; what runs there goes on running."""
        body = await _body(request)
        version = _word(body, "version")
        if version not in VERSIONS:
            raise ValueError(f"there is no version {version!r}")
        hosts = self._chosen(request, body)
        return self._begin(DEPLOY, hosts, key=_word(body, "key"), version=version)

    async def restart(self, request: web.Request) -> web.Response:
        """Begin to restart hosts, one after the other, with the version installed on each."""
        body = await _body(request)
        hosts = self._chosen(request, body)
        version = ",".join(sorted({host.installed for host in hosts}))
        return self._begin(RESTART, hosts, key=_word(body, "key"), version=version)

    async def find(self, request: web.Request) -> web.Response:
        """Find the task with a key."""
        if not self._can_find:
            return _json(501, error="this API cannot find tasks by key")
        key = request.query.get("key", "")
        return _json(200, tasks=[_shown(task) for task in self._tasks.with_key(key)])

    async def task(self, request: web.Request) -> web.Response:
        """Say how far a task is, host by host."""
        return _json(200, **_shown(self._task(request)))

    async def stop(self, request: web.Request) -> web.Response:
        """Stop what has not been begun."""
        task = self._task(request)
        self._tasks.stop(task)
        return _json(202, **_shown(task))

    def _begin(self, kind: str, hosts: list[Host], *, key: str, version: str) -> web.Response:
        task = self._tasks.start(kind, hosts, key=key, version=version)
        return _json(202, **_shown(task))

    def _task(self, request: web.Request) -> Task:
        name = request.match_info["id"]
        task = self._tasks.get(name)
        if task is None:
            raise LookupError(f"there is no task {name!r}")
        return task

    def _of(self, request: web.Request) -> list[Host]:
        component = request.match_info["component"]
        if component not in COMPONENTS:
            raise LookupError(f"there is no component {component!r}")
        return self._fleet.of(component)

    def _chosen(self, request: web.Request, body: dict[str, Any]) -> list[Host]:
        """The hosts that are named, or else those of the group, or else all."""
        every = self._of(request)
        named = body.get("hosts") or []
        group = body.get("group") or "all"
        unknown = set(named) - {host.place.host for host in every}
        chosen = [
            host
            for host in every
            if (host.place.host in named if named else group in {"all", host.place.group})
        ]
        if unknown or not chosen:
            raise ValueError(f"no such hosts: {', '.join(sorted(unknown)) or group}")
        return chosen


async def _body(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.text())
    if not isinstance(body, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004 - it is answered with 400
    return body


def _word(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name!r} is missing")
    return value


@contextlib.asynccontextmanager
async def _living(fleet: Fleet, *, since: float) -> AsyncIterator[None]:
    """Run every host's process and the traffic; none is left when it ends."""
    hosts = list(fleet.hosts.values())
    try:
        for host in hosts:
            fleet.install(host, host.installed)
            fleet.launch(host, host.launched or host.installed, since=since)
        # A version that does not start may be installed: then its hosts are down.
        await asyncio.gather(*(fleet.come_up(host) for host in hosts), return_exceptions=True)
        async with asyncio.TaskGroup() as group:
            traffic = group.create_task(fleet.send_traffic())
            yield
            traffic.cancel()
    finally:
        fleet.kill(hosts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--root", type=Path, required=True, help="folder of logs, hosts and state")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--time-scale", type=float, default=60.0, help="divides all durations")
    parser.add_argument("--parent-pid", type=int, help="end when this parent ends")
    parser.add_argument("--no-find", action="store_true", help="tasks cannot be found by key")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that each task waits")
    return parser.parse_args()


def _watch_input(ended: asyncio.Event) -> None:
    """Set the event when the standard input ends, which a parent holds open while it lives."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            ended.set()

    loop.add_reader(0, look)


async def _listen(runner: web.AppRunner, port: int, before: int) -> int:
    """Listen, where no port is named on the one of the last time, and return the port."""
    try:
        await web.TCPSite(runner, "127.0.0.1", port or before).start()
    except OSError:
        if port:
            raise
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    chosen: int = runner.addresses[0][1]
    return chosen


async def _serve(arguments: argparse.Namespace, token: str) -> None:
    root: Path = arguments.root
    fleet = Fleet(root, arguments.time_scale)
    tasks = Tasks(fleet, delay=arguments.delay)
    tasks.load()
    since = time.time()
    if not history.written(root):
        history.write(root, end=since, time_scale=arguments.time_scale)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if arguments.parent_pid:
        _watch_input(ended)
    api = Api(fleet, tasks, token, can_find=not arguments.no_find)
    runner = web.AppRunner(api.application(), access_log=None)
    await runner.setup()
    async with _living(fleet, since=since):
        tasks.port = await _listen(runner, arguments.port, tasks.port)
        tasks.save()
        print(json.dumps({"port": tasks.port}), flush=True)
        await ended.wait()
        await runner.cleanup()


def main() -> None:
    """Serve until SIGTERM, SIGINT, or the end of the parent."""
    arguments = _arguments()
    if arguments.parent_pid:
        die_with_parent(arguments.parent_pid)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        sys.exit(f"{TOKEN_VARIABLE} is not set")
    asyncio.run(_serve(arguments, token))


if __name__ == "__main__":
    main()
