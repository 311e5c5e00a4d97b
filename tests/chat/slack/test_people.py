"""Who somebody on Slack is: by immutable ids, asked afresh for decisions, failing closed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat.slack.api import LaterError, SlackError
from bot.chat.slack.people import People, StrangerError, UnknownError
from tests.support.second_slack import USERS
from tests.support.slack_bots import by_mail, release_yml
from tests.support.slack_stub import StubApi, stub_workspace


def _people(api: StubApi, **ren: Any) -> People:
    def file() -> dict[str, Any]:
        made = by_mail(release_yml())
        made["people"]["ren"] |= ren
        return made

    return People(stub_workspace(api, file=file))


def _profile(**fields: Any) -> dict[str, Any]:
    return {"user": {"id": USERS["ren"], "profile": {"email": "REN@example.com"}} | fields}


async def test_people_are_known_by_id_or_mail() -> None:
    """An id in release.yml, else the address that Slack has; anybody else may only look."""
    api = StubApi()
    api.answers["users.info"] = _profile()
    people = _people(api)

    assert await people.person(USERS["ren"], "T1", fresh=True) == "ren"
    api.answers["users.info"] = {"user": {"id": USERS["kai"]}}
    assert await people.person(USERS["kai"], "T1", fresh=True) == "kai"
    api.answers["users.info"] = {"user": {"id": "U9", "name": "ren", "real_name": "Ren"}}
    assert await people.person("U9", "T1", fresh=True) == ""


@pytest.mark.scenario(19)
@pytest.mark.parametrize(
    "mark",
    [
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"is_bot": True},
        {"deleted": True},
        {"team_id": "T2"},
    ],
)
async def test_strangers_are_nobody(mark: dict[str, Any]) -> None:
    """Guests, other workspaces, bots and closed accounts are refused, whatever release.yml says."""
    api = StubApi()
    api.answers["users.info"] = _profile(**mark)

    with pytest.raises(StrangerError):
        await _people(api).person(USERS["kai"], "T1", fresh=True)


async def test_another_workspace_is_not_even_looked_up() -> None:
    """The delivery says which workspace somebody is of."""
    api = StubApi()

    with pytest.raises(StrangerError):
        await _people(api).person(USERS["kai"], "T2", fresh=True)
    assert api.calls == []


@pytest.mark.scenario(16)
async def test_a_group_is_looked_up_for_each_decision() -> None:
    """Membership ends with the next decision, and within a minute for looking."""
    api = StubApi()
    api.answers["users.info"] = _profile()
    api.answers["usergroups.users.list"] = {"users": [USERS["ren"]]}
    people = _people(api, slack_group="S01")

    assert await people.person(USERS["ren"], "T1", fresh=True) == "ren"
    api.answers["usergroups.users.list"] = {"users": []}
    assert await people.person(USERS["ren"], "T1", fresh=False) == "ren"
    assert await people.person(USERS["ren"], "T1", fresh=True) == ""


@pytest.mark.scenario(17)
@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_a_failed_lookup_decides_nothing(method: str) -> None:
    """Decisions fail closed; whoever was known a moment ago may still pause and abort."""
    api = StubApi()
    api.answers["users.info"] = _profile()
    api.answers["usergroups.users.list"] = {"users": [USERS["ren"]]}
    people = _people(api, slack_group="S01")
    error = LaterError(method, "status 500", 1)
    api.fail(method, error)
    with pytest.raises(UnknownError):
        await people.person(USERS["ren"], "T1", fresh=False)

    assert await people.person(USERS["ren"], "T1", fresh=True) == "ren"
    api.fail(method, error)
    with pytest.raises(UnknownError):
        await people.person(USERS["ren"], "T1", fresh=True)
    assert await people.person(USERS["ren"], "T1", fresh=False) == "ren"


async def test_people_are_mentioned_by_their_ids() -> None:
    """By the id in release.yml, else by the one behind the address; whoever has none is not."""
    api = StubApi()
    api.answers["users.lookupByEmail"] = {"user": {"id": USERS["ren"]}}
    api.fail("users.lookupByEmail", SlackError("users.lookupByEmail", "users_not_found"))
    people = _people(api)

    found = await people.ids(("mika", "ren", "kai", "nobody"))
    again = await people.ids(("ren",))

    assert found == (USERS["ren"], USERS["kai"])
    assert again == (USERS["ren"],)
    assert len(api.made("users.lookupByEmail")) == 2
