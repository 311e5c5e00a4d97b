"""The webhook: nothing unsigned is read, everything signed is answered, once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.line.ear import UNREAD, Ear
from bot.chat.line.events import Heard
from bot.core.inbound import Inbound
from bot.engine.submission import Submission
from bot.store.errors import StoreError
from tests.support.line_bots import GROUP, MIKA, REN, Chat
from tests.support.line_stub import sign

SAMPLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/line/webhook.json").read_text(encoding="utf-8")
)["events"]


async def count(chat: Chat, surface: str) -> int:
    """How many inbox rows of a surface there are."""
    store = chat.bot.store

    def work(tx: Any) -> list[str]:
        rows = (tx.inbox_row(number) for number in range(1, 200))
        return [row.surface for row in rows if row is not None]

    return (await store.read(work)).count(surface)


@pytest.mark.scenario(27)
@pytest.mark.scenario(31)
async def test_what_is_not_signed_is_not_read(chat: Chat) -> None:
    """Bad, missing, truncated, of another secret, or over another body: 401 and no trace."""
    body = json.dumps({"events": [chat.stub.text(GROUP, MIKA, "release start shop")]}).encode()
    good = sign(body)
    wrong = ("-", "", "x", good[:-1], good + "=", good.lower(), sign(body, "another-secret"), "é")

    for signature in wrong:
        assert await chat.stub.post(raw=body, **{"X-Line-Signature": signature}) == 401
    for altered in (body[:-1], body + b" ", body.replace(b"shop", b"shoq"), b""):
        assert await chat.stub.post(raw=altered, **{"X-Line-Signature": good}) == 401
    assert await count(chat, "line") == await count(chat, UNREAD) == 0
    assert chat.stub.transcript == []
    name, labels = "release_master_signature_failures_total", {"platform": "line"}
    assert chat.bot.metrics.registry.get_sample_value(name, labels) == len(wrong) + 4


async def test_line_may_call_under_any_host_name(chat: Chat) -> None:
    """A tunnel or a proxy in front keeps its own name; the signature is what counts."""
    body = b'{"destination":"U","events":[]}'
    headers = {"Host": "bot.example.com", "Origin": "https://x", "X-Line-Signature": sign(body)}

    assert await chat.stub.post(raw=body, **headers) == 200


async def test_only_posts_are_served(chat: Chat) -> None:
    """Looking at the webhook tells nothing."""
    async with aiohttp.ClientSession() as session, session.get(chat.stub.webhook) as answer:
        assert answer.status == 405


async def test_every_sample_of_the_sdk_is_accepted(chat: Chat) -> None:
    """As they are and with ids of their own; what the bot does nothing about is kept."""
    events = [{**e, "webhookEventId": f"id-{n}"} for n, e in enumerate(SAMPLES)]

    assert len(SAMPLES) == 28
    assert [await chat.stub.post(event) for event in SAMPLES] == [200] * 28
    assert [await chat.stub.post(event) for event in events] == [200] * 28
    assert await chat.stub.post(*events) == 200
    assert await chat.stub.post(*events) == 200
    assert await count(chat, UNREAD) >= 20


MALFORMED = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"events": 1}',
    b'{"events": [1]}',
    b'{"events": [{}]}',
    b'{"events": [{"type": 1}]}',
    b'{"events": [{"type": "message", "mode": "active"}]}',
    b'{"events": [{"type": "postback", "webhookEventId": {}}]}',
    b"\xff\xfe",
    b"[" * 5000,
)


async def test_what_cannot_be_read_is_kept(chat: Chat) -> None:
    """Signed is signed: LINE gets its 200, and the body can be looked at later."""
    assert [await chat.stub.post(raw=body) for body in MALFORMED] == [200] * len(MALFORMED)
    assert await count(chat, UNREAD) == len(MALFORMED)


async def test_an_event_that_nobody_foresaw_is_kept(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours is no reason for LINE to send it for ever, nor to lose what follows."""

    async def broken(ear: Ear, heard: Heard) -> None:
        raise ArithmeticError(heard.text)

    with monkeypatch.context() as patched:
        patched.setattr(Ear, "_text", broken)
        odd = chat.stub.text(GROUP, MIKA, "release status")
        joined = chat.stub.event(GROUP, REN, type="join")
        assert await chat.stub.post(odd, joined) == 200

    assert GROUP in (await chat.until("release bot")).said
    assert await count(chat, UNREAD) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KEYS = ("type", "message", "source", "postback", "mode", "timestamp", "deliveryContext")
MUTATED = st.builds(
    lambda sample, key, value: {**sample, key: value},
    st.sampled_from(SAMPLES),
    st.sampled_from(KEYS),
    JSON,
)


@pytest.mark.scenario(38)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=MUTATED | st.dictionaries(st.text(max_size=8), JSON))
def test_no_event_is_answered_500(event: dict[str, Any]) -> None:
    """Whatever stands in an event, it is read as something or as nothing."""
    from bot.chat.line import events

    heard = events.read(event)
    assert heard is None or heard.id == event["webhookEventId"]


