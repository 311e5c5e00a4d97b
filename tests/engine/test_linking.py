"""Linking a LINE account with a person: the code, the confirmation, the link, and its end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.core.card import Action
from bot.core.config import ReleaseFile
from bot.core.inbound import DIRECT, Outcome, Reply
from bot.core.question import QuestionKind
from bot.engine import identity, linking
from bot.engine.transition import Entry
from bot.store import BOT, Tx
from tests.engine.conftest import Make
from tests.support.engines import (
    ADMIN,
    HOME,
    OTHER,
    STARTER,
    VIEWER,
    Bot,
    Outside,
    asked,
    release_file,
)

pytestmark = pytest.mark.thorough

PHONE, STRANGER = f"line:U{'a' * 32}", f"line:U{'b' * 32}"


async def code_for(bot: Bot, person: str = OTHER, surface: str = "web") -> str:
    """The code that a person gets."""
    reply = await bot.submit(person=person, text="link", surface=surface)
    assert reply.outcome is Outcome.ANSWERED
    assert reply.card is not None
    return str(reply.card.text.params["code"])


async def on_line(bot: Bot, account: str = PHONE, room: str = DIRECT, **fields: Any) -> Reply:
    """Something comes from a LINE account, as its platform would deliver it."""
    given = {"surface": "line", "identity": account, "display": "Taro <@all>", "person": ""}
    return await bot.submit(**{**given, "room": room, **fields})


async def press(bot: Bot, card_of: Reply, verb: str, account: str = PHONE) -> Reply:
    """A LINE account presses a button of the card."""
    button = button_of(card_of, verb)
    return await on_line(bot, account, verb=button.verb, value=button.value)


def button_of(reply: Reply, verb: str) -> Action:
    """The button of a card."""
    assert reply.card is not None
    return next(action for action in reply.card.actions if action.verb == verb)


def key(reply: Reply) -> str:
    """What an answer says first, by message key."""
    assert reply.card is not None
    return reply.card.text.key


async def linked(bot: Bot, person: str = OTHER, account: str = PHONE) -> None:
    """Link an account with a person, the whole way."""
    shown = await on_line(bot, account, text=await code_for(bot, person))
    assert key(await press(bot, shown, "link", account)) == "link.done"


async def bot_facts(bot: Bot) -> list[str]:
    """The facts of the journal that belongs to no release."""
    return await bot.facts(BOT)


@pytest.mark.scenario(21)
async def test_a_linked_account_acts_as_its_person(make: Make) -> None:
    """Confirmed on LINE, the account may what release.yml allows the person, then and there."""
    bot = await make()
    release = await bot.start()
    before = await on_line(bot, text=f"pause #{release.id}")
    shown = await on_line(bot, text=await code_for(bot))

    assert key(before) == "refused.room"
    assert shown.card is not None
    assert shown.card.title.params["account"] == f"Taro <@all> ({PHONE[:12]}…)"
    assert shown.card.title.params["name"] == "Taro"
    assert await identity.person_of(bot.services, PHONE) == ""

    assert key(await press(bot, shown, "link")) == "link.done"
    assert await identity.person_of(bot.services, PHONE) == OTHER
    assert await identity.accounts(bot.services, OTHER) == (PHONE,)
    paused = await on_line(bot, room=HOME, text=f"pause #{release.id}")
    assert paused.outcome is Outcome.ACCEPTED
    assert await bot_facts(bot) == ["fact.link_code", "fact.linked"]


@pytest.mark.scenario(20)
@pytest.mark.parametrize("account", ["", STRANGER])
async def test_an_unknown_account_decides_nothing(make: Make, account: str) -> None:
    """A click without an account, or by a stranger, is refused and changes nothing."""
    bot = await make(components={"chat": {"canary": "canary"}})
    await bot.start()
    await bot.run(asked)
    button = await bot.button(QuestionKind.GATE, "approve")

    reply = await on_line(bot, account, room=HOME, verb=button.verb, value=button.value)

    assert reply.outcome is Outcome.REFUSED
    assert key(reply) == "refused.role"
    assert [q.votes for q in (await bot.release()).open_questions] == [()]


async def test_a_code_serves_once(make: Make) -> None:
    """Sent again, also by the same account, it is worth nothing; nor is its button."""
    bot = await make()
    code = await code_for(bot)
    shown = await on_line(bot, text=code)

    assert key(await on_line(bot, text=code)) == "link.wrong"
    assert key(await on_line(bot, STRANGER, text=code)) == "link.wrong"
    assert key(await press(bot, shown, "link", STRANGER)) == "refused.stale"
    assert key(await press(bot, shown, "link")) == "link.done"
    assert key(await press(bot, shown, "link")) == "refused.stale"
    assert await identity.person_of(bot.services, STRANGER) == ""


async def test_of_two_who_send_a_code_at_once_one_is_asked(make: Make) -> None:
    """The code is bound to the account that came first."""
    bot = await make()
    code = await code_for(bot)

    replies = await asyncio.gather(
        on_line(bot, PHONE, text=code), on_line(bot, STRANGER, text=code)
    )

    assert sorted(key(reply) for reply in replies) == ["link.confirm.title", "link.wrong"]


async def test_a_code_is_as_old_as_ten_minutes(make: Make) -> None:
    """Neither the code nor the button that it led to works any longer."""
    bot = await make()
    late, shown = await code_for(bot, STARTER), await on_line(bot, text=await code_for(bot))
    bot.outside.clock.now += linking.LIFE + timedelta(seconds=1)

    assert key(await on_line(bot, STRANGER, text=late)) == "link.wrong"
    assert key(await press(bot, shown, "link")) == "refused.stale"


async def test_a_new_code_makes_the_last_one_void(make: Make) -> None:
    """A person has one code at a time."""
    bot = await make()
    first, second = await code_for(bot), await code_for(bot)

    assert key(await on_line(bot, text=first)) == "link.wrong"
    assert key(await on_line(bot, text=second)) == "link.confirm.title"


async def test_guessing_is_cut_off(make: Make) -> None:
    """After five wrong codes even the right one is not looked at, for ten minutes."""
    bot = await make()
    right = await code_for(bot)
    for number in range(linking.GUESSES):
        guess = f"AAAA-BBBB-CCC{'ABCDEFG'[number]}"
        assert key(await on_line(bot, text=guess)) == "link.wrong"

    assert key(await on_line(bot, text=right)) == "link.too_many"
    assert key(await on_line(bot, STRANGER, text=right)) == "link.confirm.title"
    bot.outside.clock.now += linking.LIFE + timedelta(seconds=1)
    assert key(await on_line(bot, text=await code_for(bot))) == "link.confirm.title"
    assert (await bot_facts(bot)).count("fact.link_guessed") == linking.GUESSES


async def test_a_code_is_stored_nowhere(make: Make) -> None:
    """Inbox, journal and answers hold its hash or nothing; a repeat does not show it again."""
    bot = await make()
    fields = {"dedupe": "same", "text": "link", "person": OTHER}
    reply = await bot.submit(**fields)
    assert reply.card is not None
    code = str(reply.card.text.params["code"])
    again = await bot.submit(**fields)
    await on_line(bot, text=code)

    def stored(tx: Tx) -> list[str]:
        return [
            str(row)
            for table in ("inbox", "journal", "link_codes", "room_messages", "kept_values")
            for row in tx.connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - a list of names
        ]

    rows = await bot.real.read(stored)
    assert key(again) == "link.shown"
    assert len(rows) == 4
    assert [row for row in rows if code in row] == []


async def test_a_code_that_others_saw_is_void(make: Make) -> None:
    """Sent into a room, on LINE or elsewhere, it links nobody any more."""
    bot = await make()
    in_group, in_web = await code_for(bot), await code_for(bot, STARTER)

    assert key(await on_line(bot, room=HOME, text=in_group)) == "link.void"
    assert key(await bot.submit(person=OTHER, text=in_web)) == "link.void"
    assert key(await on_line(bot, text=in_group)) == "link.wrong"
    assert key(await on_line(bot, text=in_web)) == "link.wrong"


async def test_only_a_known_person_gets_a_code(make: Make) -> None:
    """Not a stranger, and not on LINE, where a code would prove nothing."""
    bot = await make()
    await linked(bot)

    stranger = await bot.submit(person="", surface="slack", text="link", identity="slack:U0NOBODY")
    assert key(stranger) == "whoami.unknown"
    assert key(await on_line(bot, STRANGER, text="link")) == "link.elsewhere"
    assert key(await on_line(bot, text="link")) == "link.elsewhere"


async def test_a_known_account_is_not_linked_again(make: Make) -> None:
    """Neither one of release.yml nor a linked one changes hands by a code."""
    bot = await make()
    await linked(bot)

    reply = await on_line(bot, text=await code_for(bot, ADMIN))

    assert key(reply) == "link.known"
    assert await identity.person_of(bot.services, PHONE) == OTHER


async def test_not_me_links_nobody(make: Make) -> None:
    """Whoever typed a stranger's code by mistake says so, and the code is gone."""
    bot = await make()
    shown = await on_line(bot, text=await code_for(bot))

    assert key(await press(bot, shown, "not_me")) == "link.kept"
    assert key(await press(bot, shown, "link")) == "refused.stale"
    assert await identity.person_of(bot.services, PHONE) == ""


