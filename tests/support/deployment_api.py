"""A small deployment API on loopback whose every answer can be made to go wrong, for tests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass
class Task:
    """One start that the API accepted: what its log is made of."""

    id: str
    kind: str
    component: str
    version: str
    group: str
    hosts: tuple[str, ...]
    key: str
    status: str = "running"
    results: dict[str, str] = field(default_factory=dict)


@dataclass
class Faults:
    """What goes wrong from now on; each is switched on and off at any time."""

    down: int = 0
    """How many next calls are answered with 503; -1: all."""
    drop: int = 0
    """How many next calls lose their connection before anything is done; -1: all."""
    hang_after_accept: bool = False
    """Starts are done, but their answer never comes."""
    drop_after_accept: bool = False
    """Starts are done, but the connection is closed instead of an answer."""
    refuse: int = 0
    """The status that starts are refused with."""
    html: bool = False
    """Every call is answered with a page."""
    error_body: bool = False
    """Every call is answered with 200 and an error."""
    status_word: str = ""
    """The status that every task has."""
    forget_tasks: bool = False
    """Tasks are unknown: 404, and not found by key."""
    failing_hosts: tuple[str, ...] = ()
    """Operations fail on these hosts."""
    call_partial_finished: bool = False
    """A task with failed hosts calls itself finished all the same."""
    stop_unsupported: bool = False
    """Stopping is answered with 405."""
    hold: bool = False
    """Tasks keep running until `finish` or a stop."""
    redirect: str = ""
    """Every call is redirected to this address."""
    raw: str | None = None
    """Every call is answered with 200 and this text."""


class DeploymentApi:
    """The API as an async context manager; `url` is its address, `accepted` its log of starts.

    Each component has five hosts, `<component>-1` in the group `canary`. Tasks end at the first
    look. The API starts whatever it is told, also the same key twice: that is what tests watch.
    """

    def __init__(self, *, hosts: int = 5, running_version: str = "1.0") -> None:
        self.faults = Faults()
        self.accepted: list[Task] = []
        self.calls: Counter[str] = Counter()
        """method and path -> how many calls came in."""
        self.headers: dict[str, str] = {}
        """The headers of the last call."""
        self.bodies: list[Any] = []
        """The JSON bodies of starts."""
        self.versions = ["1.2", "1.1", "1.0"]
        self.came = asyncio.Event()
        """Set when a start was accepted."""
        self.url = ""
        self._hosts = hosts
        self._first = running_version
        self._running: dict[str, str] = {}
        self._artifacts: dict[str, str] = {}
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        application = web.Application(middlewares=[self._misbehave])
        application.add_routes(
            [
                web.post("/components/{component}/{kind:deploy|restart}", self._start),
                web.put("/components/{component}/{kind:deploy|restart}", self._start),
                web.get("/components/{component}", self._component),
                web.get("/components/{component}/candidates", self._candidates),
                web.get("/tasks", self._tasks),
                web.get("/tasks/{id}", self._task),
                web.post("/tasks/{id}/stop", self._stop),
            ]
        )
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening: connections are refused from now on."""
        self._closing.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def hosts(self, component: str) -> list[str]:
        """Return the names of the component's hosts."""
        return [f"{component}-{number}" for number in range(1, self._hosts + 1)]

    def running(self, component: str) -> dict[str, str]:
        """Return what runs on each host."""
        return {host: self._running.get(host, self._first) for host in self.hosts(component)}

    def set_running(self, host: str, version: str) -> None:
        """Let the host run this version, as if somebody deployed it past the bot."""
        self._running[host] = self._artifacts[host] = version

    def starts(self, key: str) -> int:
        """Return how often an operation with this key was started."""
        return sum(task.key == key for task in self.accepted)

    def finish(self, task: Task, failing: Iterable[str] = ()) -> None:
        """End the task now; it fails on these hosts."""
        failed = set(failing)
        for host in task.hosts:
            task.results[host] = "failed" if host in failed else "finished"
            if host in failed:
                continue
            if task.kind == "deploy":
                self._artifacts[host] = task.version
            elif host in self._artifacts:
                self._running[host] = self._artifacts[host]
        broken = failed.intersection(task.hosts) and not self.faults.call_partial_finished
        task.status = "failed" if broken else "finished"

    @web.middleware
    async def _misbehave(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.calls[f"{request.method} {request.path}"] += 1
        self.headers = dict(request.headers)
        if self.faults.drop:
            self.faults.drop -= 1
            return self._hang_up(request)
        return self._wrong_answer() or await handler(request)

    def _wrong_answer(self) -> web.Response | None:
        faults = self.faults
        if faults.down:
            faults.down -= 1
            return web.json_response({"error": "down"}, status=503)
        if faults.redirect:
            return web.Response(status=307, headers={"Location": faults.redirect})
        if faults.html:
            return web.Response(text="<!DOCTYPE html><p>Sign in</p>", content_type="text/html")
        if faults.error_body:
            return web.json_response({"error": "no quota, password=hunter2"})
        if faults.raw is not None:
            return web.Response(text=faults.raw, content_type="application/json")
        return None

    def _hang_up(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _start(self, request: web.Request) -> web.Response:
        if self.faults.refuse:
            return web.json_response({"error": "refused"}, status=self.faults.refuse)
        body = await request.json()
        self.bodies.append(body)
        component, group = request.match_info["component"], body.get("group", "all")
        everyone = self.hosts(component)
        task = Task(
            id=f"t{len(self.accepted) + 1}",
            kind=request.match_info["kind"],
            component=component,
            version=body.get("version", ""),
            group=group,
            hosts=tuple(body.get("hosts") or (everyone[:1] if group == "canary" else everyone)),
            key=body.get("key", ""),
        )
        self.accepted.append(task)
        self.came.set()
        if self.faults.hang_after_accept:
            await self._closing.wait()
        if self.faults.drop_after_accept:
            return self._hang_up(request)
        return web.json_response({"id": task.id}, status=202)

    async def _task(self, request: web.Request) -> web.Response:
        found = [task for task in self.accepted if task.id == request.match_info["id"]]
        if not found or self.faults.forget_tasks:
            return web.json_response({"error": "no such task"}, status=404)
        if found[0].status == "running" and not self.faults.hold:
            self.finish(found[0], self.faults.failing_hosts)
        return web.json_response(self._shown(found[0]))

    async def _tasks(self, request: web.Request) -> web.Response:
        key = request.query.get("key", "")
        known = [] if self.faults.forget_tasks else self.accepted
        return web.json_response(
            {"tasks": [self._shown(task) for task in known if task.key == key]}
        )

    async def _stop(self, request: web.Request) -> web.Response:
        if self.faults.stop_unsupported:
            return web.json_response({"error": "cannot stop"}, status=405)
        task = next(task for task in self.accepted if task.id == request.match_info["id"])
        if task.status != "running":
            return web.json_response({"error": "has ended"}, status=409)
        task.status = "stopped"
        return web.json_response({"id": task.id})

    async def _component(self, request: web.Request) -> web.Response:
        component = request.match_info["component"]
        hosts = [
            {"host": host, "version": version, "group": "canary" if host.endswith("-1") else "rest"}
            for host, version in self.running(component).items()
        ]
        return web.json_response({"hosts": hosts})

    async def _candidates(self, request: web.Request) -> web.Response:
        listed = [{"version": version, "title": f"Build {version}"} for version in self.versions]
        return web.json_response({"candidates": listed})

    def _shown(self, task: Task) -> dict[str, Any]:
        waiting = "queued" if task.status == "running" else task.status
        return {
            "id": task.id,
            "key": task.key,
            "status": self.faults.status_word or task.status,
            "hosts": [
                {"host": host, "status": task.results.get(host, waiting), "detail": ""}
                for host in task.hosts
            ],
        }
