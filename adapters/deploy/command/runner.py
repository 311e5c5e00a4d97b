"""Runs one command apart from the bot and writes down how it goes; a program of its own.

It stands alone (standard library only), because it is started by its path. What it leaves in the
folder: `NAME.ready` (may be begun), `NAME.taken` (is being begun; made once, whoever tries),
`NAME.state` (how it goes), `NAME.lock` (held as long as it is watched), `NAME.stop` (is to end).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

STARTED, REFUSED, TAKEN, WITHDRAWN, DIED = 0, 3, 4, 5, 6
"""The exit codes of the launch."""

HOST_LINE = re.compile(r"host (\S{1,200}) (succeeded|failed|unchanged)(?:\s+(.{0,300}).*)?")
"""A line of output that is the result of a host."""

_LINE_LIMIT = 2000
_HOSTS_LIMIT = 5000
_TICK_SECONDS = 0.05
_SAVE_SECONDS = 0.25


def place(folder: Path, name: str, kind: str) -> Path:
    """Return where a file of the command is."""
    return folder / f"{name}.{kind}"


def save(target: Path, content: dict[str, Any]) -> None:
    """Write the file as a whole or not at all, for its owner only, and on the disk."""
    temporary = target.with_name(f"{target.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def claim(folder: Path, name: str) -> dict[str, Any]:
    """Take the command for this process; of many only one gets it.

    Raises FileExistsError when another has it, FileNotFoundError when it was withdrawn.
    """
    ready, taken = place(folder, name, "ready"), place(folder, name, "taken")
    try:
        os.link(ready, taken)
    finally:
        ready.unlink(missing_ok=True)
    job: dict[str, Any] = json.loads(taken.read_text(encoding="utf-8"))
    return job


class Output:
    """The end of what a command writes, and the results of hosts in it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tail = b""
        self._is_cut = False
        self._line = b""
        self._hosts: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def read(self, stream: IO[bytes]) -> None:
        """Take in everything until the stream ends."""
        with suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), 65536):
                self.add(chunk)

    def add(self, chunk: bytes) -> None:
        """Take in some bytes."""
        with self._lock:
            self._tail += chunk
            if len(self._tail) > 4 * self._limit:
                self._tail, self._is_cut = self._tail[-4 * self._limit :], True
            *lines, self._line = (self._line + chunk).split(b"\n")
            self._line = self._line[:_LINE_LIMIT]
            for line in lines:
                self._note(line)

    def snapshot(self) -> dict[str, Any]:
        """Return the output's end and the results of hosts so far."""
        with self._lock:
            text = self._tail.decode(errors="replace")
            if self._is_cut or len(text) > self._limit:
                # A line whose beginning is gone could be half a secret.
                text = text[-self._limit :].partition("\n")[2]
            return {"output": text, "hosts": dict(self._hosts)}

    def end(self) -> None:
        """Take in the last line, when it has no end."""
        with self._lock:
            self._note(self._line)
            self._line = b""

    def _note(self, line: bytes) -> None:
        found = HOST_LINE.fullmatch(line[:_LINE_LIMIT].decode(errors="replace").strip())
        if found and (found[1] in self._hosts or len(self._hosts) < _HOSTS_LIMIT):
            self._hosts[found[1]] = [found[2], found[3] or ""]


def supervise(folder: Path, name: str, job: dict[str, Any], tell: Callable[[str], None]) -> None:
    """Run the command to its end; `tell` hears `started`, or why it could not be started."""
    with place(folder, name, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = place(folder, name, "state")
        try:
            # A disk that cannot be written to is found before the command begins.
            save(state, {"pid": 0, "exit": None})
            process = subprocess.Popen(  # noqa: S603 - an argv of release.yml, checked values
                job["argv"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            state.unlink(missing_ok=True)
            place(folder, name, "taken").unlink(missing_ok=True)
            tell(f"cannot be run: {error}")
            return
        save(state, {"pid": process.pid, "exit": None})
        tell("started")
        _Watch(process, state, place(folder, name, "stop"), job).follow()


class _Watch:
    """Follows a process to its end, at the latest when its time is over."""

    def __init__(
        self, process: subprocess.Popen[bytes], state: Path, stop: Path, job: dict[str, Any]
    ) -> None:
        self._process = process
        self._state = state
        self._stop = stop
        self._grace = float(job["grace"])
        self._deadline = time.monotonic() + float(job["timeout"])
        self._output = Output(int(job["output_limit"]))
        self._ending = ""
        self._kill_at = 0.0
        self._saved: dict[str, Any] = {}
        self._save_at = 0.0

    def follow(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - it was opened as a pipe
        reader = threading.Thread(target=self._output.read, args=(stream,), daemon=True)
        reader.start()
        while not self._has_ended():
            self._tick(time.monotonic())
        if self._ending:
            self._signal(signal.SIGKILL)
        # A process that was left behind may keep the pipe open for ever.
        reader.join(1)
        stream.close()
        self._output.end()
        self._save(self._process.returncode)

    def _has_ended(self) -> bool:
        try:
            self._process.wait(_TICK_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _tick(self, now: float) -> None:
        if not self._ending:
            self._ending = self._reason(now)
            if self._ending:
                self._kill_at = now + self._grace
                self._signal(signal.SIGTERM)
        elif now >= self._kill_at:
            self._signal(signal.SIGKILL)
        if now >= self._save_at:
            self._save_at = now + _SAVE_SECONDS
            self._save(None)

    def _reason(self, now: float) -> str:
        if self._stop.exists():
            return "stopped"
        return "timeout" if now >= self._deadline else ""

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _save(self, code: int | None) -> None:
        content = {
            "pid": self._process.pid,
            "exit": code,
            "ending": self._ending,
            **self._output.snapshot(),
        }
        if content != self._saved:
            # A full disk must not end the watch; without an end in the file it reads as lost.
            with suppress(OSError):
                save(self._state, content)
                self._saved = content


def launch(folder: Path, name: str) -> int:
    """Begin the command in a process that nobody waits for; return whether it has begun."""
    try:
        job = claim(folder, name)
    except FileExistsError:
        return TAKEN
    except FileNotFoundError:
        # One that was launched earlier may have taken it just now, from the same file.
        return TAKEN if place(folder, name, "taken").exists() else WITHDRAWN
    except OSError as error:
        sys.stdout.write(f"cannot be taken: {error}")
        return REFUSED
    return _launch_apart(folder, name, job)  # pragma: no cover - it forks


# Tested from outside: what runs in another process is not measured in this one.
def _launch_apart(folder: Path, name: str, job: dict[str, Any]) -> int:  # pragma: no cover
    reading, writing = os.pipe()
    if os.fork() == 0:
        _detached(folder, name, job, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read().decode(errors="replace")
    if answer == "started":
        return STARTED
    sys.stdout.write(answer)
    return REFUSED if answer else DIED


def _detached(  # pragma: no cover
    folder: Path, name: str, job: dict[str, Any], writing: int
) -> None:
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)

        def tell(answer: str) -> None:
            os.write(writing, answer.encode()[:2000])
            os.close(writing)

        supervise(folder, name, job, tell)
    finally:
        os._exit(0)


if __name__ == "__main__":  # pragma: no cover
    sys.exit(launch(Path(sys.argv[1]), sys.argv[2]))
