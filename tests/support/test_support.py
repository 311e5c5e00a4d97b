"""The test support itself: provisioning names packages, and the private PostgreSQL never stays."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.support import provision
from tests.support.downloads import Download, DownloadError, Libraries
from tests.support.provision import NEEDS, MissingProgramError, Need, advice, main, require
from tests.support.source import ROOT

_NOWHERE = Need("A Thing", lambda: None, ("a-package", "b-package"))


def test_advice_names_every_package_once() -> None:
    """The message says what is missing and gives the command with each package once."""
    other = Need("B Thing", lambda: None, ("b-package",))

    assert advice([_NOWHERE, other]) == (
        "A Thing and B Thing missing: install the Debian packages "
        "(as root: apt-get install a-package b-package)"
    )


def test_a_package_with_another_digest_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What npm brings counts only with the digest that is written down."""

    def pack(_: list[str], *, cwd: str, **__: object) -> None:
        (Path(cwd) / "local-slack.tgz").write_bytes(b"something else")

    monkeypatch.setenv("RELEASE_TEST_CACHE", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", pack)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")

    assert main(["slack"]) == 1
    assert "has the digest" in capsys.readouterr().err
    assert provision.second_slack() is None


def test_a_missing_program_without_root_ends_with_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without root nothing is installed, the packages are named and the command fails."""
    monkeypatch.setitem(NEEDS, "thing", _NOWHERE)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert main(["thing"]) == 1
    assert "apt-get install a-package b-package" in capsys.readouterr().err


def test_root_installs_only_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root the missing thing's packages are handed to apt, and finding it then succeeds."""
    installed: list[str] = []
    thing = Need("A Thing", lambda: Path("/") if installed else None, ("a-package",))
    there = Need("B Thing", lambda: Path("/"), ("b-package",))
    monkeypatch.setattr(provision, "NEEDS", {"thing": thing, "there": there})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/apt-get")
    monkeypatch.setattr(
        provision, "_install", lambda needs: installed.extend(need.packages[0] for need in needs)
    )

    assert main(["thing", "there"]) == 0
    assert installed == ["a-package"]


def test_an_unknown_need_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name on the command line is answered with the right ones."""
    assert main(["oracle"]) == 2
    assert "postgres, chromium" in capsys.readouterr().err


def test_requiring_a_missing_program_raises_its_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that needs a missing program fails with the packages to install."""
    monkeypatch.setitem(NEEDS, "thing", _NOWHERE)

    with pytest.raises(MissingProgramError, match="a-package b-package"):
        require("thing")


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def test_the_private_postgres_answers(postgres_url: str) -> None:
    """The URL of the fixture leads to an empty database in UTC."""
    with _connect(postgres_url) as connection:
        assert connection.execute("SELECT current_setting('timezone')").fetchone() == ("UTC",)


def test_each_test_gets_a_database_of_its_own(postgres_url: str, postgres_database: str) -> None:
    """What one database holds the other does not see."""
    with _connect(postgres_database) as mine, _connect(postgres_url) as shared:
        mine.execute("CREATE TABLE only_here (id int)")
        mine.commit()

        query = "SELECT to_regclass('only_here')"
        assert mine.execute(query).fetchone() == ("only_here",)
        assert shared.execute(query).fetchone() == (None,)


def test_a_download_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its digest is compared before anything in it is unpacked, and nothing is kept."""
    monkeypatch.setenv("RELEASE_TEST_CACHE", str(tmp_path))
    wrong = Download(artifact="a:b:1:zip", sha256="0" * 64, inside="b")

    def copy(_: Download, folder: Path) -> Path:
        file = folder / "b.zip"
        file.write_bytes(b"something else")
        return file

    monkeypatch.setattr(Download, "_copy", copy)
    with pytest.raises(DownloadError, match="has the SHA-256"):
        wrong.fetch()
    assert list(tmp_path.iterdir()) == []


def test_libraries_are_checked_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One digest stands for the names and contents of all, and nothing else is kept."""
    monkeypatch.setenv("RELEASE_TEST_CACHE", str(tmp_path / "cache"))
    said = "".join(f"{hashlib.sha256(one.encode()).hexdigest()}  {one}.jar\n" for one in "ab")
    good = Libraries(artifact="g:a:1", sha256=hashlib.sha256(said.encode()).hexdigest())
    names = ["a", "b"]

    def copy(_: Libraries, folder: Path) -> Path:
        made = folder / "libraries"
        made.mkdir()
        for name in names:
            (made / f"{name}.jar").write_text(name)
        return made

    monkeypatch.setattr(Libraries, "_copy", copy)
    assert sorted(path.name for path in good.fetch().iterdir()) == ["a.jar", "b.jar"]
    names.append("c")
    assert good.fetch() == good.folder
    with pytest.raises(DownloadError, match="g:a:1 has the SHA-256"):
        Libraries(artifact="g:a:1", sha256="0" * 64).fetch()


