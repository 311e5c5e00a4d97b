"""The npm packages that draw Slack and LINE messages as HTML: for pictures, never for the bot.

They are fetched once into the cache folder of `downloads`, under the digest of the lock file beside
`cards/draw.mjs`; npm checks each against the digest (SHA-512) that the lock names. Nothing of them
is run while they are installed. Uses the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support import downloads

HERE = Path(__file__).parent / "cards"
LOCK = HERE / "package-lock.json"
SECONDS = 120
"""Within which all pages are drawn."""


def _target() -> Path:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    return downloads.cache() / f"card-renderers-{digest}"


def folder() -> Path | None:
    """Return the folder with the packages, where node can run them; or None."""
    found = _target()
    return found if (found / "node_modules").is_dir() and shutil.which("node") else None


def fetch() -> None:
    """Install exactly what the lock names. Raises OSError or CalledProcessError."""
    target = _target()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        made = Path(name) / "made"
        made.mkdir()
        for file in (LOCK, HERE / "package.json"):
            shutil.copy(file, made)
        subprocess.run(
            # The peers that are left out are compilers of the packages' own types.
            ["npm", "ci", "--silent", "--ignore-scripts", "--legacy-peer-deps", "--no-audit"],
            check=True,
            cwd=made,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)


def draw(messages: Mapping[str, Mapping[str, Any]], packages: Path) -> dict[str, str]:
    """One HTML page for each message as it would be sent; the card is the element `#card`."""
    done = subprocess.run(
        ["node", str(HERE / "draw.mjs"), str(packages)],
        input=json.dumps({"messages": messages}),
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    pages: dict[str, str] = json.loads(done.stdout)
    return pages
