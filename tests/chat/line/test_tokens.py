"""Reply tokens: the newest one, once, while it lives."""

from __future__ import annotations

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