def test_a_download_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the cache is used as it is; programs in it can be run."""
    monkeypatch.setenv("RELEASE_TEST_CACHE", str(tmp_path / "cache"))
    archive = tmp_path / "b.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        program = zipfile.ZipInfo("b/bin/run")
        program.external_attr = 0o755 << 16
        packed.writestr(program, "#!/bin/sh")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    good = Download(artifact="a:b:1:zip", sha256=digest, inside="b")
    copies: list[Path] = []

    def copy(_: Download, folder: Path) -> Path:
        copies.append(folder)
        return Path(shutil.copy(archive, folder))

    monkeypatch.setattr(Download, "_copy", copy)
    assert good.fetch() == good.fetch() == good.folder
    assert len(copies) == 1
    assert os.access(good.folder / "bin/run", os.X_OK)


@pytest.mark.provisioned
def test_a_killed_test_run_leaves_no_server() -> None:
    """When the process that asked for a server is killed, the server and its folder go away."""
    program = (
        "import sys\nfrom tests.support.postgres import running_postgres\n"
        "with running_postgres() as url:\n    print(url, flush=True)\n    sys.stdin.read()\n"
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with asker:
        assert asker.stdout is not None
        url = asker.stdout.readline().strip()
        folder = Path(url.partition("host=")[2])
        assert folder.is_dir()

        asker.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


_HOLD = (
    "import sys\nfrom tests.support.keeper import running_server\n"
    "with running_server(sys.argv[1], sys.argv[2]) as server:\n"
    "    print(server.url, flush=True)\n    sys.stdin.read()\n"
)


@pytest.mark.provisioned
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_a_search_server_ends_with_its_last_user(kind: str, tmp_path: Path) -> None:
    """Two processes of a test run share one; when both are killed, it and its folder go away."""
    run = tmp_path.name + uuid4().hex
    folder = Path(tempfile.gettempdir()) / f"release-{kind}-{os.getuid()}-{run}"
    with ExitStack() as after:
        askers = [after.enter_context(_holder(kind, run)) for _ in range(2)]
        urls = {(asker.stdout or sys.stdin).readline() for asker in askers}
        assert len(urls) == 1
        assert folder.is_dir()
        askers[0].send_signal(signal.SIGKILL)
        askers[0].wait()
        assert folder.is_dir()
        askers[1].send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()


def _holder(kind: str, run: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, kind, run],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _run_pytest(folder: Path, source: str, **environment: str) -> str:
    (folder / "test_inner.py").write_text(source, encoding="utf-8")
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    # A conftest.py that lies about above the folder is none of these tests'.
    options += ["--confcutdir", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder / "test_inner.py")],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_test_without_docstring_is_refused(tmp_path: Path) -> None:
    """Nothing runs while a test does not say what it expects."""
    said = _run_pytest(tmp_path, "def test_silent():\n    assert True\n")

    assert "test_silent: say in a docstring what is expected" in said
    assert "passed" not in said


def test_a_test_of_too_many_promises_is_refused(tmp_path: Path) -> None:
    """One test may name three promises of the list, not four."""
    source = (
        "import pytest\n@pytest.mark.scenario({})\n"
        'def test_many():\n    """Fine."""\n    assert True\n'
    )

    assert "test_many: keeps 4 promises" in _run_pytest(tmp_path, source.format("2, 3, 4, 5"))
    assert "1 passed" in _run_pytest(tmp_path, source.format("2, 3, 4"))


_WITHOUT_POSTGRES = '''
from tests.support import postgres, provision

def _require(name):
    raise provision.MissingProgramError("install the Debian packages")

postgres.require = _require

def test_stored(postgres_database):
    """Never runs."""
    assert False
'''


def test_a_missing_server_fails_unless_skipping_was_asked_for(tmp_path: Path) -> None:
    """Without PostgreSQL its tests fail with the packages' names; the variable makes them skip."""
    failing = _run_pytest(tmp_path, _WITHOUT_POSTGRES)
    skipping = _run_pytest(tmp_path, _WITHOUT_POSTGRES, RELEASE_TEST_SKIP_PROVISIONED="1", CI="")
    in_ci = _run_pytest(tmp_path, _WITHOUT_POSTGRES, RELEASE_TEST_SKIP_PROVISIONED="1", CI="true")

    assert "install the Debian packages (or run make test-fast)" in failing
    assert "1 error" in failing
    assert "1 skipped" in skipping
    assert "1 error" in in_ci