@pytest.mark.scenario(38)
async def test_halves_of_characters_are_answered(chat: Chat) -> None:
    """JSON can carry what is no text; it is recorded as far as it is, and answered."""
    broken = chat.stub.text(GROUP, MIKA, "release status \ud83d\x00")
    stale = chat.stub.tap(GROUP, MIKA, "v1|1|\ud83d")
    named = chat.stub.text(GROUP, MIKA, "release status") | {"webhookEventId": "\ud83d"}

    told = [await chat.after(event) for event in (broken, stale, named)]
    assert "over" in told[1].said
    assert "Active releases: 0" in told[2].said
    assert await count(chat, "line") == 3


@pytest.mark.scenario(9)
@pytest.mark.scenario(29)
async def test_a_redelivery_counts_once(chat: Chat) -> None:
    """Seen before: no effect, whatever the flag says. Not seen before: done."""
    first = chat.stub.text(GROUP, MIKA, "release start shop")
    again = first | {"deliveryContext": {"isRedelivery": True}}
    assert await chat.stub.post(again) == 200
    await chat.until("waits for Start")
    assert await chat.stub.post(first) == 200
    assert await chat.stub.post(again) == 200

    await chat.say("release status")
    assert await count(chat, "line") == 2
    live = await chat.bot.store.read(lambda tx: tx.live_heads())
    assert [head.id for head in live] == [1]


@pytest.mark.scenario(26)
@pytest.mark.scenario(25)
async def test_edits_and_standby_events_never_execute(chat: Chat) -> None:
    """A message edited into a command is kept, one unsent too; on standby another bot speaks."""
    edited = chat.stub.text(GROUP, MIKA, "release start shop") | {"type": "messageEdited"}
    unsent = chat.stub.event(GROUP, MIKA, type="unsend", unsend={"messageId": "1"})
    standby = chat.stub.text(GROUP, MIKA, "release start shop") | {"mode": "standby"}

    assert await chat.stub.post(edited, unsent, standby) == 200
    answered = await chat.say("release status")
    assert "Active releases: 0" in answered.said
    assert await count(chat, UNREAD) == 3
    assert await count(chat, "line") == 1


@pytest.mark.scenario(73)
async def test_what_cannot_be_recorded_in_time_is_asked_for_again(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LINE hears no 200 and sends it again; then it is done once."""
    event = chat.stub.text(GROUP, MIKA, "release status")
    whole = chat.bot.intake.record

    async def broken(inbound: Any) -> Any:
        raise StoreError("store.locked")

    monkeypatch.setattr(chat.bot.intake, "record", broken)
    assert await chat.stub.post(event) == 503

    async def slow(inbound: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(chat.bot.intake, "record", slow)
    monkeypatch.setattr("bot.chat.line.platform.WITHIN", 0.05)
    assert await chat.stub.post(event) == 503
    monkeypatch.setattr("bot.chat.line.platform.WITHIN", 1.5)
    monkeypatch.setattr(chat.bot.intake, "record", whole)
    assert await chat.stub.post(event) == 200
    await chat.until("Active releases: 0")


async def test_what_a_killed_process_recorded_is_answered_by_its_token(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done and told by whoever takes it up, with the reply token that is in its inbox row."""
    process, reached = chat.bot.intake.process, asyncio.Event()

    async def killed(*_: Any) -> None:
        reached.set()
        raise asyncio.CancelledError

    monkeypatch.setattr(chat.bot.intake, "process", killed)
    assert await chat.stub.post(chat.stub.text(GROUP, MIKA, "release status")) == 200
    await asyncio.wait_for(reached.wait(), 10)
    monkeypatch.setattr(chat.bot.intake, "process", process)
    silent = list(chat.stub.transcript)
    later = chat.bot.services.now() + timedelta(seconds=6)
    numbers = await chat.bot.store.read(lambda tx: tx.unsettled(later, 9))
    row = await chat.bot.store.read(lambda tx: tx.inbox_row(numbers[0]))
    assert row is not None
    [platform] = chat.bot.platforms
    inbound = Inbound.model_validate_json(row.body)
    await platform.finish(Submission(row.id, inbound))
    left = await chat.bot.store.read(lambda tx: tx.unsettled(later, 9))

    assert silent == []
    assert "Active releases: 0" in (await chat.until("Active releases: 0")).said
    assert left == []


@pytest.mark.scenario(38)
@pytest.mark.long
@settings(max_examples=3000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Splitting a body raises ValueError or gives events, and nothing else."""
    from bot.chat.line import events

    try:
        found = events.split(raw)
    except (ValueError, RecursionError):
        return
    assert all(isinstance(event, dict) for event in found)


async def test_people_of_one_group_only_are_heard(chat: Chat) -> None:
    """A group that release.yml does not name learns its id, and nothing else happens."""
    foreign = "C" + "9" * 32
    told = await chat.say("release start shop", MIKA, foreign)

    assert f"its id is {foreign}" in told.said
    assert told.how == "reply"
    assert await chat.bot.store.read(lambda tx: tx.live_heads()) == []


async def test_joining_a_group_tells_its_id(chat: Chat) -> None:
    """That is what release.yml needs."""
    event = chat.stub.event(GROUP, REN, type="join")
    assert await chat.stub.post(event) == 200

    assert GROUP in (await chat.until("release bot")).said
