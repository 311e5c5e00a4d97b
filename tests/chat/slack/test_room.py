"""A channel as a room: one board edited in place, its thread, and what to do when it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.chat.slack.api import LaterError, SlackError
from bot.chat.slack.people import People
from bot.chat.slack.room import Channel
from bot.core.card import Action, Card
from bot.core.value import text
from bot.ports import RoomBusyError, RoomError
from bot.store.rows import EffectRow
from tests.support import engines
from tests.support.second_slack import CHANNEL, MIRROR
from tests.support.slack_stub import StubApi, stub_workspace

KEY = engines.HOME
NOW = datetime(2026, 8, 6, tzinfo=UTC)


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[engines.Bot]:
    """An engine with a release that is planned."""
    outside = engines.Outside(engines.release_file(**engines.SINGLE))
    async with engines.bot(f"sqlite:///{tmp_path}/bot.sqlite3", None, outside) as made:
        await made.say("start openchat")
        yield made


@pytest.fixture
def api() -> StubApi:
    """Slack's answers."""
    return StubApi()


@pytest.fixture
def clock() -> _Clock:
    """The time of the pace."""
    return _Clock()


@pytest.fixture
def channel(bot: engines.Bot, api: StubApi, clock: _Clock) -> Channel:
    """The home room, as a channel."""
    workspace = stub_workspace(api, bot.services, monotonic=clock)
    return Channel(KEY, CHANNEL, workspace=workspace, people=People(workspace))


def _card(kind: str = "board", *, buttons: bool = True) -> Card:
    said = text("said.line", line=kind)
    actions = (Action(verb="go", label=said, value="v"),) if buttons else ()
    return Card(kind=kind, title=said, text=said, release=1, actions=actions)


async def _board(bot: engines.Bot, channel: Channel) -> str:
    ref = await channel.show("release:1:board", _card(), None)
    await bot.store.transact(lambda tx: tx.put_post(KEY, 1, "board", ref=ref, digest="", at=NOW))
    return ref


async def test_cards_hang_on_the_board(bot: engines.Bot, channel: Channel, api: StubApi) -> None:
    """Questions and results are broadcast from its thread, checks and notices are not."""
    ref = await _board(bot, channel)
    for kind, slot in (
        ("question", "question:1"),
        ("verdict", "check:chat/check"),
        ("result", "result"),
        ("notice", "override:chat/check"),
        ("notice", "expired:1"),
        ("notice", "rollback"),
    ):
        await channel.show(f"release:1:{slot}", _card(kind), None)
    posts = api.made("chat.postMessage")[1:]

    assert ref == f"{CHANNEL}:1.1"
    assert {post["thread_ts"] for post in posts} == {"1.1"}
    assert [bool(p.get("reply_broadcast")) for p in posts] == [True, False, True, True, True, False]


async def test_a_pause_in_a_room_that_only_hears(bot: engines.Bot, api: StubApi) -> None:
    """It is a message of its own, as there is no board whose thread could hold it."""
    workspace = stub_workspace(api, bot.services)
    hearer = Channel("team", MIRROR, workspace=workspace, people=People(workspace))
    ref = await hearer.show("release:1:pause:1", _card("notice"), None)

    assert ref == f"{MIRROR}:1.1"
    assert "thread_ts" not in api.made("chat.postMessage")[0]


async def test_a_card_before_its_board_waits(
    bot: engines.Bot, channel: Channel, api: StubApi
) -> None:
    """As long as the board is on its way; where that was given up, the card stands alone."""
    for _ in range(30):
        with pytest.raises(RoomBusyError, match="board comes first"):
            await channel.show("release:1:question:1", _card("question"), None)
    assert api.calls == []
    assert f"show:board@{KEY}" in [row.key for row in await _effects(bot)]
    await bot.drain()
    await bot.store.transact(lambda tx: tx.put_post(KEY, 1, "board", ref="", digest="", at=NOW))
    await channel.show("release:1:question:1", _card("question"), None)

    assert "thread_ts" not in api.made("chat.postMessage")[0]


async def _effects(bot: engines.Bot) -> list[EffectRow]:
    return await bot.store.read(lambda tx: list(tx.effects(1)))


@pytest.mark.scenario(72)
@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message"])
async def test_what_cannot_be_edited_is_posted_anew(
    bot: engines.Bot, channel: Channel, api: StubApi, code: str
) -> None:
    """Once: the new message is the one that is edited from then on."""
    ref = await _board(bot, channel)
    api.fail("chat.update", SlackError("chat.update", code))
    anew = await channel.show("release:1:board", _card(buttons=False), ref)

    assert anew == f"{CHANNEL}:1.2"
    assert len(api.made("chat.update")) == 1
    assert len(api.made("chat.postMessage")) == 2


@pytest.mark.scenario(72)
@pytest.mark.parametrize("code", ["is_archived", "not_in_channel", "channel_not_found"])
async def test_a_channel_that_is_closed_is_given_up_in_time(
    channel: Channel, api: StubApi, code: str
) -> None:
    """These errors count, so that nothing is tried for ever; the reason is said in words."""
    api.fail("chat.postMessage", SlackError("chat.postMessage", code))

    with pytest.raises(RoomError, match="room release") as raised:
        await channel.show("release:1:board", _card(), None)
    assert not isinstance(raised.value, RoomBusyError)


@pytest.mark.scenario(71)
async def test_edits_wait_and_decisions_do_not(
    bot: engines.Bot, channel: Channel, api: StubApi, clock: _Clock
) -> None:
    """A board in quick succession waits; without buttons, and for decisions, it does not."""
    ref = await _board(bot, channel)
    await channel.show("release:1:board", _card(), ref)
    with pytest.raises(RoomBusyError):
        await channel.show("release:1:board", _card(), ref)
    await channel.show("release:1:board", _card(buttons=False), ref)
    await channel.show("release:1:question:1", _card("question"), f"{CHANNEL}:9.9")
    api.fail("chat.update", LaterError("chat.update", "ratelimited", 30))
    with pytest.raises(RoomBusyError) as limited:
        await channel.show("release:1:question:1", _card("question"), f"{CHANNEL}:9.9")
    tried = len(api.made("chat.update"))
    clock.now += 29
    with pytest.raises(RoomBusyError):
        await channel.show("release:1:question:1", _card("question"), f"{CHANNEL}:9.9")
    assert len(api.made("chat.update")) == tried
    clock.now += 1

    assert limited.value.seconds == 30
    assert await channel.show("release:1:question:1", _card("question"), f"{CHANNEL}:9.9")


async def test_a_room_that_moved_is_told_anew(channel: Channel, api: StubApi) -> None:
    """A message of the channel that release.yml named before is not edited."""
    ref = await channel.show("release:1:board", _card(), "C0BEFORE:1.1")

    assert ref.startswith(CHANNEL)
    assert api.made("chat.update") == []


async def test_a_person_alone_has_a_room(bot: engines.Bot, api: StubApi) -> None:
    """The chat gets its id from Slack, and its messages are edited there."""
    workspace = stub_workspace(api, bot.services)
    direct = Channel("@mina", "U01MIKA", workspace=workspace, people=People(workspace))
    api.answers["chat.postMessage"] = {"ts": "1.1", "channel": "D0MIKA"}
    ref = await direct.show("release:1:question:1", _card("question"), None)
    again = await direct.show("release:1:question:1", _card("question", buttons=False), ref)

    assert ref == again == "D0MIKA:1.1"
    assert "thread_ts" not in api.made("chat.postMessage")[0]
    assert api.made("chat.update")[0]["channel"] == "D0MIKA"
