"""A LINE chat as a room: what is pushed, what it costs, and that nothing is lost or said twice."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.chat.line.api import BUSY, LineApi
from bot.chat.line.quota import Quota
from bot.chat.line.room import HELD, LineChat
from bot.chat.line.speaker import DROPPED, PUSHED, REPLIED, Speaker
from bot.chat.line.tokens import Ticket, Tokens
from bot.chat.texts import Words
from bot.core.card import Action, Card
from bot.core.config import Person
from bot.core.value import text
from bot.engine.services import Limits
from bot.ports import RoomBusyError, RoomError
from bot.store import Store
from tests.support.bots import page_of
from tests.support.engines import ManualClock
from tests.support.line_bots import GROUP, REN, SHARED, Chat, LineTwins, line_chat, line_yml
from tests.support.line_stub import MONTHLY, TOKEN, TOO_FAST, Fault, LineStub, running_line

GATE = Card(
    kind="question",
    release=1,
    state="asked",
    title=text("question.gate.title", release=1, component="pay", candidate="2.0"),
    text=text("question.gate.text", release=1, component="pay", running="1.0", candidate="2.0"),
    actions=(Action(verb="approve", label=text("button.approve"), value="v1|1|pay/gate|a|b"),),
    mentions=("ren",),
)
DONE = Card(kind="result", release=1, state="done", title=text("result.title"), text=text("x.y"))
SHARE = Card(kind="share", title=text("share.canary.digest"), text=text("x.y"))
BOARD = Card(kind="board", release=1, state="running", title=text("board.title"), text=text("x.y"))
KEY = "release:1:question:1"


class World:
    """One chat behind a stub, with a clock that only the test moves."""

    def __init__(self, stub: LineStub, url: str, store: Store) -> None:
        self.stub = stub
        self.clock = ManualClock()
        self.store = store
        self.url = url
        self.apis: list[LineApi] = []
        self.start()

    def start(self) -> None:
        """A new process on the same store."""
        self.api = LineApi(self.url, TOKEN)
        self.apis.append(self.api)
        self.tokens = Tokens()
        self.quota = Quota(self.api, lambda: self.clock.now)
        speaker = Speaker(
            self.api, self.quota, self.tokens, store=self.store, now=lambda: self.clock.now
        )
        people = {"ren": Person(name="Ren", line=REN)}
        self.speaker = speaker
        self.room = LineChat("group", GROUP, speaker=speaker, say=Words, people=lambda: people)

    def hear(self) -> None:
        """Somebody says something in the chat."""
        self.tokens.offer(GROUP, Ticket(token=self.stub.token(GROUP), at=self.clock.now))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A chat of three people, one of whom is asked."""
    store = Store(f"sqlite:///{tmp_path}/bot.sqlite3")
    await store.open()
    stub = LineStub()
    async with running_line(stub) as url:
        made = World(stub, url, store)
        yield made
        for api in made.apis:
            await api.close()
    await store.close()
    assert stub.refused == []


async def test_only_what_is_worth_it_is_pushed(world: World) -> None:
    """A board and what is decided wait until somebody asks."""
    closed = GATE.model_copy(update={"state": "closed"})
    again = Card(kind="reminder", title=text("reminder.again"), text=text("x.y"))
    for card in (BOARD, closed, again):
        assert await world.room.show("k", card, None) == HELD
    assert world.stub.transcript == []

    assert await world.room.show(KEY, GATE, HELD) == PUSHED
    assert await world.room.show(KEY, GATE, PUSHED) == PUSHED
    last = again.model_copy(update={"title": text("reminder.escalation")})
    assert await world.room.show("k2", last, None) == PUSHED
    assert [sent.how for sent in world.stub.transcript] == ["push", "push"]
    assert world.stub.used == 6
    assert world.quota.known == (1000, 994)


