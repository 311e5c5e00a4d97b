"""A platform that is out of order is told in the rooms of the others, once, and when it is over."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat.outage import SILENT, Outages
from bot.core.config import ReleaseFile, RoomConfig
from bot.core.release import Release
from bot.core.value import Text
from bot.engine.submission import Submission
from bot.ports import Room
from tests.support.engines import HOME, SMALL, Bot, Outside, bot, release_file


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot with a planned release."""
    outside = Outside(release_file(**SMALL))
    async with bot(f"sqlite:///{tmp_path / 'bot.sqlite3'}", None, outside) as made:
        await made.start()
        yield made


class Sick:
    """A platform that says what is wrong with it."""

    name = "slack"

    def __init__(self) -> None:
        self.why = "chat.update: invalid_auth"

    def trouble(self) -> str:
        """What the test says."""
        return self.why

    def routes(self) -> Sequence[web.RouteDef]:
        """None."""
        return ()

    def room(self, key: str, config: RoomConfig) -> Room | None:
        """None."""
        del key, config
        return None

    def direct(self, key: str, identity: str) -> Room | None:
        """None."""
        del key, identity
        return None

    async def finish(self, submission: Submission) -> None:
        """Nothing was recorded."""
        del submission

    def notes(self, release: Release) -> tuple[Text, ...]:
        """None."""
        del release
        return ()

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Nothing to give back."""


def _said(running: Bot) -> list[str]:
    keys = [card.title.key for _, card in running.outside.rooms[HOME].posts]
    return [key for key in keys if key.startswith("outage.")]


@pytest.mark.scenario(37)
async def test_it_is_told_once_and_its_end_as_well(running: Bot) -> None:
    """Not at once, for most of it mends itself; two processes tell it once between them."""
    sick = Sick()
    looks = [Outages(running.services, [sick]) for _ in range(2)]
    for moment in (0.0, SILENT - 1):
        for outages in looks:
            await outages.look(moment)
    assert _said(running) == []

    for moment in (SILENT, SILENT + 1, SILENT + 100):
        for outages in looks:
            await outages.look(moment)
    assert _said(running) == ["outage.now"]
    sick.why = ""
    for outages in looks:
        await outages.look(SILENT + 101)
        await outages.look(SILENT + 102)
    assert _said(running) == ["outage.now", "outage.over"]


async def test_what_mends_itself_is_not_told(running: Bot) -> None:
    """A short trouble, and another one later, are two troubles."""
    sick = Sick()
    outages = Outages(running.services, [sick])
    await outages.look(0)
    sick.why = ""
    await outages.look(SILENT - 1)
    sick.why = "timeout"
    await outages.look(SILENT + 1)

    assert _said(running) == []


async def test_its_own_rooms_are_not_asked(running: Bot) -> None:
    """Where every room is of the sick platform, nobody can be told, and nothing fails."""
    body = release_file(**SMALL).model_dump(mode="json")
    for number, key in enumerate(body["rooms"]):
        body["rooms"][key] = {"kind": "slack", "channel": f"C0000000{number}"}
    only = ReleaseFile.model_validate(body)
    outages = Outages(dataclasses.replace(running.services, file=lambda: only), [Sick()])
    await outages.look(0)
    await outages.look(SILENT)

    assert _said(running) == []
