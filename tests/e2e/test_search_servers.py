"""The try-out with its logs in a real search server: the same candidates, counted there."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.process import TryProcess, started
from tests.e2e.room import Room, entered
from tests.support.provision import require

pytestmark = [pytest.mark.provisioned, pytest.mark.long, pytest.mark.timeout(600)]

KINDS = ["elasticsearch", "opensearch"]
NEW_TYPE = "2026.47.0-rc5"


def left_behind() -> set[Path]:
    """The folders of servers in the system's folder for temporary files."""
    return set(Path(tempfile.gettempdir()).glob("release-master-*search-*"))


@pytest.fixture(params=KINDS)
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[TryProcess]:
    """The try-out with a server beside it, of which nothing is left afterwards."""
    before = left_behind()
    kind = request.param
    options = ("--logs", kind, "--server", str(require(kind)))
    async with started(*options, within=240) as running:
        yield running
    assert left_behind() <= before


async def test_a_broken_candidate_is_caught_on_the_canary_and_a_good_one_passes(
    bot: TryProcess, room: Room
) -> None:
    """What the components wrote is shipped, counted, and compared while they write on."""
    release = await room.start(f"start openchat only=chat chat={NEW_TYPE} confirm=gates")
    found = await room.until(lambda card: card["kind"] == "verdict" and card["state"] == "fail")
    assert any(line.startswith("NEW MessageOutOfOrder") for line in found["lines"])
    failed = await room.until(
        lambda card: any(action["label"] == "Roll back chat" for action in card["actions"])
    )
    await room.press(failed, "Roll back chat", "taro")
    await room.board(release, "rolled_back")

    good = await room.start("start openchat only=auth confirm=gates")
    await room.board(good, "done", 90)
    async with entered(bot.base) as again:
        verdicts = await again.until(
            lambda card: card["kind"] == "verdict" and card["release"] == good
        )
    assert verdicts["state"] == "pass"


@pytest.mark.parametrize("kind", KINDS)
async def test_without_a_server_the_command_says_what_is_missing(kind: str) -> None:
    """Nobody is left with a try-out that counts nothing."""
    with pytest.raises(AssertionError, match=f"--logs {kind} needs the folder of the unpacked"):
        async with started("--logs", kind):
            pass
    with pytest.raises(AssertionError, match="holds neither Elasticsearch nor OpenSearch"):
        async with started("--logs", kind, "--server", "/nowhere"):
            pass
