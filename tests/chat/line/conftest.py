"""What the tests of LINE share: a bot behind the stub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.line_bots import Chat, line_chat


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """A bot at home in one LINE group."""
    async with line_chat(tmp_path) as found:
        yield found
