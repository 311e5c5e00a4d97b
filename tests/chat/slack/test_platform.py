"""Slack over HTTP: nothing unsigned is read, from any host, and nothing makes it fail."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.chat.slack import inbound, modals
from bot.chat.slack import platform as platform_module
from bot.chat.slack.platform import SlackPlatform
from bot.chat.slack.signature import sign
from bot.service import Bot
from bot.settings import Reloader, SettingsError, load
from tests.support.bots import Twins
from tests.support.second_slack import BOT_TOKEN, SECRET, SecondSlack
from tests.support.slack_bots import SMALL, release_yml, slack_bot

BODY = b'{"type":"url_verification","challenge":"hello","token":"x"}'


FORM = "application/x-www-form-urlencoded"
NOWHERE = "http://127.0.0.1:1/api/"
METRIC = "release_master_signature_failures_total"
FAILED = "release_master_requests_failed_total"

_ALWAYS: dict[str, Any] = {
    "user": {"id": "U1", "team_id": "T1"},
    "team": {"id": "T1"},
    "channel": {"id": "C1"},
    "trigger_id": "1.2",
    "response_url": "https://slack.example/1",
}
_VALUES = {
    "reason": {"text": {"type": "plain_text_input", "value": "why"}},
    "release": {"pick": {"type": "static_select", "selected_option": {"value": "1"}}},
    "target": {"pick": {"type": "static_select", "selected_option": {"value": "openchat"}}},
}
PAYLOADS: list[dict[str, Any]] = [
    {
        "command": "/release",
        "text": "status",
        "user_id": "U1",
        "team_id": "T1",
        "channel_id": "C1",
        "trigger_id": "1.1",
        "response_url": "https://slack.example/1",
    },
    *(
        {
            "type": "event_callback",
            "team_id": "T1",
            "event": {
                "type": kind,
                "tab": "home",
                "user": "U1",
                "channel": "D1",
                "channel_type": "im",
                "ts": "1.1",
                "text": "status",
            },
        }
        for kind in ("app_mention", "message", "app_home_opened")
    ),
    *(
        _ALWAYS
        | {
            "type": "block_actions",
            "container": {"type": "message", "message_ts": "1.1", "channel_id": "C1"},
            "message": {"ts": "1.1"},
            "actions": [
                {
                    "type": "button",
                    "action_id": name,
                    "block_id": "b",
                    "value": "v1|1|a/gate|a|b",
                    "action_ts": "1.1",
                }
            ],
        }
        for name in ("press.approve.0", "ask.reject.1", "press.say.0", "ask.say.0", "open.board")
    ),
    *(
        _ALWAYS
        | {
            "type": "view_submission",
            "view": {
                "id": "V1",
                "type": "modal",
                "callback_id": name,
                "private_metadata": '{"target":"openchat","room":"release","verb":"reject"}',
                "state": {"values": _VALUES},
            },
        }
        for name in (modals.REASON, modals.TARGET, modals.START, modals.NOTE)
    ),
    _ALWAYS | {"type": "shortcut", "callback_id": "start_release"},
    _ALWAYS
    | {
        "type": "message_action",
        "callback_id": "note_in_release",
        "message": {"ts": "1.1", "text": "said", "user": "U1"},
    },
]


@asynccontextmanager
async def _listening(folder: Path, api: str = NOWHERE) -> AsyncIterator[str]:
    """A bot that Slack calls, and that knows who it is if Slack is within reach."""
    path = folder / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()), encoding="utf-8")
    environ = {
        "RELEASE_MASTER_RELEASE_FILE": str(path),
        "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{folder}/bot.sqlite3",
        "RELEASE_MASTER_SLACK_BOT_TOKEN": BOT_TOKEN,
        "RELEASE_MASTER_SLACK_SIGNING_SECRET": SECRET,
        "RELEASE_MASTER_SLACK_API_URL": api,
        "RELEASE_MASTER_METRICS_TOKEN": SECRET,
    }
    bot = Bot(Reloader(lambda: load(path, environ)), Twins())
    await bot.start(0)
    try:
        for platform in bot.platforms if api != NOWHERE else ():
            assert isinstance(platform, SlackPlatform)
            await platform.opened()
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


@asynccontextmanager
async def _slack() -> AsyncIterator[str]:
    """A Slack that knows its bot and can do nothing else."""

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("auth.test"):
            return web.json_response({"ok": True, "team_id": "T1", "user_id": "U0BOT"})
        return web.json_response({"ok": False, "error": "fatal_error"})

    app = web.Application()
    app.router.add_post("/api/{method}", answer)
    app.router.add_get("/api/{method}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/api/"))


def _broken(chance: Random, value: Any) -> Any:
    """The same with parts that are missing, or that are something else."""
    if chance.random() < 0.12:
        return chance.choice([None, True, -1, 1e30, "", "x\ud800", "\x00", [], {}, [[]], [{}]])
    if isinstance(value, dict):
        kept = [(k, v) for k, v in value.items() if chance.random() > 0.06]
        return {key: _broken(chance, item) for key, item in kept}
    return [_broken(chance, item) for item in value] if isinstance(value, list) else value


def _nonsense(chance: Random) -> tuple[str, bytes]:
    """A content type, and a body that is nearly one of Slack's, or none at all."""
    if chance.random() < 0.2:
        return chance.choice(["application/json", FORM, "text/plain"]), chance.randbytes(60)
    made = json.dumps(_broken(chance, chance.choice(PAYLOADS)))
    if chance.random() < 0.4:
        return "application/json", made.encode()
    return FORM, urlencode({"payload": made}).encode()