async def test_a_link_is_taken_back(make: Make) -> None:
    """By its person from anywhere, by an admin for others, by nobody else; journalled."""
    bot = await make()
    await linked(bot)
    assert key(await bot.say(f"unlink {OTHER}", VIEWER)) == "refused.role"
    whoami = await on_line(bot, text="whoami")
    assert whoami.card is not None
    assert "whoami.linked" in [line.key for line in whoami.card.lines if not isinstance(line, str)]

    assert key(await on_line(bot, text="unlink")) == "link.revoked"
    assert await identity.person_of(bot.services, PHONE) == ""
    assert key(await bot.say("unlink", OTHER)) == "link.none"
    await linked(bot)
    assert key(await bot.say(f"unlink @{OTHER}", ADMIN)) == "link.revoked"
    assert await identity.accounts(bot.services, OTHER) == ()
    rows = await bot.journal(BOT)
    revoked = [row.actor for row in rows if row.code == "link_revoked"]
    assert revoked == ["Taro", "Ken"]
    assert all(Entry.model_validate_json(row.body).event is None for row in rows)


async def test_roles_come_from_release_yml(make: Make) -> None:
    """A person who is gone from it is nobody on LINE, too; the link alone allows nothing."""
    bot = await make()
    await linked(bot)
    body = bot.outside.file.model_dump(mode="json")
    del body["people"][OTHER]
    bot.outside.file = ReleaseFile.model_validate(body)

    assert await identity.person_of(bot.services, PHONE) == ""
    assert (await on_line(bot, room=HOME, text="start openchat")).outcome is Outcome.REFUSED


async def test_a_code_from_a_hidden_account_is_of_no_use(make: Make) -> None:
    """Where LINE does not say who sent it, nothing can be linked, and the code stays good."""
    bot = await make()
    code = await code_for(bot)

    assert key(await on_line(bot, "", text=code)) == "hint.link"
    assert key(await on_line(bot, text=code)) == "link.confirm.title"


async def test_a_chat_that_release_yml_names_is_alone_all_the_same(make: Make) -> None:
    """A room of kind line with one person's chat is one to one; a group is not."""
    body = release_file().model_dump(mode="json")
    body["rooms"]["mine"] = {"kind": "line", "chat": PHONE.removeprefix("line:")}
    body["rooms"]["group"] = {"kind": "line", "chat": f"C{'a' * 32}"}
    bot = await make(Outside(ReleaseFile.model_validate(body)))

    assert key(await on_line(bot, room="group", text=await code_for(bot))) == "link.void"
    assert key(await on_line(bot, room="mine", text=await code_for(bot))) == "link.confirm.title"
