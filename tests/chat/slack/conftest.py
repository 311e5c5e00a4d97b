"""A second Slack for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.provision import MissingProgramError
from tests.support.second_slack import SecondSlack, second_slack
from tests.support.skipping import without


@pytest_asyncio.fixture
async def socket_slack() -> AsyncIterator[SecondSlack]:
    """A second Slack that speaks over Socket Mode."""
    try:
        async with second_slack("socket") as slack:
            yield slack
            assert slack.proxy.refused == []
    except MissingProgramError as missing:
        without(missing)


@pytest_asyncio.fixture
async def http_slack() -> AsyncIterator[SecondSlack]:
    """A second Slack that calls over HTTP."""
    try:
        async with second_slack("events") as slack:
            yield slack
            assert slack.proxy.refused == []
    except MissingProgramError as missing:
        without(missing)
