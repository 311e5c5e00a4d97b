"""Deployments and restarts as tasks: one start per key, host by host, kept over restarts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .fleet import Fleet, Host, HostError

DEPLOY, RESTART = "deploy", "restart"
_HOST_TAKES = {DEPLOY: 0.3, RESTART: 0.2}
"""Seconds that a host takes beyond what its files and its process really take."""


class RefusedError(Exception):
    """The task was not begun; the message says why."""


@dataclass
class Part:
    """One host's part of a task."""

    host: str
    status: str = "queued"
    detail: str = ""


@dataclass
class Task:
    """One deployment or restart; its status is queued, running, finished, failed or stopped."""

    id: str
    key: str
    kind: str
    component: str
    version: str
    """What is deployed; of a restart, what is installed on its hosts."""
    hosts: list[Part]
    status: str = "queued"
    detail: str = ""
    stop_asked: bool = field(default=False)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in {"queued", "running"}


class Tasks:
    """Every task below `root`; those of one component run one after the other."""

    def __init__(self, fleet: Fleet, *, delay: float) -> None:
        self.port = 0
        """Where the API listened last: its callers have written the address down."""
        self._fleet = fleet
        self._delay = delay
        self._all: dict[str, Task] = {}
        self._locks = {host.place.component: asyncio.Lock() for host in fleet.hosts.values()}
        self._running: set[asyncio.Task[None]] = set()

    def get(self, task_id: str) -> Task | None:
        """The task with this id."""
        return self._all.get(task_id)

    def with_key(self, key: str) -> list[Task]:
        """The task with this key, or nothing."""
        return [task for task in self._all.values() if task.key == key]

    def start(self, kind: str, hosts: list[Host], *, key: str, version: str) -> Task:
        """Begin a task; a key that was used before gives that task and begins nothing.

        Raises RefusedError when the key belongs to something else.
        """
        component = hosts[0].place.component
        names = [host.place.host for host in hosts]
        if known := self.with_key(key):
            [task] = known
            same = (task.kind, task.component, [part.host for part in task.hosts])
            if same != (kind, component, names) or (kind == DEPLOY and task.version != version):
                raise RefusedError(f"key {key!r} belongs to another operation ({task.id})")
            self._witness(task, "duplicate")
            return task
        number = len(self._all) + 1
        parts = [Part(name) for name in names]
        task = Task(f"task-{number}", key, kind, component, version, parts)
        self._all[task.id] = task
        self.save()
        self._witness(task, "start")
        job = asyncio.create_task(self._run(task))
        self._running.add(job)
        job.add_done_callback(self._running.discard)
        return task

    def stop(self, task: Task) -> None:
        """Do not begin with hosts that are still queued; the one that runs comes to its end."""
        if task.over:
            raise RefusedError(f"{task.id} is {task.status} already")
        task.stop_asked = True

    async def _run(self, task: Task) -> None:
        async with self._locks[task.component]:
            task.status = "running"
            self.save()
            await asyncio.sleep(self._delay)
            for part in task.hosts:
                if task.stop_asked or task.detail:
                    part.status = "stopped"
                    continue
                await self._run_part(task, part)
                self.save()
            statuses = {part.status for part in task.hosts}
            task.status = next((s for s in ("failed", "stopped") if s in statuses), "finished")
            self.save()

    async def _run_part(self, task: Task, part: Part) -> None:
        host = self._fleet.hosts[part.host]
        part.status = "running"
        try:
            await asyncio.sleep(_HOST_TAKES[task.kind])
            if task.kind == DEPLOY:
                self._fleet.install(host, task.version)
            else:
                await self._fleet.terminate(host)
                self._fleet.launch(host, host.installed)
                await self._fleet.come_up(host)
            part.status = "finished"
        except (HostError, OSError) as error:
            part.status, part.detail = "failed", str(error)
            task.detail = f"{part.host}: {error}"

    def save(self) -> None:
        """Write down all tasks and versions, so that the next process knows them."""
        hosts = {
            name: {"installed": host.installed, "launched": host.launched}
            for name, host in self._fleet.hosts.items()
        }
        tasks = [asdict(task) for task in self._all.values()]
        state = {"port": self.port, "hosts": hosts, "tasks": tasks}
        path = self._state()
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(state), encoding="utf-8")
        fresh.replace(path)

    def load(self) -> None:
        """Take over what an earlier process wrote down; what it did not finish has failed."""
        if not self._state().exists():
            return
        state: dict[str, Any] = json.loads(self._state().read_text(encoding="utf-8"))
        self.port = state["port"]
        for name, versions in state["hosts"].items():
            host = self._fleet.hosts[name]
            host.installed, host.launched = versions["installed"], versions["launched"]
        for kept in state["tasks"]:
            task = Task(**{**kept, "hosts": [Part(**part) for part in kept["hosts"]]})
            self._all[task.id] = task
            if not task.over:
                task.status, task.detail = "failed", "the deployment API ended meanwhile"
                for part in task.hosts:
                    part.status = {"queued": "stopped", "running": "failed"}.get(
                        part.status, part.status
                    )

    def _state(self) -> Path:
        return self._fleet.root / "state.json"

    def _witness(self, task: Task, event: str) -> None:
        """Append to the log that tests and people believe: what was really begun, and when."""
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "event": event,
            "key": task.key,
            "kind": task.kind,
            "component": task.component,
            "version": task.version,
            "hosts": [part.host for part in task.hosts],
            "task": task.id,
        }
        with (self._fleet.root / "starts.log").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
