"""Keeps one server for all workers of a test run, and stops it in every case.

The server belongs to a keeper, a module of its kind run as a program. Each worker that uses the
server holds a shared lock; the keeper waits for the exclusive one, which it gets when the last
worker has ended in any way, and stops the server. When the keeper itself is killed, so is the
server.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import IO, cast

from examples.openchat.search_node import Node
from tests.support.provision import MissingProgramError, require

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    ca_file: str
    passwords: Mapping[str, str]
    """user -> password."""
    kind: str = "elasticsearch"
    """The kind of log store that counts on it."""


@contextmanager
def running_server(kind: str, run: str) -> Iterator[Server]:
    """Yield a server of a kind, the same for everybody who names the same test run.

    Raises MissingProgramError, naming the packages, without the server or Java; RuntimeError with
    the server's words when it does not start.
    """
    require(kind)
    folder = Path(tempfile.gettempdir()) / f"release-{kind}-{os.getuid()}-{run}"
    with _shared_lock(folder):
        with (folder / "start.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            state = folder / "server.json"
            if not state.exists():
                _start_keeper(kind, folder)
        yield Server(**json.loads(state.read_text(encoding="utf-8")))


@contextmanager
def _shared_lock(folder: Path) -> Iterator[None]:
    """Hold the lock whose last holder's end stops the server."""
    path = folder / "users.lock"
    while True:
        folder.mkdir(mode=0o755, exist_ok=True)
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            # A keeper that just ended has taken the file away under us.
            if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                yield
                return


def _start_keeper(kind: str, folder: Path) -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-m", f"tests.support.{kind}", str(folder)],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests; the keeper follows by the lock
    )
    with cast("IO[str]", keeper.stdout) as said:
        if not said.readline():
            keeper.wait()
            raise RuntimeError(f"{kind} did not start: see the messages above")
    # It outlives whoever started it; nobody waits for it.
    keeper.returncode = 0


def _stop_by_signal(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


Make = Callable[[Path], tuple[Node, Server]]
"""Makes a node in a folder that has not started yet, and its server with `{port}` in its URL."""


def keep(make: Make, folder: Path) -> None:
    """Start a server, say so on standard output, and stop it when nobody holds the lock."""
    signal.signal(signal.SIGTERM, _stop_by_signal)
    state = folder / "server.json"
    with ExitStack() as after:
        # Opened first, so given back last: nobody may find what is about to be deleted.
        users = after.enter_context((folder / "users.lock").open("r"))
        after.callback(shutil.rmtree, folder, ignore_errors=True)
        node, server = make(folder)
        after.callback(node.stop)
        server = replace(server, url=server.url.format(port=node.start()))
        state.write_text(json.dumps(asdict(server)), encoding="utf-8")
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        fcntl.flock(users, fcntl.LOCK_EX)


def main(make: Make) -> None:
    """Be the keeper of the folder that the command line names."""
    try:
        keep(make, Path(sys.argv[1]))
    except (MissingProgramError, RuntimeError) as problem:
        sys.exit(str(problem))
