"""The fields that say who wrote a document and how much was served, on real servers."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from bot.core.counts import CountRequest
from tests.support.counting import (
    KEYWORD,
    MAPPING,
    count,
    counting,
    document,
    keys,
    last_hour,
    refusal,
    total,
)
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER, Admin

pytestmark = [*STARTS_A_SERVER]

FIELDS = {"group": "labels.track", "exposure": "requests"}


@pytest.fixture(scope="module")
def index(server: Server) -> str:
    """One pod of the canary and two others, which wrote errors and how much they served."""
    admin, name = Admin(server), f"logs-{uuid4().hex}"
    admin.make(name, {**MAPPING, "labels.track": KEYWORD, "requests": {"type": "double"}})
    written = [("pod-1", "canary", 10), ("pod-2", "stable", 20), ("pod-3", "stable", 0.5)]
    admin.write(
        name,
        [
            document(**{"host.name": host, "labels.track": track, "requests": served})
            for host, track, served in [*written, *written]
        ],
    )
    admin.write(name, [document(**{"host.name": "pod-4", "labels.track": "stable"})])
    return name


def minutes(group: str = "") -> CountRequest:
    """The last hour by the minute, with the hosts that were alive."""
    changed = {"group": group, "bucket": timedelta(minutes=1), "alive": True}
    return last_hour().model_copy(update=changed)


async def test_one_release_group_is_counted_alone(server: Server, index: str) -> None:
    """By the name that its documents give, whatever their hosts are called."""
    store = counting(server, index=index, fields=FIELDS)
    try:
        for group, number in (("canary", 2), ("stable", 5), ("", 7)):
            assert total(await store.count(minutes(group))) == number
        nobody = await store.count(minutes("canaries"))
    finally:
        await store.close()
    assert (total(nobody), keys(nobody)) == (0, ["gap.no_documents"])


async def test_what_was_served_is_added_up_by_host(server: Server, index: str) -> None:
    """In whole numbers, rounded up; a host that served nothing has none."""
    counts = await count(counting(server, index=index, fields=FIELDS), minutes())
    served: dict[str, int] = {}
    for one in counts.windows[-1].alive:
        served[one.host] = served.get(one.host, 0) + one.exposure
    assert (served["pod-1"], served["pod-2"], served["pod-4"]) == (20, 40, 0)
    # Both of its halves may be in one minute, or in two.
    assert served["pod-3"] in {1, 2}


async def test_without_the_fields_a_group_is_refused_and_a_living_host_is_one(
    server: Server, index: str
) -> None:
    """Nothing is counted as if it were of the group."""
    counts = await count(counting(server, index=index), minutes())
    assert {one.exposure for one in counts.windows[-1].alive} == {1}
    request = minutes("canary")
    assert "name `fields.group`" in await refusal(counting(server, index=index), request)


async def test_fields_that_cannot_be_used_are_refused(server: Server, index: str) -> None:
    """A group is a keyword, what was served a number; both must be mapped."""
    for fields, said in (
        ({"group": "message"}, "the field message is text"),
        ({"group": "track"}, "no index maps the field track"),
        ({"exposure": "host.name"}, "the field host.name is keyword, not a number"),
        ({"exposure": "served"}, "no index maps the field served: check `fields.exposure`"),
    ):
        assert said in await refusal(counting(server, index=index, fields=fields))


async def test_without_a_host_field_no_message_is_shown_for_some_hosts(
    server: Server, index: str
) -> None:
    """Whose it was nobody can tell; asked for all hosts, it is shown."""
    request = last_hour(samples=True)
    some = request.model_copy(update={"sample_hosts": ("pod-1",)})
    nameless = {"host": ""}
    every = await count(counting(server, index=index, fields=nameless), request)
    none = await count(counting(server, index=index, fields=nameless), some)

    assert [one.error_type for one in every.windows[-1].samples] == ["Timeout"]
    assert none.windows[-1].samples == ()
