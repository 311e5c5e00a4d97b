"""Slack over HTTP: nothing unsigned is read, from any host, and nothing makes it fail."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import yaml

from bot.chat.slack.signature import sign
from bot.chat.slack.workspace import Workspace
from bot.service import Bot
from bot.settings import Reloader, SettingsError, load
from tests.support.bots import Twins
from tests.support.second_slack import BOT_TOKEN, SECRET
from tests.support.slack_bots import release_yml

BODY = b'{"type":"url_verification","challenge":"hello","token":"x"}'


METRIC = "release_master_signature_failures_total"


@asynccontextmanager
async def _listening(folder: Path) -> AsyncIterator[str]:
    """A bot that Slack calls; Slack's own side is out of reach."""
    path = folder / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()), encoding="utf-8")
    environ = {
        "RELEASE_MASTER_RELEASE_FILE": str(path),
        "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{folder}/bot.sqlite3",
        "RELEASE_MASTER_SLACK_BOT_TOKEN": BOT_TOKEN,
        "RELEASE_MASTER_SLACK_SIGNING_SECRET": SECRET,
        "RELEASE_MASTER_SLACK_API_URL": "http://127.0.0.1:1/api/",
        "RELEASE_MASTER_METRICS_TOKEN": SECRET,
    }
    bot = Bot(Reloader(lambda: load(path, environ)), Twins())
    await bot.start(0)
    try:
        yield f"http://127.0.0.1:{bot.port}/slack/events"
    finally:
        await bot.stop()


def _headers(moment: str, body: bytes = BODY, **more: str) -> dict[str, str]:
    kind = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": moment}
    return kind | {"X-Slack-Signature": sign(SECRET, moment, body)} | more


def _now() -> str:
    return str(int(time.time()))


def _bad_requests() -> list[tuple[str, dict[str, str], bytes]]:
    good = _headers(_now())
    odd = ["", "abc", "1e9", "-1", "9" * 40, "\u0661\u0662", " 1", "0x10"]
    old = [str(int(time.time()) + offset) for offset in (-301, 303)]
    cut = good | {"X-Slack-Signature": good["X-Slack-Signature"][:-1]}
    missing = {k: v for k, v in good.items() if k != "X-Slack-Signature"}
    timeless = {k: v for k, v in good.items() if k != "X-Slack-Request-Timestamp"}
    return [
        ("one byte altered", good, BODY.replace(b"hello", b"hellp")),
        ("truncated", cut, BODY),
        ("no signature", missing, BODY),
        ("no timestamp", timeless, BODY),
        ("another version", good | {"X-Slack-Signature": "v1=" + "0" * 64}, BODY),
        *(
            (f"moment {moment!r}", good | {"X-Slack-Request-Timestamp": moment}, BODY)
            for moment in odd
        ),
        *((f"at {moment}", _headers(moment), BODY) for moment in old),
    ]


@pytest.mark.scenario(27, 28, 31)
async def test_nothing_unsigned_is_read(tmp_path: Path) -> None:
    """Bad, missing, truncated and stale signatures are 401, never 500; a good one is answered."""
    async with _listening(tmp_path) as url, aiohttp.ClientSession() as session:
        for name, headers, body in _bad_requests():
            raw = {k: v.encode("utf-8").decode("latin-1") for k, v in headers.items()}
            async with session.post(url, data=body, headers=raw) as answer:
                assert answer.status == 401, name
        bearer = {"Authorization": f"Bearer {SECRET}"}
        async with session.get(url.replace("slack/events", "metrics"), headers=bearer) as page:
            counted = f'{METRIC}{{platform="slack"}} {len(_bad_requests())}.0'
            assert counted in await page.text()
        elsewhere = _headers(_now(), Host="release.example.com", Origin="https://evil.example")
        async with session.post(url, data=BODY, headers=elsewhere) as answer:
            assert answer.status == 200
            assert "hello" in await answer.text()


_ODD = (
    '{"type":"block_actions","actions":[{}]}',
    '{"type":"block_actions","actions":"x","user":[]}',
    '{"type":"view_submission","view":{"state":[],"callback_id":"reason"}}',
    '{"type":"view_submission","view":null}',
    '{"type":"event_callback","event":[]}',
    '{"type":"event_callback","event":{"type":"message","user":7}}',
    '{"type":["event_callback"]}',
    "[" * 5000,
    '{"a":' * 900 + "1" + "}" * 900,
)
"""JSON that is nearly what Slack sends, or too deep."""


@pytest.mark.scenario(38)
@pytest.mark.parametrize("known", [False, True])
async def test_signed_nonsense_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Whatever is signed and makes no sense is answered without an error of ours."""
    bodies: list[bytes] = [
        b"",
        b"{",
        b"payload=%7B",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"a=1",
        b'{"type":1}',
    ]

    async def identify(workspace: Workspace) -> None:
        workspace.team, workspace.user = "T01ACME", "U0BOT"

    if known:
        # Otherwise nothing is read before Slack has said who we are.
        monkeypatch.setattr(Workspace, "identify", identify)
    chance = Random(38)
    bodies += [chance.randbytes(chance.randrange(200)) for _ in range(150)]
    bodies += [b"payload=" + quote(chance.choice(_ODD)).encode() for _ in range(50)]
    bodies += [chance.choice(_ODD).encode() for _ in range(50)]
    async with _listening(tmp_path) as url, aiohttp.ClientSession() as session:
        for body in bodies:
            async with session.post(url, data=body, headers=_headers(_now(), body)) as answer:
                assert answer.status < 504
                assert answer.status != 500, body


@pytest.mark.scenario(30)
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "RELEASE_MASTER_SLACK_BOT_TOKEN"),
        (
            {"RELEASE_MASTER_SLACK_BOT_TOKEN": BOT_TOKEN},
            "RELEASE_MASTER_SLACK_APP_TOKEN or RELEASE_MASTER_SLACK_SIGNING_SECRET",
        ),
    ],
)
def test_missing_secrets_are_named(tmp_path: Path, given: dict[str, str], named: str) -> None:
    """A release.yml with Slack rooms is refused without the secrets, which are named."""
    path = tmp_path / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()), encoding="utf-8")

    with pytest.raises(SettingsError, match=named):
        load(path, given)


async def test_the_web_room_goes_on_while_slack_is_out_of_reach(tmp_path: Path) -> None:
    """The bot starts without Slack, says so, and stops within seconds."""
    begun = time.monotonic()
    async with _listening(tmp_path) as url, aiohttp.ClientSession() as session:
        async with session.get(url.replace("/slack/events", "/healthz")) as answer:
            assert answer.status == 200
        body: Any = b'{"type":"event_callback","event":{"type":"app_mention"}}'
        async with session.post(url, data=body, headers=_headers(_now(), body)) as answer:
            assert answer.status == 503

    assert time.monotonic() - begun < 8
