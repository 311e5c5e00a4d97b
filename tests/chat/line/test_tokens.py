"""Reply tokens: the newest one, once, while it lives."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.chat.line.tokens import Ticket, Tokens
from tests.support.releases import T0


def test_the_newest_token_is_used_once_while_it_is_young() -> None:
    """LINE says about a minute; the bot counts on 50 seconds."""
    tokens = Tokens()
    tokens.offer("c", Ticket(token="new", at=T0))
    tokens.offer("c", Ticket(token="old", at=T0 - timedelta(seconds=1)))
    tokens.offer("c", Ticket(token="", at=T0 + timedelta(seconds=1)))
    found = tokens.take("c", T0 + timedelta(seconds=49))
    assert found is not None
    assert found.token == "new"
    assert tokens.take("c", T0) is None

    tokens.offer("c", Ticket(token="new", at=T0))
    assert tokens.take("c", T0 + timedelta(seconds=50)) is None


def test_a_token_is_taken_back_unless_it_was_taken() -> None:
    """Whoever offered it answers with it then."""
    tokens, ticket = Tokens(), Ticket(token="t", at=T0)
    tokens.offer("c", ticket)
    assert tokens.withdraw("c", ticket)
    assert tokens.take("c", T0) is None

    tokens.offer("c", ticket)
    tokens.take("c", T0)
    assert not tokens.withdraw("c", ticket)


async def test_a_push_waits_for_the_token_of_a_command() -> None:
    """What a command brings about may be told before the command is answered."""
    tokens, ticket = Tokens(), Ticket(token="t", at=T0)
    tokens.offer("c", Ticket(token="old", at=T0 - timedelta(hours=1)))
    with tokens.coming("c"):
        waits = asyncio.create_task(tokens.expected("c"))
        await tokens.expected("another")
        await asyncio.sleep(0)
        assert not waits.done()
        tokens.offer("c", ticket)
        await waits
    assert tokens.take("c", T0) is ticket

    with tokens.coming("c"):
        waits = asyncio.create_task(tokens.expected("c"))
        await asyncio.sleep(0)
    await waits
    assert tokens.take("c", T0) is None


async def test_a_command_that_takes_long_holds_up_nothing() -> None:
    """After its time the push goes out."""
    tokens = Tokens()
    with tokens.coming("c"), tokens.coming("c"):
        await tokens.expected("c", within=0.01)
        assert tokens.take("c", T0) is None
    await tokens.expected("c")
