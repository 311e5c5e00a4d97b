"""Hosts, origins and addresses: who may talk to the application at all."""

from __future__ import annotations

import aiohttp
import pytest

from bot.core.config import Person
from bot.web.security import allowed_hosts, check_bind, is_loopback
from bot.web.site import Mode
from tests.support.web_backend import PEOPLE, World

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - asked about, not listened on


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        (_EVERYWHERE, False),
        ("::", False),
        ("10.0.0.7", False),
        ("bot.example.net", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, *, expected: bool) -> None:
    """Only addresses that stay on this machine count as loopback."""
    assert is_loopback(host) is expected


def test_an_open_address_wants_a_token() -> None:
    """Other machines may reach serve only when somebody has a token, and the try-out never."""
    nobody = {"rin": Person(name="Rin")}

    assert check_bind("127.0.0.1", nobody) is None
    assert check_bind(_EVERYWHERE, PEOPLE) is None
    assert "token_sha256" in (check_bind(_EVERYWHERE, nobody) or "")
    assert "token_sha256" in (check_bind("bot.example.net", {}) or "")
    assert "try-out" in (check_bind(_EVERYWHERE, PEOPLE, mode=Mode.TRY) or "")


def test_allowed_hosts_name_where_the_bot_listens() -> None:
    """The address, localhost and the public address are answered, with their ports."""
    assert allowed_hosts(_EVERYWHERE, 8080) == {"localhost:8080", "127.0.0.1:8080", "[::1]:8080"}
    assert "10.0.0.7:8080" in allowed_hosts("10.0.0.7", 8080)
    assert "[fd00::1]:8080" in allowed_hosts("fd00::1", 8080)
    assert "localhost" in allowed_hosts("127.0.0.1", 80)
    public = allowed_hosts("127.0.0.1", 8080, "https://Release.example.net/room")
    assert {"release.example.net", "release.example.net:443"} <= public
    assert "release.example.net:8443" in allowed_hosts("::1", 1, "https://release.example.net:8443")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/me", {"Host": "evil.example"}, 403),
        ("/", {"Host": "evil.example"}, 403),
        ("/healthz", {"Host": "127.0.0.1.evil.example"}, 403),
        ("/api/me", {"Host": "release.example.net"}, 200),
        ("/api/me", {"Origin": "http://evil.example"}, 403),
        ("/api/me", {"Origin": "null"}, 403),
        ("/api/me", {"Origin": "file://localhost"}, 403),
        ("/api/me", {"Origin": "https://release.example.net"}, 200),
        ("/api/me", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/api/me", {"Sec-Fetch-Site": "same-site"}, 403),
        ("/static/main.js", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/api/me", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ("/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ("/api/me", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
    ],
)
async def test_other_hosts_and_sites_are_refused(
    trying: World,
    client: aiohttp.ClientSession,
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    """Rebound names and other sites' pages get nothing; following a link to the page works."""
    async with client.get(trying.base + path, headers=headers) as answer:
        assert answer.status == status


async def test_other_sites_cannot_click(trying: World, client: aiohttp.ClientSession) -> None:
    """A click from another origin is refused and never reaches the bot."""
    body = {"id": "12345678", "verb": "approve", "value": "x", "as": "rin"}
    url = f"{trying.base}/api/rooms/main/act"
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        async with client.post(url, json=body, headers=headers) as answer:
            assert answer.status == 403

    assert trying.bot.heard == []


async def test_a_link_from_elsewhere_finds_the_session(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """A visit from another site is led once through our own page, then asked for the token."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with client.get(f"{serving.base}/", headers=headers) as answer:
        assert 'content="0; url=/?again"' in await answer.text()
    async with client.get(f"{serving.base}/?again", headers=headers) as answer:
        assert answer.status == 401
        assert "Sign in" in await answer.text()
