"""The stream: catch-up from any point, live edits, signs of life, and an end with the session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.web.stream import BATCH
from tests.support.web_backend import World, card, sign_in, utc_now
from tests.web.conftest import Clock


class Reader:
    """Reads events of a stream, one after the other."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def block(self) -> dict[str, str]:
        """The next block; a comment has the name `comment`."""
        async with asyncio.timeout(5):
            raw = (await self.answer.content.readuntil(b"\n\n")).decode()
        if raw.startswith(":"):
            return {"event": "comment"}
        return dict(line.split(": ", 1) for line in raw.strip().split("\n"))

    async def until(self, event: str) -> list[dict[str, str]]:
        """Blocks up to and with the first of this event."""
        found = [await self.block()]
        while found[-1].get("event") != event:
            found.append(await self.block())
        return found


@asynccontextmanager
async def _open(
    client: aiohttp.ClientSession, world: World, *, query: str = "", last: str = ""
) -> AsyncIterator[Reader]:
    headers = {"Last-Event-ID": last} if last else {}
    url = f"{world.base}/api/rooms/main/stream{query}"
    async with client.get(url, headers=headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        yield Reader(answer)


def _keys(blocks: list[dict[str, str]]) -> list[str]:
    return [json.loads(b["data"])["key"] for b in blocks if b.get("event") == "message"]


async def _put(world: World, *keys: str, room: str = "main") -> None:
    for key in keys:
        await world.log.put(room, key, card("notice", key), utc_now())


async def test_a_new_page_gets_everything_then_ready(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """All messages of the room come first, in the order of their changes, then `ready`."""
    await _put(trying, "a", "b")
    await _put(trying, "elsewhere", room="ops")
    await _put(trying, "a")
    async with _open(client, trying) as reader:
        blocks = await reader.until("ready")

    assert blocks[0]["event"] == "hello"
    assert _keys(blocks) == ["b", "a"]
    message = json.loads(blocks[2]["data"])
    assert message["edited"] is True
    assert message["card"]["title"] == "a"
    assert blocks[2]["id"] == str(message["change"])


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_page_that_comes_back_gets_what_it_missed(
    trying: World, client: aiohttp.ClientSession, *, by_header: bool
) -> None:
    """Only changes after the last seen one come again, by header and by parameter."""
    await _put(trying, "a", "b", "c")
    await _put(trying, "a")
    where = {"last": "2"} if by_header else {"query": "?after=2"}
    async with _open(client, trying, **where) as reader:
        assert _keys(await reader.until("ready")) == ["c", "a"]


async def test_the_header_wins_over_the_parameter(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """The browser repeats the first address on its own: its header knows better."""
    await _put(trying, "a", "b")
    async with _open(client, trying, query="?after=0", last="1") as reader:
        assert _keys(await reader.until("ready")) == ["b"]


async def test_changes_arrive_live(trying: World, client: aiohttp.ClientSession) -> None:
    """What is posted and edited after `ready` arrives without asking."""
    async with _open(client, trying) as reader:
        await reader.until("ready")
        await _put(trying, "a")
        assert _keys(await reader.until("message")) == ["a"]
        await _put(trying, "a")
        assert _keys(await reader.until("message")) == ["a"]


async def test_long_histories_come_in_batches(trying: World, client: aiohttp.ClientSession) -> None:
    """More messages than one batch arrive completely and once."""
    names = [f"m{number}" for number in range(2 * BATCH + 1)]
    await _put(trying, *names)
    async with _open(client, trying) as reader:
        assert _keys(await reader.until("ready")) == names


async def test_a_quiet_stream_shows_that_it_lives(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """With nothing to say a comment comes at every heartbeat."""
    async with _open(client, trying) as reader:
        await reader.until("ready")
        assert (await reader.block())["event"] == "comment"
        assert (await reader.block())["event"] == "comment"


async def test_a_stream_ends_with_its_session(
    serving: World, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """An open page of serve gets nothing more after its session is over."""
    await sign_in(client, serving.base, "rin")
    async with _open(client, serving) as reader:
        await reader.until("ready")
        clock.forward(hours=13)
        async with asyncio.timeout(5):
            rest = await reader.answer.content.read()
        await _put(serving, "secret")

    assert b"message" not in rest


async def test_a_log_that_fails_ends_the_stream_only(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """When the log cannot be read the stream ends, and the page finds the bot again."""
    trying.log.fail = RuntimeError("disk")
    async with _open(client, trying) as reader:
        rest = await reader.answer.content.read()
    assert rest.count(b"\n\n") == 1
    trying.log.fail = None
    async with _open(client, trying) as reader:
        await reader.until("ready")


@pytest.mark.parametrize("after", ["-1", "x", "1" * 19, "\N{FULLWIDTH DIGIT ONE}"])
async def test_a_wrong_position_is_refused(
    trying: World, client: aiohttp.ClientSession, after: str
) -> None:
    """A position that is no change number gets a 400."""
    url = f"{trying.base}/api/rooms/main/stream"
    async with client.get(url, params={"after": after}) as answer:
        assert answer.status == 400


async def test_the_number_of_streams_is_limited(
    trying: World, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page too many is told to come back later; a closed one makes room."""
    monkeypatch.setattr("bot.web.stream.STREAMS_MAX", 1)
    async with _open(client, trying) as reader:
        await reader.until("ready")
        async with client.get(f"{trying.base}/api/rooms/main/stream") as answer:
            assert answer.status == 503
