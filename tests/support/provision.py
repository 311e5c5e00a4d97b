"""Finds the servers and the browser that tests need, and as root installs missing ones by apt.

Run as `python -m tests.support.provision postgres chromium`. Uses the standard library only.
What no Debian package brings is fetched from Maven Central into a cache folder; see `downloads`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import downloads

_CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.conf")


class MissingProgramError(Exception):
    """A program that a test needs is not installed; the message names the packages."""


@dataclass(frozen=True)
class Need:
    """Something tests need: how to find it and the Debian packages that bring it."""

    name: str
    find: Callable[[], Path | None]
    packages: tuple[str, ...]
    fetch: Callable[[], object] | None = None
    """Brings, by means of the packages, what no package holds. Raises DownloadError."""


def postgres_folder() -> Path | None:
    """Return the newest folder that holds initdb and pg_ctl, or None."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")
    found = sorted(versions, key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def chromium() -> Path | None:
    """Return the browser's program, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


def emoji_font() -> Path | None:
    """Return a font with coloured emoji, without which pictures show boxes, or None."""
    return next(Path("/usr/share/fonts").rglob("NotoColorEmoji.ttf"), None)


def maven() -> Path | None:
    """Return the program that fetches from Maven Central, or None."""
    found = shutil.which("mvn")
    return Path(found) if found else None


def java_home() -> Path | None:
    """Return the folder of a Java 17 or newer, or None."""
    found = shutil.which("java")
    return Path(found).resolve().parents[1] if found else None


def elasticsearch_folder() -> Path | None:
    """Return the folder of the unpacked server, or None also when Java is missing."""
    folder = downloads.ELASTICSEARCH.folder
    return folder if folder.is_dir() and java_home() and shutil.which("openssl") else None


_FONTS = ("fonts-dejavu", "fonts-noto-color-emoji")
NEEDS = {
    "postgres": Need("PostgreSQL", postgres_folder, ("postgresql",)),
    "chromium": Need("Chromium", chromium, ("chromium", *_FONTS)),
    "elasticsearch": Need(
        "Elasticsearch",
        elasticsearch_folder,
        ("maven", "default-jre-headless", "openssl"),
        downloads.ELASTICSEARCH.fetch,
    ),
    "fonts": Need("fonts for text and emoji", emoji_font, _FONTS),
}


def require(name: str) -> Path:
    """Return where the need is; raise MissingProgramError naming the packages if nowhere."""
    found = NEEDS[name].find()
    if found is None:
        raise MissingProgramError(advice([NEEDS[name]]))
    return found


def advice(missing: list[Need]) -> str:
    """Say in one sentence what is missing and which packages bring it."""
    names = " and ".join(need.name for need in missing)
    packages = " ".join(_packages(missing))
    fetched = ", then run make provision" if any(need.fetch for need in missing) else ""
    command = f"as root: apt-get install {packages}"
    return f"{names} missing: install the Debian packages ({command}){fetched}"


def unprivileged_user() -> str:
    """Return a user for servers that refuse root: postgres, or release-test, made if need be.

    Call it as root only.
    """
    for name in ("postgres", "release-test"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "release-test"],
        check=True,
    )
    return "release-test"


def _packages(needs: list[Need]) -> list[str]:
    return list(dict.fromkeys(package for need in needs for package in need.packages))


def _install(needs: list[Need]) -> None:
    if not _CLUSTER_SETTINGS.exists():
        # Without this the package starts a database server of its own on the machine.
        _CLUSTER_SETTINGS.parent.mkdir(parents=True, exist_ok=True)
        _CLUSTER_SETTINGS.write_text("create_main_cluster = false\n", encoding="utf-8")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    keep_settings = ["-o", "Dpkg::Options::=--force-confold"]
    options = ["-qq", "--yes", "--no-install-recommends", *keep_settings]
    subprocess.run(["apt-get", "-qq", "update"], check=True, env=environment)
    subprocess.run(
        ["apt-get", *options, "install", *_packages(needs)],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def _bring(missing: list[Need]) -> None:
    can_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    without = [need for need in missing if not need.fetch or maven() is None or not java_home()]
    if can_install and without:
        sys.stderr.write(f"Installing {' '.join(_packages(without))} (once)\n")
        try:
            _install(without)
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"apt-get failed: {error}\n")
    for need in missing:
        if need.fetch and maven() is not None:
            sys.stderr.write(f"Fetching {need.name} from Maven Central (once)\n")
            try:
                need.fetch()
            except downloads.DownloadError as error:
                sys.stderr.write(f"{error}\n")


def main(names: list[str]) -> int:
    """Provide each named need; return 1 and say which packages to install where it cannot."""
    unknown = [name for name in names if name not in NEEDS]
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(unknown)}; known: {', '.join(NEEDS)}\n")
        return 2
    missing = [NEEDS[name] for name in names if NEEDS[name].find() is None]
    if not missing:
        return 0
    _bring(missing)
    still = [need for need in missing if need.find() is None]
    if still:
        sys.stderr.write(advice(still) + "\n")
    return 1 if still else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
