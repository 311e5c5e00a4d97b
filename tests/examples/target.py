"""Runs the example's deployment API for tests, and reads what it and its components left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from examples.openchat.deployment_api import TOKEN_VARIABLE
from tests.support.source import ROOT

SCALE = 300.0
"""Ten days are 48 minutes here, and a round of a check comes every second."""
ROUND = 300.0 / SCALE
TOKEN = "a-token-of-the-tests"


class Target:
    """The deployment API as a process of its own, with its 21 component processes."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        script = ROOT / "examples/openchat/deployment_api.py"
        self.process = subprocess.Popen(
            [
                *(sys.executable, str(script), "--root", str(root), "--time-scale", str(SCALE)),
                *("--parent-pid", str(os.getpid()), *options),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, TOKEN_VARIABLE: TOKEN},
        )
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["port"])
        self._keys = 0

    def call(
        self, method: str, path: str, body: object = None, *, token: str = TOKEN
    ) -> tuple[int, Any]:
        """Call the API and return status and answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def start(self, component: str, kind: str, **body: object) -> Any:
        """Begin a deployment or a restart under a new key and return the task."""
        self._keys += 1
        body = {"key": f"key-{self.process.pid}-{self._keys}", "hosts": [], **body}
        status, task = self.call("POST", f"/components/{component}/{kind}", body)
        assert status == 202, task
        return task

    def finish(self, task: Any) -> Any:
        """Wait until a task is over and return it."""
        latest = task

        def is_over() -> bool:
            nonlocal latest
            _, latest = self.call("GET", f"/tasks/{task['id']}")
            return latest["status"] not in {"queued", "running"}

        wait_for(is_over)
        return latest

    def release(self, component: str, version: str, group: str = "all") -> float:
        """Deploy a version, restart a group, and return when that began."""
        begun = time.time()
        deployed = self.finish(self.start(component, "deploy", version=version))
        assert deployed["status"] == "finished"
        restarted = self.finish(self.start(component, "restart", group=group))
        assert restarted["status"] == "finished"
        return begun

    def running(self, component: str) -> dict[str, str]:
        """Return host -> version, as the API says."""
        _, answer = self.call("GET", f"/components/{component}")
        return {each["host"]: each["version"] for each in answer["hosts"]}

    def counts(self, component: str, since: float, until: float = 0.0) -> Counter[str]:
        """How many lines of each type were written in [since, until)."""
        return Counter(
            line["type"] for line in self.lines(component) if since <= at(line) < (until or 1e12)
        )

    def lines(self, component: str) -> list[dict[str, str]]:
        """Every line in the log files of a component."""
        files = sorted((self.root / "logs" / component).glob("*.log*"))
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def starts(self) -> list[dict[str, Any]]:
        """The log of what was begun."""
        log = self.root / "starts.log"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end of the API."""
        self.process.send_signal(number)
        self.process.wait(timeout=10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def at(line: dict[str, str]) -> float:
    """When a line was written, in seconds since the epoch."""
    moment = datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - zone below
    return moment.replace(tzinfo=UTC).timestamp()


def wait_for(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look again and again until something has happened; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def children(parent: int) -> list[int]:
    """The processes that a process started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]


def gone(processes: list[int]) -> bool:
    """Whether none of the processes lives any more; a zombie is dead."""
    return not any(_lives(pid) for pid in processes)


def _lives(pid: int) -> bool:
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()[:1] not in {"", "Z"}