async def test_a_young_reply_token_is_used_before_a_push(world: World) -> None:
    """Once, and only while it lives; the people who are asked are mentioned."""
    world.hear()
    assert await world.room.show(KEY, GATE, None) == REPLIED
    assert await world.room.show("k2", GATE, None) == PUSHED
    world.hear()
    world.clock.now += timedelta(seconds=51)
    assert await world.room.show("k3", GATE, None) == PUSHED

    first = world.stub.transcript[0]
    assert first.messages[1]["substitution"]["m0"]["mentionee"]["userId"] == REN
    assert world.stub.used == 6


async def test_a_token_that_line_refuses_becomes_a_push(world: World) -> None:
    """Its lifetime may change."""
    world.tokens.offer(GROUP, Ticket(token="expired", at=world.clock.now))

    assert await world.room.show(KEY, GATE, None) == PUSHED


@pytest.mark.scenario(77)
async def test_a_push_that_failed_is_repeated_under_its_key(world: World) -> None:
    """The first attempt was delivered though LINE answered 500; the second is a 409: success."""
    world.stub.faults = [Fault(500, "Internal", delivered=True)]
    with pytest.raises(RoomError, match="500"):
        await world.room.show(KEY, GATE, None)
    key = world.stub.transcript[0].key
    world.start()
    world.hear()
    later = GATE.model_copy(update={"mentions": ()})

    assert await world.room.show(KEY, later, None) == PUSHED
    assert [sent.key for sent in world.stub.transcript] == [key]
    assert await world.room.show(KEY, later, None) == PUSHED
    assert len(world.stub.transcript) == 1
    assert world.stub.calls.count("POST /v2/bot/message/push") == 2


@pytest.mark.scenario(77)
async def test_a_push_that_was_not_delivered_is_delivered_later(world: World) -> None:
    """With the same key and the same body, in another process."""
    world.stub.faults = [Fault(503, "Unavailable")]
    with pytest.raises(RoomError):
        await world.room.show(KEY, GATE, None)
    world.start()

    assert await world.room.show(KEY, GATE.model_copy(update={"mentions": ()}), None) == PUSHED
    (sent,) = world.stub.transcript
    assert sent.messages[1]["type"] == "textV2"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sent.key)


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("", BUSY), ("soon", BUSY), ("9999", 300.0)]
)
async def test_who_comes_too_fast_is_told_when_to_come_again(
    world: World, said: str, seconds: float
) -> None:
    """A question is never given up for that; a reply token that comes meanwhile serves."""
    world.stub.faults = [Fault(429, TOO_FAST, retry_after=said)]
    with pytest.raises(RoomBusyError) as caught:
        await world.room.show(KEY, GATE, None)
    world.hear()

    assert caught.value.seconds == seconds
    assert await world.room.show(KEY, GATE, None) == REPLIED


