"""The try-out as a newcomer starts it: a real process, and everything that it starts."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.source import ROOT

_READY_WITHIN = 30.0
_ENDS_WITHIN = 20.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class TryProcess:
    """A running `release-master try`."""

    def __init__(self, process: asyncio.subprocess.Process, base: str) -> None:
        self.process = process
        self.base = base
        """Where its page is, without a slash at the end."""

    def family(self) -> list[int]:
        """The process and all of its descendants, as /proc knows them now."""
        parents = _parents()
        found = [self.process.pid]
        for known in found:
            found += [pid for pid, parent in parents.items() if parent == known]
        return found

    async def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, Ctrl-C unless another is named, and return the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(_ENDS_WITHIN):
            return await self.process.wait()


@asynccontextmanager
async def started(*options: str, within: float = _READY_WITHIN) -> AsyncIterator[TryProcess]:
    """Start the try-out with these options and wait until it says its address; ended on leaving.

    Raises AssertionError with what it printed when it ends without.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "try", "--port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    try:
        yield TryProcess(process, await _line(process, _ADDRESS, within=within))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(_ENDS_WITHIN):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _line(
    process: asyncio.subprocess.Process,
    wanted: re.Pattern[str],
    *,
    within: float = _READY_WITHIN,
) -> str:
    """Read what the process prints until something is said that is wanted."""
    assert process.stdout is not None
    printed = ""
    async with asyncio.timeout(within):
        while line := await process.stdout.readline():
            printed += line.decode()
            if found := wanted.search(printed):
                return found.group()
    raise AssertionError(f"the try-out did not say it:\n{printed}")


def alive(processes: list[int]) -> list[int]:
    """Those that still run; a zombie does not."""
    found = []
    for pid in processes:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state.split()[0] not in {"Z", "X"}:
            found.append(pid)
    return found


def _parents() -> dict[int, int]:
    found: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name in brackets may hold anything, so only what stands behind the last one counts.
        found[int(path.parent.name)] = int(said.rpartition(")")[2].split()[1])
    return found
