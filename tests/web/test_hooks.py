"""Alertmanager's webhook: closed without a token, strict about form, lenient about extras."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot.web.app import create_app, listen
from bot.web.hooks import ALERT_BYTES_MAX
from bot.web.site import BACKEND, SITE
from tests.support.web_backend import World

_BEARER = {"Authorization": "Bearer alert-token"}


def _notice(**labels: str) -> dict[str, object]:
    """The body as Alertmanager 0.27 sends it."""
    return {
        "receiver": "release",
        "status": "firing",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "HighLatency", "severity": "page", **labels},
                "annotations": {"summary": "p99 over 2 s", "description": "long"},
                "startsAt": "2026-11-23T14:35:00.123Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example/graph",
                "fingerprint": "8a5f0c1d2e3b4a59",
            }
        ],
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
    }


async def _post(client: aiohttp.ClientSession, base: str, body: object) -> tuple[int, object]:
    async with client.post(f"{base}/hooks/alerts", json=body, headers=_BEARER) as answer:
        return answer.status, await answer.json()


async def test_an_alert_of_a_component_is_recorded(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """A firing alert with the component's label arrives with name, summary, time, fingerprint."""
    assert await _post(client, serving.base, _notice(component="chat")) == (
        200,
        {"accepted": 1, "ignored": 0},
    )
    assert serving.alerts.heard == [
        {
            "component": "chat",
            "name": "HighLatency",
            "status": "firing",
            "summary": "p99 over 2 s",
            "at": datetime(2026, 11, 23, 14, 35, 0, 123000, tzinfo=UTC),
            "fingerprint": "8a5f0c1d2e3b4a59",
        }
    ]


async def test_alerts_of_nothing_here_are_counted(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """An alert without the label is no error, or Alertmanager would repeat it for ever."""
    assert await _post(client, serving.base, _notice()) == (200, {"accepted": 0, "ignored": 1})


async def test_the_label_is_configurable(serving: World, client: aiohttp.ClientSession) -> None:
    """Teams that name components by another label say which."""
    port = unused_port()
    site = replace(
        serving.app[SITE], alerts_label="service", hosts=frozenset({f"127.0.0.1:{port}"})
    )
    runner = await listen(create_app(site, serving.app[BACKEND]), "127.0.0.1", port)
    try:
        await _post(client, f"http://127.0.0.1:{port}", _notice(service="push"))
    finally:
        await runner.cleanup()

    assert serving.alerts.heard[0]["component"] == "push"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
@pytest.mark.scenario(36)
async def test_forged_alerts_are_refused(
    trying: World, serving: World, client: aiohttp.ClientSession, header: dict[str, str]
) -> None:
    """Without the token nothing is read, in the try-out, too."""
    body = _notice(component="chat")
    for world in (trying, serving):
        url = f"{world.base}/hooks/alerts"
        async with client.post(url, json=body, headers=header) as answer:
            assert answer.status == 401
        assert world.alerts.heard == []


async def test_without_a_configured_token_the_hook_is_closed(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """An empty token opens nothing, not even to an empty one."""
    port = unused_port()
    site = replace(serving.app[SITE], alerts_token="", hosts=frozenset({f"127.0.0.1:{port}"}))
    app: web.Application = create_app(site, serving.app[BACKEND])
    runner = await listen(app, "127.0.0.1", port)
    try:
        for header in ({}, {"Authorization": "Bearer "}, _BEARER):
            url = f"http://127.0.0.1:{port}/hooks/alerts"
            async with client.post(url, json=_notice(), headers=header) as answer:
                assert answer.status == 401
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "3"}, "version:"),
        ({"alerts": "none"}, "alerts:"),
        ({"alerts": [{"status": "firing"}]}, "alerts.0.startsAt"),
        ({"alerts": [{"status": "odd", "startsAt": "2026-11-23T14:35:00Z"}]}, "alerts.0.status"),
    ],
)
async def test_malformed_alerts_are_refused_with_a_message(
    serving: World, client: aiohttp.ClientSession, change: dict[str, object], message: str
) -> None:
    """A body of another form is a 400 that names the field."""
    status, answer = await _post(client, serving.base, _notice(component="chat") | change)

    assert status == 400
    assert message in str(answer)
    assert serving.alerts.heard == []


async def test_an_endless_alert_is_refused(serving: World, client: aiohttp.ClientSession) -> None:
    """More than a megabyte is not read."""
    headers = _BEARER | {"Content-Type": "application/json"}
    long = BytesIO(b" " * (ALERT_BYTES_MAX + 1))
    async with client.post(f"{serving.base}/hooks/alerts", data=long, headers=headers) as answer:
        assert answer.status == 413


async def test_long_summaries_are_cut(serving: World, client: aiohttp.ClientSession) -> None:
    """Only the beginning of a summary is kept, and the description stands in for a missing one."""
    body = _notice(component="chat")
    alerts = body["alerts"]
    assert isinstance(alerts, list)
    alerts[0]["annotations"] = {"description": "d" * 900}
    await _post(client, serving.base, body)

    assert serving.alerts.heard[0]["summary"] == "d" * 500
