"""What doctor says about LINE: each thing that may be wrong, by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.chat.line.doctor import examine
from bot.core.config import LineRoom
from bot.environment import Environment
from tests.support.line_bots import GROUP
from tests.support.line_stub import SECRET, TOKEN, LineStub, running_line

ROOMS = {"group": LineRoom(kind="line", chat=GROUP)}
HOOK = "https://bot.example/line/webhook"


def environment(url: str = "http://127.0.0.1:9", **fields: object) -> Environment:
    """The environment of a bot on LINE."""
    known: dict[str, object] = {
        "line_api_url": url,
        "line_channel_secret": SecretStr(SECRET),
        "line_channel_token": SecretStr(TOKEN),
        "public_url": "https://bot.example",
    }
    return Environment.model_validate({**known, **fields})


@pytest.fixture
def stub() -> LineStub:
    """A LINE that is set up well."""
    return LineStub(webhook=HOOK, limit=200, used=20)


@pytest.fixture
async def url(stub: LineStub) -> AsyncIterator[str]:
    """Its address."""
    async with running_line(stub) as found:
        yield found


async def test_all_is_well(stub: LineStub, url: str) -> None:
    """The account, the webhook, the quota, and what a push costs."""
    lines = await examine(environment(url), ROOMS, offline=False)

    assert not any(line.startswith(("PROBLEM", "warning")) for line in lines)
    for said in ("Release bot (@bot)", HOOK, "20 of 200", "room group: a push costs 3"):
        assert any(said in line for line in lines), said


async def test_offline_asks_nobody(stub: LineStub, url: str) -> None:
    """Only the settings are looked at."""
    lines = await examine(environment(url), ROOMS, offline=True)

    assert lines == ["ok       line: secrets are set; chats in release.yml: 1"]
    assert stub.calls == []


async def test_missing_secrets_are_named() -> None:
    """With a LINE room they are a problem, without one nothing is said."""
    bare = Environment()

    assert (await examine(bare, ROOMS, offline=True))[0].startswith("PROBLEM  line")
    assert await examine(bare, {}, offline=True) == []


async def test_an_address_that_line_cannot_call_is_a_warning() -> None:
    """LINE calls https only."""
    lines = await examine(environment(public_url=""), ROOMS, offline=True)

    assert any("RELEASE_MASTER_PUBLIC_URL" in line for line in lines)


async def test_what_is_wrong_is_named(stub: LineStub, url: str) -> None:
    """A webhook elsewhere, a quota nearly used up, a token that is none."""
    stub.webhook, stub.used = "https://old.example/hook", 190
    lines = await examine(environment(url), ROOMS, offline=False)
    assert any("PROBLEM  line: the webhook URL is https://old.example/hook" in s for s in lines)
    assert "warning  line: 190 of 200 messages of this month are used" in lines

    other = environment(url, line_channel_token=SecretStr("another-token-0123456789"))
    said = (await examine(other, ROOMS, offline=False))[-1]
    assert "LINE answered 401" in said
    assert "RELEASE_MASTER_LINE_CHANNEL_TOKEN" in said


async def test_a_line_that_does_not_answer_is_a_problem() -> None:
    """Nobody listens there."""
    said = (await examine(environment(), ROOMS, offline=False))[-1]

    assert said.startswith("PROBLEM  line: LINE: no answer")
