"""A web room on loopback in front of a fake backend, in both modes, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from bot.web.site import Mode
from tests.support.web_backend import World, utc_now, world


class Clock:
    """A present that a test moves."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        """The moment it is."""
        return self.now

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    """The clock of the application."""
    return Clock()


@pytest.fixture
async def trying(clock: Clock) -> AsyncIterator[World]:
    """A web room of the try-out."""
    async with world(Mode.TRY, port=unused_port(), now=clock, heartbeat=0.2) as found:
        yield found


@pytest.fixture
async def serving(clock: Clock) -> AsyncIterator[World]:
    """A web room that wants tokens."""
    async with world(Mode.SERVE, port=unused_port(), now=clock, heartbeat=0.2) as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps cookies, for addresses too."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session
