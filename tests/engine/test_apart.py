"""Work in a process of its own: answers, errors, death and cancellation."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from bot.engine.apart import NICE, ApartError, apart


def _where(words: str) -> tuple[str, int, int]:
    return words, os.getpid(), os.nice(0)


def _refuse(words: str) -> None:
    raise ValueError(words)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _last_for_ever(sign: str) -> None:
    Path(sign).write_text(str(os.getpid()), encoding="utf-8")
    signal.pause()


async def test_it_is_done_elsewhere_and_gives_way() -> None:
    """What comes back is what the function returned, in another process, at a low priority."""
    words, process, nice = await apart(_where, "hello")

    assert words == "hello"
    assert process != os.getpid()
    assert nice == os.nice(0) + NICE


async def test_what_it_raises_is_raised() -> None:
    """An error crosses over as it is."""
    with pytest.raises(ValueError, match="not today"):
        await apart(_refuse, "not today")


async def test_a_killed_process_is_said() -> None:
    """Nobody waits for an answer that never comes."""
    with pytest.raises(ApartError):
        await apart(_die)


async def test_cancelling_kills_it(tmp_path: Path) -> None:
    """What nobody waits for any more does not go on."""
    sign = tmp_path / "there"
    task = asyncio.create_task(apart(_last_for_ever, str(sign)))
    while not (sign.exists() and sign.read_text(encoding="utf-8")):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    process = int(sign.read_text(encoding="utf-8"))

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    end = time.monotonic() + 10
    while Path(f"/proc/{process}/cmdline").exists() and time.monotonic() < end:
        if not Path(f"/proc/{process}/cmdline").read_bytes():
            break
        await asyncio.sleep(0.01)
    assert time.monotonic() < end