@pytest.mark.parametrize("fault", [Fault(500), Fault(429, TOO_FAST), Fault(502, delivered=True)])
async def test_a_reply_is_tried_again_and_said_once(
    world: World, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether LINE took the reply it did not answer is told by its token."""
    monkeypatch.setattr("bot.chat.line.speaker.AGAIN", (0.0, 0.0))
    world.stub.reply_faults = [fault]
    world.hear()

    assert await world.room.show(KEY, GATE, None) == REPLIED
    assert [sent.how for sent in world.stub.transcript] == ["reply"]


@pytest.mark.parametrize(
    ("asked", "how", "seconds"), [("0.4", REPLIED, 0.4), ("9999", PUSHED, 0.0)]
)
async def test_a_reply_comes_again_when_line_says(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: str, how: str, seconds: float
) -> None:
    """As long as its token lives; where that is too long it is pushed at once."""
    monkeypatch.setattr("bot.chat.line.speaker.AGAIN", (0.0, 0.0))
    world.stub.reply_faults = [Fault(429, TOO_FAST, retry_after=asked)]
    world.hear()
    began = time.monotonic()

    assert await world.room.show(KEY, GATE, None) == how
    assert time.monotonic() - began >= seconds


async def test_a_line_that_takes_no_replies_is_pushed_to(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times are enough: somebody must decide."""
    monkeypatch.setattr("bot.chat.line.speaker.AGAIN", (0.0, 0.0))
    world.stub.reply_faults = [Fault(500)] * 3
    world.hear()

    assert await world.room.show(KEY, GATE, None) == PUSHED
    assert world.stub.reply_faults == []


@pytest.mark.scenario(78)
async def test_the_two_meanings_of_429(world: World) -> None:
    """Too fast is tried again by a push; used up, a reply token still serves."""
    world.stub.faults = [Fault(429, TOO_FAST)]
    with pytest.raises(RoomError, match="rate limit"):
        await world.room.show(KEY, GATE, None)
    assert world.quota.known == (1000, 1000)
    world.stub.faults = [Fault(429, MONTHLY)]
    with pytest.raises(RoomError, match="monthly limit"):
        await world.room.show(KEY, GATE, None)
    assert world.quota.known == (1000, 0)
    assert await world.room.show("k", DONE, None) == DROPPED

    world.hear()
    assert await world.room.show(KEY, GATE, None) == REPLIED
    assert world.stub.used == 0


@pytest.mark.scenario(78)
@pytest.mark.parametrize(
    ("used", "told"),
    [
        (799, [PUSHED, PUSHED, PUSHED]),
        (800, [DROPPED, PUSHED, PUSHED]),
        (950, [DROPPED, DROPPED, PUSHED]),
    ],
)
async def test_the_less_is_left_the_less_is_said(world: World, used: int, told: list[str]) -> None:
    """From 80 % on no ends, from 95 % on only what needs people."""
    world.stub.used = used
    cards = {"a": DONE, "b": SHARE, "c": GATE}

    assert [await world.room.show(key, card, None) for key, card in cards.items()] == told


async def test_with_a_quota_of_nothing_only_what_needs_people_is_tried(world: World) -> None:
    """The rest is dropped unasked; LINE says no to the push, and a reply may still serve it."""
    world.stub.limit = 0

    assert await world.room.show("a", DONE, None) == DROPPED
    with pytest.raises(RoomError, match="429"):
        await world.room.show("c", GATE, None)
    assert world.quota.known == (0, 0)
    world.hear()
    assert await world.room.show("c", GATE, None) == REPLIED


async def test_what_everybody_has_just_seen_is_not_pushed(world: World) -> None:
    """A status that showed the open question did what the push is for."""
    await world.speaker.told(f"group:{KEY}")

    assert await world.room.show(KEY, GATE, None) == PUSHED
    assert world.stub.transcript == []


async def test_who_left_the_group_is_not_mentioned(world: World) -> None:
    """LINE refuses the whole push for that; the others must hear it all the same."""
    world.stub.strangers = frozenset({REN})

    assert await world.room.show(KEY, GATE, None) == PUSHED
    assert [message["type"] for message in world.stub.transcript[0].messages] == ["flex"]


async def test_the_verdict_goes_along_with_the_question(world: World) -> None:
    """One push costs the same with one bubble as with two."""
    verdict = Card(kind="verdict", release=1, state="pass", title=text("a.b"), text=text("a.c"))
    other = verdict.model_copy(update={"release": 2})
    for key, card in (("release:1:check:a", verdict), ("release:2:check:a", other)):
        assert await world.room.show(key, card, None) == HELD
    await world.room.show(KEY, GATE, None)

    assert [message.get("altText") for message in world.stub.transcript[0].messages][2:] == ["a.c"]
    assert world.stub.used == 3


async def test_an_unanswered_quota_stops_nothing(world: World) -> None:
    """LINE itself says when nothing is left."""
    world.api._token = "revoked-token-0123456789"
    with pytest.raises(RoomError, match="401"):
        await world.room.show(KEY, GATE, None)
    assert world.api.trouble == "LINE refuses the channel access token"
    world.api._token = TOKEN
    assert world.api._client is not None
    world.api._client.configuration.access_token = TOKEN
    assert await world.room.show(KEY, GATE, None) == PUSHED
    assert world.api.trouble == ""


async def test_old_keys_are_forgotten(world: World) -> None:
    """LINE knows a retry key for a day."""
    await world.room.show(KEY, GATE, None)
    await world.speaker.forget()
    assert len(await world.store.read(lambda tx: tx.values("line:push:"))) == 1
    world.clock.now += timedelta(days=3)
    await world.speaker.forget()
    assert await world.store.read(lambda tx: tx.values("line:push:")) == []


async def test_a_process_that_lives_on_forgets_old_keys_too(world: World) -> None:
    """With the first push after two days, and not only when it starts."""
    await world.room.show(KEY, GATE, None)
    world.clock.now += timedelta(days=3)
    await world.room.show("release:1:question:2", GATE, None)

    kept = await world.store.read(lambda tx: tx.values("line:push:"))
    assert [row.key for row in kept] == ["line:push:group:release:1:question:2"]


@pytest.mark.scenario(78)
async def test_the_start_says_what_it_will_cost(tmp_path: Path) -> None:
    """Pushes times members, against what is left of the month."""
    stub = LineStub(limit=20, used=10)
    file = line_yml(share=[{"room": "shared"}], confirm="each_step")
    async with line_chat(tmp_path, stub, file=file) as chat:
        asked = await chat.say("release start shop")

    # 5 questions and the end in the group, start, canary and finish in the other; 3 members each.
    assert (
        "up to 9 pushes; messages to all members: 27, but left this month: 10 of 20" in asked.said
    )


@pytest.mark.scenario(81)
async def test_a_room_that_only_hears_gets_one_message_of_each_kind(tmp_path: Path) -> None:
    """The default of LINE chats; the same fact is never said twice."""
    file = line_yml(share=[{"room": "shared"}])
    async with line_chat(tmp_path, file=file) as chat:
        await approved(chat)
        await chat.until("release #1 is finished")
        await chat.until("ended: done")
        shared = [sent for sent in chat.stub.transcript if sent.to == SHARED]

    assert [sent.how for sent in shared] == ["push"] * 3
    assert len({sent.said for sent in shared}) == 3


async def approved(chat: Chat) -> None:
    """Start, and approve the canary."""
    await chat.press("Start", said=await chat.say("release start shop"))
    gate = await chat.until("promote pay")
    data = chat.stub.data("Approve", gate)
    assert await chat.stub.post(chat.stub.tap(GROUP, REN, data)) == 200
    asked = await chat.stub.until(lambda sent: sent.messages[0]["type"] == "template")
    yes = chat.stub.data("Approve", asked)
    assert await chat.stub.post(chat.stub.tap(GROUP, REN, yes)) == 200


@pytest.mark.scenario(80)
async def test_a_line_that_is_down_stops_no_release(tmp_path: Path) -> None:
    """The state holds, nothing promotes by itself, and what was not said is said afterwards."""
    async with line_chat(tmp_path, twins=LineTwins("cart")) as chat:
        chat.stub.faults = [Fault(500, "Internal")]
        await chat.press("Start", said=await chat.say("release start shop"))
        told = await chat.until("has a regression")

    assert told.said


@pytest.mark.scenario(72)
async def test_a_group_without_the_bot_is_given_up_and_the_release_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not tried for ever: the journal says it, and the other room has everything."""
    monkeypatch.setattr("bot.service.Limits", partial(Limits, retry=(0.01,), deliveries=3))
    async with line_chat(tmp_path) as chat, page_of(chat.bot, "mika") as mika:
        await mika.say("start shop")
        chat.stub.faults = [Fault(400, "Failed to send messages")] * 100
        await mika.press(await mika.question("Start"), "Start")
        async with page_of(chat.bot, "ren") as ren:
            await ren.press(await ren.question("promote"), "Approve")
        told = await mika.until(lambda card: "ended: done" in card["text"])
        await chat.journalled("delivery_failed")
        tries = 100 - len(chat.stub.faults)

    assert told["kind"] == "result"
    assert 3 <= tries <= 20
