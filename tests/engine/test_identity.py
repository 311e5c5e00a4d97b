"""Who an account of a chat platform is, decided by the engine alone."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.config import ReleaseFile
from bot.core.inbound import DIRECT, Inbound, Outcome
from bot.engine import identity
from tests.engine.conftest import Make
from tests.support.engines import HOME, OTHER, STARTER, T0, Outside, release_file

MINA, STRANGER = "slack:U0MINA", f"line:U{'f' * 32}"


def known_file() -> ReleaseFile:
    """release.yml with a Slack account of one person."""
    body: dict[str, Any] = release_file().model_dump(mode="json")
    body["people"][STARTER]["slack"] = "U0MINA"
    return ReleaseFile.model_validate(body)


def inbound(**fields: Any) -> Inbound:
    """A line as a platform hands it over."""
    given = {"dedupe": "d", "surface": "slack", "room": HOME, "at": T0, "text": "status"}
    return Inbound.model_validate({**given, **fields})


async def test_an_account_of_release_yml_is_its_person(make: Make) -> None:
    """What is said to the bot alone is said in that person's own room."""
    services = (await make(Outside(known_file()))).services

    there = await identity.known(services, inbound(identity=MINA))
    alone = await identity.known(services, inbound(identity=MINA, room=DIRECT))

    assert (there.person, there.room) == (STARTER, HOME)
    assert (alone.person, alone.room) == (STARTER, f"@{STARTER}")


async def test_a_stranger_is_nobody(make: Make) -> None:
    """An unknown account, and one that the platform hides, stand for no person."""
    services = (await make(Outside(known_file()))).services

    for account in (STRANGER, "", "slack:", "U0MINA"):
        found = await identity.known(services, inbound(identity=account, room=DIRECT))
        assert (found.person, found.room) == ("", DIRECT)


async def test_whom_a_session_names_is_not_looked_up(make: Make) -> None:
    """The web room knows its person by a token."""
    services = (await make(Outside(known_file()))).services

    found = await identity.known(services, inbound(person=OTHER, identity=MINA))

    assert found.person == OTHER


@pytest.mark.parametrize(
    ("surface", "room", "account"),
    [
        ("web", HOME, ""),
        ("slack", HOME, MINA),
        ("line", HOME, STRANGER),
        ("line", DIRECT, STRANGER),
    ],
)
async def test_errors_since_deploy_is_answered_everywhere(
    make: Make, surface: str, room: str, account: str
) -> None:
    """The whole message is enough, in rooms and alone, for strangers, too: it only looks."""
    bot = await make(Outside(known_file()))
    person = "" if account else OTHER
    said = {"text": "errors since deploy", "surface": surface, "identity": account}

    reply = await bot.submit(person=person, room=room, **said)

    assert reply.outcome is Outcome.ANSWERED
    assert reply.card is not None
    assert reply.card.kind == "errors"
