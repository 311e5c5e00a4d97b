"""The files that say which commands were begun and how they went, as the bot sees them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.deploy.command.runner import place, save
from bot.core.operation import HostResult, HostState

_NAME = re.compile(r"[0-9a-f]{40}")


def name_of(key: str) -> str:
    """Return the name of a key's files: always the same, and safe as a file's name."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


@dataclass(frozen=True)
class Record:
    """What is known of a command that was begun."""

    exit_code: int | None = None
    ending: str = ""
    """Why it was ended: `stopped`, `timeout`, or empty when it ended by itself."""
    output: str = ""
    hosts: tuple[HostResult, ...] = field(default=())


class Records:
    """The files of one executor, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, name: str, job: dict[str, Any]) -> None:
        """Write down that the command may be begun. Raises OSError when that is not possible."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        save(place(self.folder, name, "ready"), job)

    def withdraw(self, name: str) -> bool:
        """Take back what was prepared; True when the command certainly was and will not be begun.

        A runner begins only what it could take, so what was never taken has never begun.
        """
        place(self.folder, name, "ready").unlink(missing_ok=True)
        return not self.is_taken(name)

    def is_taken(self, name: str) -> bool:
        """Whether a runner has taken the command: it has begun it, or was about to."""
        return bool(_NAME.fullmatch(name)) and place(self.folder, name, "taken").exists()

    def is_watched(self, name: str) -> bool:
        """Whether the process that runs the command is alive."""
        try:
            with place(self.folder, name, "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def ask_to_stop(self, name: str) -> None:
        """Tell the process that runs the command to end it."""
        place(self.folder, name, "stop").touch(mode=0o600)

    def forget(self, before: float) -> int:
        """Delete all files of commands of which none was touched since then (seconds since 1970).

        Whatever is still watched stays. Raises OSError.
        """
        if not self.folder.exists():
            return 0
        touched: dict[str, float] = {}
        for file in self.folder.iterdir():
            name = file.name.partition(".")[0]
            if _NAME.fullmatch(name):
                touched[name] = max(touched.get(name, 0.0), _touched(file))
        old = [n for n, at in touched.items() if at < before and not self.is_watched(n)]
        for name in old:
            # The mark that it was begun goes last: what is half forgotten is not begun again.
            files = sorted(self.folder.glob(f"{name}.*"), key=lambda f: f.suffix == ".taken")
            for file in files:
                file.unlink(missing_ok=True)
        return len(old)

    def read(self, name: str) -> Record | None:
        """Return how a begun command goes; None when nothing says that it has begun.

        Raises ValueError when the file is broken.
        """
        try:
            raw = json.loads(place(self.folder, name, "state").read_text(encoding="utf-8"))
            if not raw["pid"]:
                return None
            hosts = tuple(
                HostResult(host=host, state=HostState(state), detail=detail)
                for host, (state, detail) in raw.get("hosts", {}).items()
            )
            return Record(raw["exit"], raw.get("ending", ""), raw.get("output", ""), hosts)
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"broken: {error!r}") from error


def _touched(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
