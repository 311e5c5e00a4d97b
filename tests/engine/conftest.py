"""What the tests of the engine share: bots on a SQLite file of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support import engines


class Make(Protocol):
    """Makes a bot; the fields are those of the target in release.yml."""

    async def __call__(
        self,
        outside: engines.Outside | None = None,
        *,
        bot: dict[str, Any] | None = None,
        **target: Any,
    ) -> engines.Bot:
        """Make it; it ends with the test."""
        ...


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'bot.sqlite3'}"


@pytest.fixture
async def make(url: str) -> AsyncIterator[Make]:
    """Make bots that share one database and end with the test."""
    async with AsyncExitStack() as stack:

        async def made(
            outside: engines.Outside | None = None,
            *,
            bot: dict[str, Any] | None = None,
            **target: Any,
        ) -> engines.Bot:
            outside = outside or engines.Outside(engines.release_file(**target))
            return await stack.enter_async_context(engines.bot(url, None, outside, **(bot or {})))

        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.provisioned)])
def shared_url(request: pytest.FixtureRequest, url: str) -> str:
    """A database for several processes."""
    if request.param == "sqlite":
        return url
    found: str = request.getfixturevalue("postgres_database")
    return found


@pytest.fixture
async def pair(shared_url: str) -> AsyncIterator[tuple[engines.Bot, engines.Bot]]:
    """Two processes with connections of their own."""
    outside = engines.Outside()
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(engines.bot(shared_url, None, outside)),
            await stack.enter_async_context(engines.bot(shared_url, None, outside)),
        )
