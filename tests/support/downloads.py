"""Servers that Maven Central carries: fetched once into a cache folder, checked by SHA-256.

The cache is RELEASE_TEST_CACHE where that is set, else a folder of the system (as root, so that
the users that servers run as may read it) or of the user. Run as a program it prints the folder of
the unpacked Elasticsearch. Uses the standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
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
        place = self.folder.parent
        if self.folder.is_dir():
            return self.folder
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as name:
            folder = Path(name)
            file = self._copy(folder)
            _check(file, self.sha256)
            unpacked = folder / "unpacked"
            _unpack(file, unpacked)
            place.mkdir(exist_ok=True)
            if not self.folder.is_dir():  # somebody else may have been faster
                shutil.move(unpacked / self.inside, self.folder)
        return self.folder

    def _copy(self, folder: Path) -> Path:
        command = ("mvn", "-q", "-B", _COPY, f"-Dartifact={self.artifact}")
        done = subprocess.run(
            [*command, f"-DoutputDirectory={folder}", "-Dmdep.useBaseVersion=true"],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
        )
        found = list(folder.glob("*.zip"))
        if done.returncode or not found:
            last = (done.stdout.strip() or done.stderr.strip()).splitlines()[:1]
            raise DownloadError(f"{self.artifact} could not be fetched: {''.join(last)}")
        return found[0]


def _check(file: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != sha256:
        raise DownloadError(f"{file.name} has the SHA-256 {digest.hexdigest()}, not {sha256}")


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


if __name__ == "__main__":
    sys.stdout.write(f"{ELASTICSEARCH.folder}\n")
