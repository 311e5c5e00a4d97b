"""A try-out and a browser for each test: real processes, as a newcomer starts them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.e2e.browser import chromium
from tests.e2e.process import TryProcess, started
from tests.e2e.room import Room, entered
from tests.support.provision import MissingProgramError


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
        if os.environ.get("RELEASE_TEST_SKIP_PROVISIONED") == "1":
            pytest.skip(str(missing))
        pytest.fail(f"{missing} (or run make test-fast)", pytrace=False)
