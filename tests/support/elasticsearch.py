"""Runs a private Elasticsearch for tests, one for all workers, and stops it in every case.

The server belongs to a keeper, this module run as a program. Each worker that uses the server
holds a shared lock; the keeper waits for the exclusive one, which it gets when the last worker has
ended in any way, and stops the server. When the keeper itself is killed, so is the server.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import IO, cast

from examples.openchat.elasticsearch_node import Node
from tests.support.certificates import make_certificates
from tests.support.provision import MissingProgramError, require, unprivileged_user
from tests.support.recommended import recommended_role

_COST = 1000
_ROOT = Path(__file__).resolve().parents[2]
ADMIN, READER, STRANGER = "admin", "reader", "stranger"
"""Users: may do anything; has the role that the documentation recommends; may do nothing."""


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
def running_elasticsearch(run: str) -> Iterator[Server]:
    """Yield a server with TLS and users, the same for everybody who names the same test run.

    Raises MissingProgramError, naming the packages, without Elasticsearch or Java; RuntimeError
    with the server's words when it does not start.
    """
    require("elasticsearch")
    folder = Path(tempfile.gettempdir()) / f"release-es-{os.getuid()}-{run}"
    with _shared_lock(folder):
        with (folder / "start.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            state = folder / "server.json"
            if not state.exists():
                _start_keeper(folder)
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


def _start_keeper(folder: Path) -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.support.elasticsearch", str(folder)],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests; the keeper follows by the lock
    )
    with cast("IO[str]", keeper.stdout) as said:
        if not said.readline():
            keeper.wait()
            raise RuntimeError("Elasticsearch did not start: see the messages above")
    # It outlives whoever started it; nobody waits for it.
    keeper.returncode = 0


def _password_line(name: str, password: str) -> str:
    """A line of the file `users`, with the password hashed as the server does it."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _COST, dklen=32)
    first, second = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"{name}:{{PBKDF2}}{_COST}${first}${second}\n"


def node(folder: Path, settings: Mapping[str, str], *, heap: int = 512) -> Node:
    """A node of the provisioned server that has not started yet."""
    user = unprivileged_user() if os.geteuid() == 0 else None
    return Node(require("elasticsearch"), folder, settings, user=user, heap=heap)


def _secured(folder: Path) -> tuple[Node, Server]:
    """A node with TLS, the recommended role, and three users."""
    passwords = {name: os.urandom(12).hex() for name in (ADMIN, READER, STRANGER)}
    config = folder / "config"
    config.mkdir()
    make_certificates(config)
    roles = {"recommended": recommended_role(), "nothing": {"cluster": []}}
    (config / "roles.yml").write_text(json.dumps(roles), encoding="utf-8")
    (config / "users").write_text(
        "".join(_password_line(name, word) for name, word in passwords.items()), encoding="utf-8"
    )
    (config / "users_roles").write_text(
        f"superuser:{ADMIN}\nrecommended:{READER}\nnothing:{STRANGER}\n", encoding="utf-8"
    )
    settings = {
        "discovery.type": "single-node",
        "xpack.security.enabled": "true",
        "xpack.security.autoconfiguration.enabled": "false",
        "xpack.security.http.ssl.enabled": "true",
        "xpack.security.http.ssl.key": "server.key",
        "xpack.security.http.ssl.certificate": "server.pem",
    }
    return node(folder, settings), Server("", str(config / "ca.pem"), passwords)


def _stop_by_signal(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def keep(folder: Path) -> None:
    """Start a server, say so on standard output, and stop it when nobody holds the lock."""
    signal.signal(signal.SIGTERM, _stop_by_signal)
    state = folder / "server.json"
    with ExitStack() as after:
        # Opened first, so given back last: nobody may find what is about to be deleted.
        users = after.enter_context((folder / "users.lock").open("r"))
        after.callback(shutil.rmtree, folder, ignore_errors=True)
        server_node, server = _secured(folder)
        after.callback(server_node.stop)
        url = f"https://127.0.0.1:{server_node.start()}"
        state.write_text(json.dumps({**asdict(server), "url": url}), encoding="utf-8")
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        fcntl.flock(users, fcntl.LOCK_EX)


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]))
    except (MissingProgramError, RuntimeError) as problem:
        sys.exit(str(problem))
