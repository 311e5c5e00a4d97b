"""Codes that link an account: never recorded, never shown, and void once others saw them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.store import BOT
from tests.support.bots import page_of
from tests.support.line_bots import GROUP, KAI, MIKA, REN, SHARED, STRANGER, Chat
from tests.support.line_stub import Sent

_CODE = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\b")


async def code(chat: Chat, person: str = "ren") -> str:
    """The code that a person gets in the web room."""
    async with page_of(chat.bot, person) as page:
        answer = await page.say("link")
    found: str = _CODE.findall(str(answer))[0]
    return found


async def recorded(chat: Chat) -> str:
    """Everything that was ever recorded of what came in, with its answers and the journal."""

    def work(tx: Any) -> str:
        rows = [tx.inbox_row(number) for number in range(1, 200)]
        entries = [row.body for row in tx.journal(BOT)]
        return "\n".join([*(f"{r.body} {r.result}" for r in rows if r), *map(str, entries)])

    found: str = await chat.bot.store.read(work)
    return found


async def alone(chat: Chat, line: str, user: str = STRANGER) -> Sent:
    """Say something to the bot one to one."""
    return await chat.say(line, user, user)


async def press(chat: Chat, label: str, said: Sent, user: str = STRANGER) -> Sent:
    """Press a button one to one."""
    return await chat.after(chat.stub.tap(user, user, chat.stub.data(label, said)))


@pytest.mark.scenario(21)
async def test_an_account_is_linked_with_a_person(chat: Chat) -> None:
    """The card names both, LINE's own name of the account included; the journal says it."""
    chat.stub.names[STRANGER] = "Ren \N{RIGHT-TO-LEFT OVERRIDE}<@all>"
    asked = await alone(chat, await code(chat))
    done = await press(chat, "Link", asked)
    again = await press(chat, "Link", asked)
    who = await alone(chat, "whoami")

    assert "Link Ren <@all> (line:Uffffff…) with Ren?" in asked.said
    assert "is linked with Ren" in done.said
    assert "is over" in again.said
    assert "Ren" in who.said
    assert "Ren <@all> (line:Uffffff…)" in who.said
    async with page_of(chat.bot, "ren") as page:
        answer = str(await page.say("unlink"))
    assert "No longer linked with Ren" in answer
    assert "belongs to nobody" in (await alone(chat, "release start shop")).said
    told = await recorded(chat)
    assert all(kind in told for kind in ("fact.link_code", "fact.linked", "fact.link_revoked"))


async def test_a_group_reads_nothing_about_accounts(chat: Chat) -> None:
    """Roles concern everybody; what is linked and watched is told one to one."""
    chat.stub.names[STRANGER] = "Ren at home"
    await press(chat, "Link", await alone(chat, await code(chat)))
    await alone(chat, "watch shop")
    public = await chat.say("release whoami", STRANGER)
    private = await alone(chat, "whoami")
    plain = await chat.say("release whoami", MIKA)

    assert "shop: approver" in public.said
    assert "ask me one to one" in public.said
    assert "Ren at home" not in public.said
    assert "shop (" not in public.said
    assert "Ren at home" in private.said
    assert "shop (failures)" in private.said
    assert "one to one" not in plain.said


async def test_an_account_without_a_profile_is_named_by_its_id(chat: Chat) -> None:
    """LINE tells names of friends only."""
    asked = await alone(chat, await code(chat))

    assert "Link line:Uffffff… with Ren?" in asked.said


@pytest.mark.parametrize(
    ("line", "chat_id"),
    [("{}", GROUP), ("Release {}", SHARED), ("@bot {}", "C" + "9" * 32), (" {} ", "R" + "9" * 32)],
)
async def test_a_code_that_others_saw_is_void(chat: Chat, line: str, chat_id: str) -> None:
    """In any group, called or not: the code serves nobody, and is recorded nowhere."""
    secret = await code(chat)
    said = line.format(secret)
    more = {"mention": {"mentionees": [_ME]}} if "@bot" in line else {}
    told = await chat.say(said, STRANGER, chat_id, **more)
    tried = await alone(chat, secret)

    assert "it is void now" in told.said
    assert "one to one" in told.said
    assert secret not in told.said
    assert "not valid" in tried.said
    assert secret not in await recorded(chat)


_ME = {"index": 0, "length": 4, "type": "user", "userId": "U" + "b" * 32, "isSelf": True}


async def test_a_code_is_no_reason(chat: Chat) -> None:
    """Typed while a reason is awaited it is a code; the reason is still awaited."""
    secret = await code(chat)
    await chat.press("Start", said=await chat.say("release start shop"))
    data = chat.stub.data("Reject", await chat.until("promote pay"))
    why = await chat.tap(data, KAI)
    told = await chat.say(secret, KAI)
    await chat.say("too slow", KAI)
    found = await recorded(chat)

    assert "Why?" in why.said
    assert "it is void now" in told.said
    assert secret not in found
    assert "too slow" in found


async def test_what_people_say_to_each_other_is_not_kept(chat: Chat) -> None:
    """An edited message and one on standby leave a trace without their words."""
    edited = chat.stub.text(GROUP, REN, "secret-plan") | {"type": "messageEdited"}
    standby = chat.stub.text(GROUP, REN, "secret-plan") | {"mode": "standby"}
    assert await chat.stub.post(edited, standby) == 200

    found = await recorded(chat)
    assert "messageEdited" in found
    assert "secret-plan" not in found
