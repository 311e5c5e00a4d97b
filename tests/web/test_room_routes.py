"""The room's routes: what is said and clicked reaches the bot as the right person, once."""

from __future__ import annotations

import aiohttp
import pytest

from bot.core.operation import UnreachableError
from tests.support.web_backend import World, sign_in
from tests.web.conftest import Clock


async def test_the_page_learns_who_and_where(trying: World, client: aiohttp.ClientSession) -> None:
    """The try-out lists people, web rooms only, targets with their components, and the scale."""
    async with client.get(f"{trying.base}/api/me") as answer:
        me = await answer.json()

    assert me["mode"] == "try"
    assert me["people"][0] == {"key": "ayumi", "name": "Ayumi", "role": "operator"}
    assert [room["key"] for room in me["rooms"]] == ["main", "ops"]
    assert me["rooms"][0]["language"] == "en"
    assert me["targets"][0]["title"] == "OpenChat"
    assert me["targets"][0]["components"][0] == "gateway"
    assert me["targets"][0]["confirm"] == "each_step"
    assert (me["time_scale"], me["on_fail"]) == (1.0, "ask")


async def test_a_line_reaches_the_bot_with_its_actor(
    trying: World, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """A typed line carries room, chosen person and time, and its private answer comes back."""
    body = {"id": "0123456789", "text": "help", "as": "rin"}
    async with client.post(f"{trying.base}/api/rooms/main/say", json=body) as answer:
        reply = await answer.json()

    heard = trying.bot.heard[0]
    assert (heard.room, heard.person, heard.text, heard.surface) == ("main", "rin", "help", "web")
    assert heard.dedupe == "main:rin:0123456789"
    assert heard.at == clock.now
    assert reply["outcome"] == "answered"
    assert reply["card"]["title"] == "What you may do now"
    assert reply["release"] is None


async def test_a_click_reaches_the_bot_with_its_reason(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """A click carries verb, value and reason; a refusal comes back with its way out."""
    body = {"id": "0123456789", "verb": "approve", "value": "v1|42", "reason": "ok", "as": "ayumi"}
    async with client.post(f"{trying.base}/api/rooms/main/act", json=body) as answer:
        reply = await answer.json()

    heard = trying.bot.heard[0]
    assert (heard.verb, heard.value, heard.reason, heard.text) == ("approve", "v1|42", "ok", "")
    assert reply["outcome"] == "refused"
    assert reply["card"]["actions"][0]["verb"] == "act_as"


async def test_sending_again_is_known_as_a_repeat(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """The same id of the same person is a repeat; of another person it is not."""
    outcomes = []
    for person in ("rin", "rin", "ken"):
        body = {"id": "0123456789", "text": "status", "as": person}
        async with client.post(f"{trying.base}/api/rooms/main/say", json=body) as answer:
            outcomes.append((await answer.json())["outcome"])

    assert outcomes == ["accepted", "repeated", "accepted"]


async def test_under_serve_nobody_acts_as_another(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """The session's person acts, whatever `as` says."""
    await sign_in(client, serving.base, "mo")
    body = {"id": "0123456789", "text": "status", "as": "ken"}
    async with client.post(f"{serving.base}/api/rooms/main/say", json=body) as answer:
        assert answer.status == 200

    assert serving.bot.heard[0].person == "mo"


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("main/say", {"id": "12345678", "text": "x", "as": "eve"}, 400, "as: choose one"),
        ("main/say", {"id": "12345678", "text": "x"}, 400, "as: choose one"),
        ("main/say", {"id": "12345678", "text": "", "as": "rin"}, 400, "text:"),
        ("main/say", {"id": "12345678", "text": "x" * 4001, "as": "rin"}, 400, "text:"),
        ("main/say", {"id": "x", "text": "x", "as": "rin"}, 400, "id:"),
        ("main/say", {"id": "a:b:c:d:e", "text": "x", "as": "rin"}, 400, "id:"),
        ("main/say", {"id": "12345678", "text": "x", "person": "rin"}, 400, "person:"),
        ("main/say", ["12345678"], 400, "body:"),
        ("main/act", {"id": "12345678", "verb": "Rm -rf", "as": "rin"}, 400, "verb:"),
        (
            "main/act",
            {"id": "12345678", "verb": "go", "value": "x" * 501, "as": "rin"},
            400,
            "value:",
        ),
        ("outside/say", {"id": "12345678", "text": "x", "as": "rin"}, 404, "no such room"),
        ("none/act", {"id": "12345678", "verb": "go", "as": "rin"}, 404, "no such room"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_message(
    trying: World,
    client: aiohttp.ClientSession,
    path: str,
    body: object,
    status: int,
    message: str,
) -> None:
    """Wrong fields, people and rooms never reach the bot, and the answer says what is wrong."""
    async with client.post(f"{trying.base}/api/rooms/{path}", json=body) as answer:
        assert answer.status == status
        assert message in (await answer.json())["error"]
    assert trying.bot.heard == []


async def test_candidates_are_listed_by_component(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """The start dialog gets versions with titles, and an empty list where any may be named."""
    async with client.get(f"{trying.base}/api/targets/openchat/candidates") as answer:
        components = (await answer.json())["components"]

    assert components["chat"][1] == {
        "version": "2026.11.4-broken",
        "title": "Breaks on purpose",
    }
    assert components["batch"] == []


async def test_candidates_say_why_they_are_missing(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """An executor that does not answer is a 502 with its words, an unknown target a 404."""
    trying.facts.trouble = UnreachableError("the deployment API does not answer")
    async with client.get(f"{trying.base}/api/targets/openchat/candidates") as answer:
        assert answer.status == 502
        assert "does not answer" in (await answer.json())["error"]
    async with client.get(f"{trying.base}/api/targets/none/candidates") as answer:
        assert answer.status == 404


async def test_candidates_do_not_take_for_ever(
    trying: World, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An executor that hangs ends in a 504."""
    trying.facts.hangs = True
    monkeypatch.setattr("bot.web.room_routes.CANDIDATES_TIMEOUT", 0.01)
    async with client.get(f"{trying.base}/api/targets/openchat/candidates") as answer:
        assert answer.status == 504


async def test_the_journal_is_read_by_release(
    trying: World, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """The journal of a release is listed, moments included; unknown releases are a 404."""
    trying.facts.events[42] = [{"kind": "planned", "at": clock.now}]
    async with client.get(f"{trying.base}/api/releases/42/journal") as answer:
        assert await answer.json() == {"events": [{"kind": "planned", "at": str(clock.now)}]}
    for wrong in ("43", "x", "9" * 30):
        async with client.get(f"{trying.base}/api/releases/{wrong}/journal") as answer:
            assert answer.status == 404
