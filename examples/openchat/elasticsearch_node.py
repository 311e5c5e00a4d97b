"""One node of Elasticsearch in one folder, run by a user that is not root, on free ports."""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

_STARTS_WITHIN = 120.0
_ENDS_WITHIN = 20.0
_LOOK_EVERY = 0.1
_PUBLISHED = re.compile(r"HttpServerTransport.*publish_address \{[^}]*:(\d+)\}")
_TRANSPORT = re.compile(r"TransportService.*publish_address \{[^}]*:(\d+)\}")
_STARTED = re.compile(r"\] started \{")
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_SETTINGS = {
    "network.host": "127.0.0.1",
    "http.port": "0",
    "transport.port": "0",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
    "xpack.security.enabled": "false",
}


class Node:
    """A node of the unpacked server in `home`; configuration, data and logs are in `folder`.

    `user` owns them and runs it: root may not. `heap` in MB.
    """

    def __init__(
        self,
        home: Path,
        folder: Path,
        settings: Mapping[str, str],
        *,
        user: str | None = None,
        heap: int = 512,
    ) -> None:
        self._home = home
        self._folder = folder
        self._settings = {**_SETTINGS, **settings}
        self._user = user
        self._heap = heap
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Start it, wait until it answers, and return its HTTP port.

        Raises RuntimeError with the last words of the server when it does not start.
        """
        java = shutil.which("java")
        if java is None:
            raise RuntimeError("Elasticsearch needs Java: install default-jre-headless")
        self._prepare(self._home / "config")
        if self._user:
            _give(self._folder, self._user)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "ES_JAVA_HOME": str(Path(java).resolve().parents[1]),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_JAVA_OPTS": f"-Xms{self._heap}m -Xmx{self._heap}m",
        }
        with (self._folder / "out").open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - the server itself
                [str(self._home / "bin" / "elasticsearch")],
                cwd=self._folder,
                user=self._user,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads here
            )
        return self._wait()

    @property
    def transport_port(self) -> int:
        """The port on which nodes speak to each other, once it has started."""
        match = _TRANSPORT.search(self._said())
        return int(match[1]) if match else 0

    def kill(self) -> None:
        """Kill it at once, as a machine that loses its power."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """Stop it, at the latest by force."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

    def _prepare(self, defaults: Path) -> None:
        config = self._folder / "config"
        for name in ("config", "data", "logs", "tmp"):
            (self._folder / name).mkdir(exist_ok=True)
        for name in ("jvm.options", "log4j2.properties"):
            shutil.copy(defaults / name, config / name)
        settings = {
            "path.data": str(self._folder / "data"),
            "path.logs": str(self._folder / "logs"),
            **self._settings,
        }
        lines = [f"{key}: {value}\n" for key, value in settings.items()]
        (config / "elasticsearch.yml").write_text("".join(lines), encoding="utf-8")

    def _said(self) -> str:
        return (self._folder / "out").read_text(encoding="utf-8", errors="replace")

    def _wait(self) -> int:
        until = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < until:
            said = self._said()
            port = _PUBLISHED.search(said)
            if port and _STARTED.search(said):
                return int(port[1])
            if self._process is None or self._process.poll() is not None:
                break
            time.sleep(_LOOK_EVERY)
        last = "\n".join(self._said().splitlines()[-15:])
        self.stop()
        raise RuntimeError(f"Elasticsearch did not start:\n{last}")


def _give(folder: Path, user: str) -> None:
    """Let the user own the folder and everything in it."""
    account = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
