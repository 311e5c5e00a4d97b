"""Watching a release or a target: who is told one to one, of what, where, and no longer."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.card import Card
from bot.core.config import ReleaseFile
from bot.core.inbound import Outcome, Reply
from bot.core.question import QuestionKind
from bot.store import BOT, LinkRow, Tx
from tests.engine.conftest import Make
from tests.support.engines import (
    BROKEN,
    HOME,
    OTHER,
    SINGLE,
    SMALL,
    STARTER,
    VIEWER,
    Bot,
    Outside,
    RecordingRoom,
    asked,
    ended,
    release_file,
)

pytestmark = pytest.mark.thorough

SLACK, LINE = "slack:U0MINA", f"line:U{'a' * 32}"


def with_accounts(**target: Any) -> Outside:
    """A world in which Mina is reached on Slack and on LINE, and Mo on LINE."""
    body: dict[str, Any] = release_file(**target).model_dump(mode="json")
    body["people"][STARTER] |= {"slack": "U0MINA", "line": LINE.removeprefix("line:")}
    outside = Outside(ReleaseFile.model_validate(body))
    for person, account in ((STARTER, SLACK), (STARTER, LINE), (VIEWER, LINE)):
        name = f"@{person} {account}"
        outside.rooms[name] = RecordingRoom(name)
    return outside


def told(bot: Bot, person: str = STARTER, account: str = SLACK) -> list[Card]:
    """What a person heard alone, in order; edits are not new."""
    return [card for _, card in bot.outside.rooms[f"@{person} {account}"].posts]


def keys(reply: Reply) -> list[str]:
    """What an answer says, by message key."""
    assert reply.card is not None
    return [line.key for line in reply.card.lines if not isinstance(line, str)]


async def test_a_watcher_hears_of_a_regression_once(make: Make) -> None:
    """The question about it, without buttons, and its end; a watch of both adds nothing."""
    bot = await make(with_accounts(**SMALL))
    assert (await bot.say("watch openchat")).outcome is Outcome.ANSWERED
    release = await bot.start(f"start openchat {BROKEN}")
    await bot.say(f"watch #{release.id}")
    await bot.run(asked)
    await bot.drain()

    [card] = told(bot)
    assert card.kind == "question"
    assert card.text.key == "question.verdict_fail.text"
    assert (card.actions, card.mentions) == ((), ())
    assert bot.card("question:2").actions != ()
    await bot.answer(QuestionKind.VERDICT_FAIL, "abort")
    await bot.run(ended)
    await bot.drain()
    assert [c.kind for c in told(bot)] == ["question", "result"]
    assert told(bot, account=LINE) == []


async def test_a_good_release_is_told_to_who_wants_all(make: Make) -> None:
    """Start, canary, gate and end; failures alone stay silent."""
    bot = await make(with_accounts(**SMALL))
    await bot.say("watch openchat all")
    await bot.submit(person=VIEWER, text="watch openchat", surface="line")
    await bot.real.transact(lambda tx: link(bot, tx, VIEWER))
    await bot.start()
    await bot.run(asked)
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    await bot.run(ended)
    await bot.drain()

    shares = [card.text.key for card in told(bot) if card.kind == "share"]
    assert shares == ["share.start.digest", "share.canary.digest"]
    assert [card.kind for card in told(bot)][-1] == "result"
    assert "question.gate.text" in [card.text.key for card in told(bot)]
    assert told(bot, VIEWER, LINE) == []


def link(bot: Bot, tx: Tx, person: str) -> None:
    """A LINE account is a person's."""
    tx.put_link(LinkRow(identity=LINE, person=person, display="Mo"), bot.outside.clock.now)


async def test_who_watches_on_line_is_told_there(make: Make) -> None:
    """The platform where it was said comes first; the other one serves when it must."""
    bot = await make(with_accounts(**SINGLE))
    await bot.submit(person=STARTER, text="watch openchat", surface="line")
    await abort(bot)

    assert [card.kind for card in told(bot, account=LINE)] == ["result"]
    assert told(bot) == []


async def abort(bot: Bot) -> None:
    """Start a release and abort it; everything is delivered."""
    await bot.start()
    await bot.drain()
    board = bot.card("board")
    await bot.press(next(a for a in board.actions if a.verb == "abort"), reason="enough")
    await bot.run(ended)
    await bot.drain()


@pytest.mark.parametrize("line", ["unwatch", "unwatch openchat"])
async def test_unwatch_ends_it(make: Make, line: str) -> None:
    """Nothing more is told, and a second time there is nothing to end."""
    bot = await make(with_accounts(**SINGLE))
    await bot.say("watch openchat")
    whoami = await bot.say("whoami")

    ended_ = await bot.say(line)
    again = await bot.say(line)
    await abort(bot)

    assert "whoami.watches" in keys(whoami)
    assert ended_.card is not None
    assert ended_.card.text.params == {"what": "openchat"}
    assert again.outcome is Outcome.REFUSED
    assert told(bot) == []
    assert await bot.facts(BOT) == ["fact.watched", "fact.unwatched"]


async def test_who_is_gone_from_release_yml_is_told_nothing(make: Make) -> None:
    """Also when the message was on its way already."""
    bot = await make(with_accounts(**SINGLE))
    await bot.real.transact(lambda tx: link(bot, tx, VIEWER))
    await bot.submit(person=VIEWER, text="watch openchat", surface="line")
    bot.outside.rooms[f"@{VIEWER} {LINE}"].failing = True
    await abort(bot)
    body = bot.outside.file.model_dump(mode="json")
    del body["people"][VIEWER]
    bot.outside.file = ReleaseFile.model_validate(body)
    bot.outside.rooms[f"@{VIEWER} {LINE}"].failing = False
    await bot.jump()
    await bot.drain()

    assert told(bot, VIEWER, LINE) == []


async def test_who_cannot_be_reached_is_told_so(make: Make) -> None:
    """The watch is kept and a release goes on; nothing is sent anywhere."""
    bot = await make(**SINGLE)

    reply = await bot.say("watch openchat", OTHER)
    await abort(bot)

    assert keys(reply) == ["watch.unreachable"]
    assert [name for name, room in bot.outside.rooms.items() if name.startswith("@")] == []
    assert "fact.delivery_failed" not in await bot.facts()


async def test_only_known_people_watch_what_exists(make: Make) -> None:
    """A stranger is nobody to be told, and #7 is not there."""
    bot = await make(**SINGLE)

    stranger = await bot.submit(person="", text="watch openchat", room=HOME)
    missing = await bot.say("watch #7")
    nothing = await bot.submit(person="", text="unwatch", room=HOME)

    assert [reply.card and reply.card.text.key for reply in (stranger, missing, nothing)] == [
        "whoami.unknown",
        "refused.unknown_release",
        "whoami.unknown",
    ]


async def test_an_ended_release_has_nothing_to_tell(make: Make) -> None:
    """Watching it is refused with how it ended."""
    bot = await make(**SINGLE)
    await abort(bot)

    reply = await bot.say("watch #1")

    assert reply.card is not None
    assert reply.card.text.key == "refused.ended"
    assert await bot.facts(BOT) == []
