"""Killed with -9 before, during and after each kind of effect, a release ends as if it never was.

The deployment API and the outgoing room are a process of their own, whose logs are the witness.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.journey import Kill, Story, assert_told_once, killed_and_finished, staged
from tests.crash.stories import ABORT, LONG, RELEASE, ROLLBACK, SHORT

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]


def _name(kill: Kill) -> str:
    return f"{kill.story.name}-{kill.name}".replace(" ", "-")


@pytest.mark.long
@pytest.mark.parametrize("story", [RELEASE, ROLLBACK, ABORT], ids=lambda story: story.name)
async def test_the_end_that_all_others_are_compared_with(story: Story, tmp_path: Path) -> None:
    """Nobody kills anything: this is the end that each killed release must come to as well."""
    async with staged(tmp_path, story) as stage:
        await stage.play_to_the_end(await stage.bots.start())

        await assert_told_once(stage)


@pytest.mark.parametrize("kill", SHORT, ids=_name)
async def test_a_killed_bot_goes_on_where_it_was(kill: Kill, tmp_path: Path) -> None:
    """Started again it begins nothing twice, says nothing twice and comes to the same end."""
    async with staged(tmp_path, kill.story) as stage:
        await killed_and_finished(stage, kill)

        await assert_told_once(stage)


@pytest.mark.long
@pytest.mark.parametrize("kill", LONG, ids=_name)
async def test_a_bot_killed_anywhere_goes_on_where_it_was(kill: Kill, tmp_path: Path) -> None:
    """Started again it begins nothing twice, says nothing twice and comes to the same end."""
    async with staged(tmp_path, kill.story) as stage:
        await killed_and_finished(stage, kill)

        await assert_told_once(stage)
