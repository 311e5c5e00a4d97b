"""Runs a private PostgreSQL for tests and stops it even when the tests are killed.

The server belongs to a keeper, this module run as a program. The keeper's standard input is a
pipe from the tests: when they end in any way the pipe closes and the keeper stops the server.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.support.provision import MissingProgramError, require, unprivileged_user

_ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the SQLAlchemy URL of an empty database on a server of its own.

    The server answers on a socket in a temporary folder only. Raises MissingProgramError,
    naming the packages, without PostgreSQL; RuntimeError with the server's words if it fails.
    """
    require("postgres")
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.support.postgres"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests; the keeper follows by the pipe
    )
    with keeper:
        if keeper.stdout is None or keeper.stdin is None:
            raise RuntimeError("the keeper has no pipes")
        url = keeper.stdout.readline().strip()
        if not url:
            raise RuntimeError("PostgreSQL did not start: see the messages above")
        try:
            yield url
        finally:
            keeper.stdin.close()
            keeper.wait(timeout=30)


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """Yield the URL of a new, empty database on the same server; drop it afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield url.replace("/release?", f"/{name}?")
        finally:
            statement = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(statement)


class _Server:
    """One server in one folder, run by a user that is not root."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._user = unprivileged_user() if os.geteuid() == 0 else None
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)

    def start(self) -> str:
        """Make the cluster, wait until it answers and return the database's URL."""
        self._call("initdb", "-U", "release", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        settings = {**_SETTINGS, "unix_socket_directories": str(self._folder)}
        options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        self._call("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", options)
        self._call("createdb", "-h", str(self._folder), "-U", "release", "release", data=False)
        return f"postgresql+psycopg://release@/release?host={self._folder}"

    def stop(self) -> None:
        """Stop at once; the data is thrown away."""
        self._call("pg_ctl", "stop", "-m", "immediate")

    def _call(self, program: str, *arguments: str, data: bool = True) -> None:
        place = ["-D", str(self._folder / "data")] if data else []
        done = subprocess.run(
            [str(self._programs / program), *place, *arguments],
            check=False,
            cwd=self._folder,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")


def _stop_by_signal(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def keep() -> None:
    """Start a server, print its URL, and stop it when standard input ends."""
    signal.signal(signal.SIGTERM, _stop_by_signal)
    # A short path that every user may enter: sockets have at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="release-pg-", dir="/tmp"))
    server = _Server(require("postgres"), folder)
    try:
        sys.stdout.write(server.start() + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        try:
            server.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        keep()
    except (MissingProgramError, RuntimeError) as problem:
        sys.exit(str(problem))
