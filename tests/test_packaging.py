"""The wheel holds everything: installed in an empty folder it runs the try-out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.support.source import ROOT, tracked_files

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository, built without asking a package index."""
    folder = tmp_path_factory.mktemp("wheel")
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_module(wheel: Path) -> None:
    """Every file of bot and adapters and the example are in the wheel, and no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = {path.relative_to(ROOT).as_posix() for path in tracked_files()}

    expected = {name for name in tracked if name.startswith(("bot/", "adapters/"))}
    assert len(expected) > 40
    assert expected - names == set()
    assert any(name.startswith("bot/examples/openchat/") for name in names)
    assert not any("__pycache__" in name or name.startswith("tests/") for name in names)


def test_the_installed_wheel_runs_the_try_out(wheel: Path, tmp_path: Path) -> None:
    """In an empty folder, without this repository, `release-master try` serves its page."""
    place, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(place)]
    subprocess.run([sys.executable, *install, str(wheel)], check=True)
    port = _free_port()
    # Folders named like this, unlike site-packages themselves, bring in no other copy of the bot.
    packages = os.pathsep.join([str(place), sysconfig.get_path("purelib")])
    with subprocess.Popen(
        [sys.executable, "-S", str(place / "bin/release-master"), "try", "--port", str(port)],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": packages, "PYTHONNOUSERSITE": "1", "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as tryout:
        answer = _healthy(port, tryout)
        tryout.send_signal(signal.SIGTERM)
        said, _ = tryout.communicate(timeout=30)

    assert answer == 200, said
    assert tryout.returncode in {0, -signal.SIGTERM}, said


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _healthy(port: int, process: subprocess.Popen[str]) -> int:
    """Ask until it answers; give up, with 0, after 60 seconds or when the process ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except (HTTPException, OSError):
            time.sleep(0.1)
        finally:
            connection.close()
    return 0
