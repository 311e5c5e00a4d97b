"""Locks: claimed by a release, freed on every way to its end, and never by somebody else's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.release import Phase
from bot.engine.claims import reason
from bot.store import Tx
from tests.engine.conftest import Make
from tests.support.engines import (
    ADMIN,
    BROKEN,
    OTHER,
    SINGLE,
    SMALL,
    Bot,
    Outside,
    asked,
    ended,
    release_file,
)
from tests.support.releases import release

pytestmark = pytest.mark.thorough


async def locks(bot: Bot) -> list[tuple[str, int | None]]:
    """Every lock with its holder."""
    return [(row.name, row.release_id) for row in await bot.real.read(lambda tx: tx.locks())]


async def board(bot: Bot, verb: str) -> None:
    """An approver presses a button of the board, and what follows happens."""
    await bot.drain()
    await bot.press(next(a for a in bot.card("board").actions if a.verb == verb), OTHER)


async def to_done(bot: Bot) -> None:
    """Nothing goes wrong."""
    await bot.start()


async def to_cancelled(bot: Bot) -> None:
    """The start is cancelled."""
    await bot.say("start openchat")
    await bot.answer(QuestionKind.START, "abort")


async def to_expired(bot: Bot) -> None:
    """Nobody answers whether to start."""
    await bot.say("start openchat")


async def to_aborted(bot: Bot) -> None:
    """Somebody aborts in the middle."""
    bot.deployer.hold("chat")
    await bot.start()
    await bot.run(lambda r: r.step("chat/deploy").handle)
    await board(bot, "abort")


async def to_rolled_back(bot: Bot) -> None:
    """The verdict is fail and everything goes back."""
    await bot.start(f"start openchat {BROKEN}")
    await bot.run(asked)
    await bot.answer(QuestionKind.VERDICT_FAIL, "rollback", OTHER)


async def to_failed(bot: Bot) -> None:
    """The rollback fails and somebody says that it was done by hand."""
    await bot.start(f"start openchat {BROKEN}")
    await bot.run(asked)
    bot.deployer.fail_next("chat")
    await bot.answer(QuestionKind.VERDICT_FAIL, "rollback", OTHER)
    await bot.run(asked)
    for number in (1, 2, 3):
        bot.deployer.set_running("chat", f"chat-{number}", "1.0")
    await bot.answer(QuestionKind.ROLLBACK_FAILED, "override", ADMIN, "by hand")


@pytest.mark.scenario(91)
@pytest.mark.parametrize(
    ("path", "phase"),
    [
        (to_done, Phase.DONE),
        (to_cancelled, Phase.ABORTED),
        (to_expired, Phase.ABORTED),
        (to_aborted, Phase.ABORTED),
        (to_rolled_back, Phase.ROLLED_BACK),
        (to_failed, Phase.FAILED),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_every_end_frees_the_locks(
    make: Make, path: Callable[[Bot], Awaitable[None]], phase: Phase
) -> None:
    """Whichever way it ends, nothing is left for the sweeper, and no work either."""
    bot = await make(**SINGLE)
    await path(bot)
    release = await bot.run(ended)

    assert release.phase is phase
    assert await locks(bot) == []
    later = bot.outside.clock.now + timedelta(days=1)
    assert await bot.real.transact(lambda tx: tx.sweep(later, timedelta(0))) == []
    await bot.drain()
    assert await bot.real.read(lambda tx: tx.effects(1)) == []


@pytest.mark.scenario(89)
async def test_the_end_of_a_release_keeps_a_newer_claim(make: Make) -> None:
    """A lock that somebody else holds by now is not freed with the release that held it before."""
    bot = await make(**SINGLE)
    await bot.start()
    at = bot.outside.clock.now

    def steal(tx: Tx) -> None:
        tx.force_unlock("component:chat")
        tx.claim(["component:chat"], 99, owner="Ken", reason="newer", at=at)

    await bot.real.transact(steal)
    await bot.run(ended)

    assert await locks(bot) == [("component:chat", 99)]


@pytest.mark.scenario(90)
async def test_a_claim_belongs_to_a_release_and_not_to_a_person(make: Make) -> None:
    """The same component in another target conflicts, for the very same person too."""
    file = release_file(**SINGLE)
    body = file.model_dump(mode="json")
    body["targets"]["other"] = {**body["targets"]["openchat"]}
    bot = await make(Outside(type(file).model_validate(body)))
    await bot.say("start openchat")
    reply = await bot.say("start other")

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert (reply.card.text.key, reply.card.text.params["name"]) == (
        "refused.locked",
        "component chat",
    )
    assert reply.release == 1
    assert [(a.verb, a.value) for a in reply.card.actions] == [("say", "status #1")]


@pytest.mark.scenario(92)
async def test_an_unreadable_lock_blocks_until_an_admin_frees_it(make: Make, url: str) -> None:
    """It is shown as ambiguous; only an admin with a reason unlocks it, which is journalled."""
    bot = await make(**SINGLE)
    await bot.say("start openchat")
    await bot.answer(QuestionKind.START, "abort")
    await bot.drain()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(
            "INSERT INTO locks (name, release_id, body, at, renewed_at) VALUES (?, 1, ?, 0, 0)",
            ("target:openchat", "{torn"),
        )
    connection.close()

    blocked = await bot.say("start openchat")
    assert blocked.card is not None
    assert blocked.card.text.key == "refused.lock_ambiguous"
    swept = await bot.real.transact(lambda tx: tx.sweep(bot.outside.clock.now, timedelta(0)))
    assert swept == []
    refused = await bot.say("unlock openchat it is torn", OTHER)
    assert refused.outcome is Outcome.REFUSED

    shown = await bot.say("unlock openchat it is torn", ADMIN)
    assert shown.card is not None
    done = await bot.press(shown.card.actions[0], ADMIN)
    assert done.outcome is Outcome.ACCEPTED
    rows = [json.loads(row.body) for row in await bot.journal() if row.code == "unlocked"]
    assert rows[0]["facts"][0]["params"]["reason"] == "it is torn"
    assert (await bot.say("start openchat")).outcome is Outcome.ACCEPTED


async def test_a_live_release_cannot_be_unlocked(make: Make) -> None:
    """Its locks are freed by its end only, so nobody gets in between."""
    bot = await make(**SINGLE)
    await bot.start()
    reply = await bot.say("unlock openchat in my way", ADMIN)
    free = await bot.say("unlock kitchen-sink in my way", ADMIN)

    assert (reply.outcome, free.outcome) == (Outcome.REFUSED, Outcome.NOT_UNDERSTOOD)
    assert reply.card is not None
    assert (reply.card.text.key, reply.card.actions) == ("unlock.live", ())
    assert len(await locks(bot)) == 2


async def test_what_is_not_locked_is_not_unlocked(make: Make) -> None:
    """Nobody is asked to confirm what would change nothing; a lock that ended meanwhile is told."""
    bot = await make(**SINGLE)
    reply = await bot.say("unlock openchat in my way", ADMIN)

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert (reply.card.text.key, reply.card.text.params["name"]) == ("unlock.free", "openchat")


def test_the_reason_of_a_lock_says_what_is_released() -> None:
    """A note where there is one, else the first components and how many more."""
    whole = release()

    assert reason(whole) == "auth 2.0, profile 2.0, chat 2.0 +4"
    assert reason(whole.model_copy(update={"note": "weekly"})) == "weekly"


@pytest.mark.scenario(93)
async def test_locks_last_as_long_as_their_release(make: Make) -> None:
    """However long it runs they are renewed; those of a dead owner are swept."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    bot.outside.clock.now += timedelta(days=3)
    now, dead = bot.outside.clock.now, bot.services.limits.dead_lock

    def work(tx: Tx) -> list[str]:
        tx.claim(["component:lost"], 99, owner="?", reason="?", at=now - dead)
        tx.heartbeat(now)
        return tx.sweep(now, dead)

    assert await bot.real.transact(work) == ["component:lost"]
    assert await locks(bot) == [("component:chat", 1), ("target:openchat", 1)]


async def test_a_changed_plan_frees_what_it_no_longer_needs(make: Make) -> None:
    """A component that left the plan can be released elsewhere at once."""
    bot = await make(components={"chat": {}, "media": {}})
    await bot.say("start openchat")
    reply = await bot.say("plan #1 only=chat")

    assert reply.outcome is Outcome.ACCEPTED
    assert await locks(bot) == [("component:chat", 1), ("target:openchat", 1)]
