"""The hosts of the example target: their files, their processes, and the traffic they get."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .background import REQUEST
from .history import log_file
from .topology import COMPONENTS, HOSTS_EACH, RUNS_AT_FIRST, Place, places

_COMES_UP_WITHIN = 10.0
_ENDS_WITHIN = 2.0
_ANSWERS_WITHIN = 1.0
_LOOK_EVERY = 0.02


class HostError(Exception):
    """A host did not do what it should; the message says what went wrong there."""


@dataclass
class Host:
    """One host: what is installed on it, and the process that runs on it."""

    place: Place
    installed: str = RUNS_AT_FIRST
    """The version whose files are current on the host."""
    launched: str = ""
    """The version that was started last, whether or not it came up."""
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def up(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None


class Fleet:
    """Every host below `root`; `time_scale` divides the pace of what the instances write."""

    def __init__(self, root: Path, time_scale: float) -> None:
        self.root = root
        self.time_scale = time_scale
        self.hosts = {
            place.host: Host(place) for component in COMPONENTS for place in places(component)
        }

    def of(self, component: str) -> list[Host]:
        """The hosts of a component, in name order."""
        return [host for host in self.hosts.values() if host.place.component == component]

    def install(self, host: Host, version: str) -> None:
        """Put a version's files on a host and make them current; what runs is not touched."""
        home = self.root / "hosts" / host.place.host
        folder = home / version
        folder.mkdir(parents=True, exist_ok=True)
        about = {"component": host.place.component, "version": version}
        (folder / "release.json").write_text(json.dumps(about), encoding="utf-8")
        link = home / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(version)
        link.replace(home / "current")
        host.installed = version

    def launch(self, host: Host, version: str, *, since: float = 0.0) -> None:
        """Start an installed version on a host; lines due from `since` on are still written."""
        home = self.root / "hosts" / host.place.host
        with socket.create_server(("127.0.0.1", 0)) as listener:
            said = {
                "parent": os.getpid(),
                "socket": listener.fileno(),
                "index": host.place.index,
                "release": str(home / version / "release.json"),
                "log": str(log_file(self.root, host.place)),
                "since": since,
                "time_scale": self.time_scale,
            }
            program = str(Path(__file__).with_name("component.py"))
            with (home / "stderr").open("wb") as errors:
                host.process = subprocess.Popen(  # noqa: S603 - this file's neighbour
                    [sys.executable, "-S", "-E", "-s", program, json.dumps(said)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    pass_fds=[listener.fileno()],
                )
            host.port = listener.getsockname()[1]
        host.launched = version

    async def terminate(self, host: Host) -> None:
        """End a host's process, at the latest by force."""
        process = host.process
        if process is None:
            return
        process.terminate()
        deadline = time.monotonic() + _ENDS_WITHIN
        while process.poll() is None:
            if time.monotonic() > deadline:
                process.kill()
            await asyncio.sleep(_LOOK_EVERY)
        if process.stdin is not None:
            process.stdin.close()
        host.process = None

    async def come_up(self, host: Host) -> None:
        """Wait until a host answers its health check; raises HostError when it does not."""
        deadline = time.monotonic() + _COMES_UP_WITHIN
        while time.monotonic() < deadline:
            if host.process is None or (code := host.process.poll()) is not None:
                break
            answer = await self.ask(host, "/healthz")
            if answer.get("version") == host.launched:
                return
            await asyncio.sleep(_LOOK_EVERY)
        else:
            raise HostError(f"no healthy answer within {_COMES_UP_WITHIN:g} s")
        errors = self.root / "hosts" / host.place.host / "stderr"
        last = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise HostError(": ".join([f"the process ended at once (exit code {code})", *last]))

    async def ask(self, host: Host, path: str) -> dict[str, Any]:
        """GET a path of a host's process; empty when it does not answer."""
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                return await _get(host.port, path)
        except (OSError, ValueError, TimeoutError):
            return {}

    async def version(self, host: Host) -> str:
        """What a host says it runs; the version that was started last when it says nothing."""
        answer = await self.ask(host, "/healthz") if host.up else {}
        return str(answer.get("version") or host.launched)

    async def send_traffic(self) -> None:
        """Send each host a request now and then, for ever."""
        pause = REQUEST.every / len(COMPONENTS) / self.time_scale
        due = time.monotonic()
        while True:
            for place in (Place(name, turn) for turn in range(HOSTS_EACH) for name in COMPONENTS):
                host = self.hosts[place.host]
                if host.up:
                    await self.ask(host, "/work")
                # What was missed while the machine was busy is not made up for in a burst.
                due = max(due + pause, time.monotonic() - pause)
                await asyncio.sleep(due - time.monotonic())

    def kill(self, hosts: Iterable[Host]) -> None:
        """End processes at once and wait for their ends."""
        processes = [host.process for host in hosts if host.process is not None]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


async def _get(port: int, path: str) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            return {}
        found: dict[str, Any] = json.loads(body)
        return found
    finally:
        writer.close()
