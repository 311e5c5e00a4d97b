"""Ctrl-C: nothing stays behind, and with a kept folder the release goes on at the next start."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.process import TryProcess, alive, started
from tests.e2e.room import Room, entered

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

ONE = "start openchat only=auth confirm=gates"


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
async def test_nothing_stays_behind(bot: TryProcess, room: Room, number: signal.Signals) -> None:
    """In the middle of a release a signal ends the bot, its target, and all 21 components."""
    release = await room.start(ONE)
    await room.board(release, "running")
    family = bot.family()
    folder = _folder(family)

    assert len(alive(family)) >= 23
    assert folder.exists()
    assert await bot.end(number) == 0
    assert alive(family) == []
    assert not folder.exists()


@pytest.mark.long  # tests/test_tryout.py takes a kept folder up again
async def test_a_release_goes_on_at_the_next_start(tmp_path: Path) -> None:
    """Ended in the middle of a check and started again, the same release comes to its end."""
    # The hosts are down between the two; `calibrated` would rightly call those minutes unknown.
    options = ("--data", str(tmp_path), "--policy", "seed-2020")
    async with started(*options) as bot, entered(bot.base) as room:
        release = await room.start(ONE)
        await room.board(release, "baking")
        assert await bot.end() == 0
    async with started(*options) as again, entered(again.base) as room:
        ended = await room.until(lambda card: card["kind"] == "result")

    assert (ended["release"], ended["state"]) == (release, "done")


def _folder(family: list[int]) -> Path:
    """The temporary folder, as the deployment API was told."""
    for pid in family:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if "--root" in words:
            return Path(words[words.index("--root") + 1]).parent
    raise AssertionError("there is no deployment API")