async def _answers(folder: Path, count: int) -> list[int]:
    """The status of each answer to signed nonsense, the last one to a command that makes sense."""
    chance = Random(38)
    bodies = [_nonsense(chance) for _ in range(count)] + [(FORM, urlencode(PAYLOADS[0]).encode())]
    found = []
    async with (
        _slack() as api,
        _listening(folder, api) as url,
        aiohttp.ClientSession() as session,
    ):
        for kind, body in bodies:
            headers = _headers(_now(), body, **{"Content-Type": kind})
            async with session.post(url, data=body, headers=headers) as answer:
                found.append(answer.status)
    return found


@pytest.mark.scenario(38)
async def test_signed_nonsense_does_no_harm(tmp_path: Path) -> None:
    """Whatever is signed and makes no sense is answered without an error of ours."""
    found = await _answers(tmp_path, 200)

    assert set(found) == {200, 400, 404}
    assert found[-1] == 200


@pytest.mark.scenario(38)
@pytest.mark.long
async def test_much_signed_nonsense_does_no_harm(tmp_path: Path) -> None:
    """The same for a long time."""
    found = await _answers(tmp_path, 20_000)

    assert set(found) == {200, 400, 404}
    assert found[-1] == 200


async def test_a_target_that_is_gone_is_said_in_its_dialog(tmp_path: Path) -> None:
    """release.yml may change while somebody looks at the choice."""
    [chosen] = [p for p in PAYLOADS if p.get("view", {}).get("callback_id") == modals.TARGET]
    picked = {"pick": {"type": "static_select", "selected_option": {"value": "gone"}}}
    view = chosen["view"] | {"state": {"values": {"target": picked}}}
    body = urlencode({"payload": json.dumps(chosen | {"view": view})}).encode()
    async with (
        _slack() as api,
        _listening(tmp_path, api) as url,
        aiohttp.ClientSession() as session,
    ):
        headers = _headers(_now(), body, **{"Content-Type": FORM})
        async with session.post(url, data=body, headers=headers) as answer:
            said = await answer.json()

    assert said["response_action"] == "errors"
    assert "no more" in said["errors"]["target"]


@pytest.mark.parametrize("kind", [AttributeError, KeyError, TypeError, ValueError, OSError])
async def test_an_error_of_ours_is_not_told_as_a_bad_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """It is a 5xx, logged with the place where it happened, and counted."""

    def broken(_body: object) -> None:
        raise kind("ours")

    monkeypatch.setattr(inbound, "command", broken)
    body = urlencode(PAYLOADS[0]).encode()
    bearer = {"Authorization": f"Bearer {SECRET}"}
    async with (
        _slack() as api,
        _listening(tmp_path, api) as url,
        aiohttp.ClientSession() as session,
    ):
        headers = _headers(_now(), body, **{"Content-Type": FORM})
        with capture_logs() as logged:
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 500
        async with session.get(url.replace("slack/events", "metrics"), headers=bearer) as page:
            assert f'{FAILED}{{platform="slack"}} 1.0' in await page.text()
    [said] = [line for line in logged if line["event"] == "slack_request_failed"]
    frames = traceback.extract_tb(said["exc_info"].__traceback__)
    assert frames[-1].name == "broken"


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


async def test_a_goodbye_that_is_not_answered_leaves_nothing_open(
    socket_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack may be gone when the bot stops: its session is closed, and nothing runs on."""
    monkeypatch.setattr(platform_module, "STOPS_WITHIN", 0.01)
    async with slack_bot(tmp_path, socket_slack, "socket", file=release_yml(**SMALL)) as bot:
        [platform] = bot.platforms
        assert isinstance(platform, SlackPlatform)
        assert platform._socket is not None
        client = platform._socket.client
        never = asyncio.Event()
        asked = asyncio.Event()
        websocket = client.current_session
        assert websocket is not None

        async def unanswered() -> None:
            asked.set()
            try:
                await never.wait()
            except asyncio.CancelledError:
                # As aiohttp does when its goodbye is cut off.
                websocket._response.close()
                raise

        monkeypatch.setattr(websocket, "close", unanswered)

    assert asked.is_set()
    assert client.aiohttp_client_session.closed
    running = (client.message_processor, client.current_session_monitor, client.message_receiver)
    assert all(task is not None and task.done() for task in running)
