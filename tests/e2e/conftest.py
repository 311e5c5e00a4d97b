"""A try-out and a browser for each test: real processes, as a newcomer starts them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.e2e.browser import chromium
from tests.e2e.process import TryProcess, started
from tests.e2e.room import Room, entered
from tests.support.provision import MissingProgramError
from tests.support.skipping import without


@pytest.fixture
async def bot() -> AsyncIterator[TryProcess]:
    """The try-out, ended by Ctrl-C."""
    async with started() as running:
        yield running


@pytest.fixture
async def room(bot: TryProcess) -> AsyncIterator[Room]:
    """Its release room, without a browser."""
    async with entered(bot.base) as found:
        yield found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    try:
        async with chromium() as found:
            yield found
    except MissingProgramError as missing:
        without(missing)
