"""Bodies: JSON only, limited before and after decompression, refused with plain messages."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.web.room_routes import BODY_BYTES_MAX
from tests.support.web_backend import World

_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"id=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{", _JSON, 400),
        (b"", _JSON, 400),
        (b"\xff\xfe", _JSON, 400),
        (b"[" * 5000, _JSON, 400),
        (b"x" * (BODY_BYTES_MAX + 1), _JSON, 413),
    ],
)
async def test_unusable_bodies_are_refused(
    trying: World,
    client: aiohttp.ClientSession,
    data: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    """Other types, broken, deeply nested and long bodies each get their answer."""
    url = f"{trying.base}/api/rooms/main/say"
    async with client.post(url, data=data, headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]


async def test_a_long_body_without_length_is_cut(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """A chunked body is refused as soon as it is too long."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 1024

    url = f"{trying.base}/api/rooms/main/say"
    async with client.post(url, data=endless(), headers=_JSON) as answer:
        assert answer.status == 413


async def test_a_packed_body_is_measured_unpacked(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """A small packed body that unpacks to a long one is refused."""
    packed = zlib.compress(b" " * (4 * BODY_BYTES_MAX))
    assert len(packed) < 1000
    url = f"{trying.base}/api/rooms/main/say"
    headers = _JSON | {"Content-Encoding": "deflate"}
    async with client.post(url, data=packed, headers=headers) as answer:
        assert answer.status == 413
