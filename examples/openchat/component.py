"""One instance of a component: a small process that serves HTTP and writes a real log file.

Run by the deployment API with one JSON object as argument; the listening socket is inherited.
Only the standard library is used, so that 21 of them start in a second and stay small.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from heapq import merge
from pathlib import Path

if not __package__:  # run as a script: its neighbours are found like those of a package
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = "openchat"
    __import__(__package__)

from .background import REQUEST, line
from .faults import VERSIONS, Behaviour, kinds, streams
from .topology import Place

_PATIENCE = 0.5
"""Seconds that a client may take to send its request."""
_SET_DEATH_SIGNAL = 1


def die_with_parent(parent: int) -> None:
    """End this process when its parent ends, however that happens (Linux; elsewhere no effect)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class Instance:
    """Serves and logs until it is terminated."""

    def __init__(self, place: Place, version: str, log: Path) -> None:
        self.place = place
        self.version = version
        self.behaviour: Behaviour = VERSIONS[version]
        self._kinds = kinds(self.behaviour)
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def run(self, listener: socket.socket, *, since: float, time_scale: float) -> None:
        """Serve, and write what is due, until the standard input ends."""
        due = merge(*streams(self.behaviour, self.place, since=since, time_scale=time_scale))
        at, name = next(due, (float("inf"), ""))
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(0, select.POLLIN | select.POLLHUP)
        while True:
            wait = min(max(at - time.time(), 0.0), 60.0)
            for descriptor, _ in poll.poll(wait * 1000 + 1):
                if descriptor == 0:
                    return
                self._serve(listener)
            while at <= time.time():
                os.write(self._log, line(self._kinds[name], self.place.host, at))
                at, name = next(due, (float("inf"), ""))

    def _serve(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            client.settimeout(_PATIENCE)
            try:
                request = client.recv(4096).split(b" ", 2)
                status, answer = self._answer(request[1] if len(request) > 1 else b"")
                body = json.dumps(answer).encode()
                head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                client.sendall(head.encode() + body)
            except OSError:
                return

    def _answer(self, path: bytes) -> tuple[str, dict[str, str]]:
        routes: dict[bytes, Callable[[], dict[str, str]]] = {
            b"/healthz": lambda: {"status": "ok", "version": self.version},
            b"/work": self._work,
        }
        return ("200 OK", routes[path]()) if path in routes else ("404 Not Found", {})

    def _work(self) -> dict[str, str]:
        if self.behaviour.writes:
            os.write(self._log, line(REQUEST, self.place.host, time.time()))
        return {"served_by": self.place.host}


def main() -> None:
    """Start as the argument says."""
    said = json.loads(sys.argv[1])
    die_with_parent(said["parent"])
    release = json.loads(Path(said["release"]).read_text(encoding="utf-8"))
    place = Place(release["component"], said["index"])
    instance = Instance(place, release["version"], Path(said["log"]))
    if not instance.behaviour.starts:
        sys.exit(f"{place.host}: configuration key `delivery.shards` is missing")
    with socket.socket(fileno=said["socket"]) as listener:
        instance.run(listener, since=said["since"] or time.time(), time_scale=said["time_scale"])


if __name__ == "__main__":
    main()
