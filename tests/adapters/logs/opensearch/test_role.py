"""The role that the documentation recommends suffices: nothing else is asked of the server.

The server of the tests has no security plugin, so what is asked is compared with what the role
allows, instead of being refused.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.support.counting import MAPPING, count, counting, document, last_hour
from tests.support.fault_proxy import FaultProxy
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER, Admin
from tests.support.source import ROOT

pytestmark = [*STARTS_A_SERVER]

READ = ("indices:data/read*", "indices:admin/mappings/fields/get*", "indices:admin/resolve/index")
"""What the security plugin's own action group `read` allows (its static_action_groups.yml)."""
ACTIONS = {
    r"GET /_resolve/index/[^/]+": "indices:admin/resolve/index",
    r"GET /[^/]+/_field_caps": "indices:data/read/field_caps",
    r"POST /[^/]+/_search/point_in_time": "indices:data/read/point_in_time/create",
    r"DELETE /_search/point_in_time": "indices:data/read/point_in_time/delete",
    r"POST /_search": "indices:data/read/search",
}
"""What is asked -> the action that the plugin looks for in the role."""


@pytest.fixture(scope="module")
def server(opensearch_server: Server) -> Server:
    """OpenSearch alone."""
    return opensearch_server


def role() -> dict[str, Any]:
    """The role as docs/opensearch.md has it."""
    page = Path(ROOT / "docs/opensearch.md").read_text(encoding="utf-8")
    [found] = re.findall(r"PUT /_plugins/_security/api/roles/\S+\n(.*?)```", page, re.DOTALL)
    said: dict[str, Any] = json.loads(found)
    return said


def allowed() -> set[str]:
    """The actions that the role allows, as patterns."""
    said = role()
    granted = {action for one in said["index_permissions"] for action in one["allowed_actions"]}
    granted |= set(said["cluster_permissions"])
    return granted - {"read"} | (set(READ) if "read" in granted else set())


def actions(proxy: FaultProxy) -> set[str]:
    """What the role must allow for all that was asked."""
    needed: set[str] = set()
    for asked in proxy.requests:
        fits = [action for form, action in ACTIONS.items() if re.fullmatch(form, asked)]
        assert len(fits) == 1, f"nobody knows what {asked} needs"
        needed |= set(fits)
    return needed


@pytest.mark.parametrize("source", ["field", "message"])
async def test_counting_asks_for_nothing_that_the_role_does_not_allow(
    server: Server, proxied: tuple[Server, FaultProxy], source: str
) -> None:
    """Types and minutes, samples and life, by group, of an index and of a pattern."""
    faulty, proxy = proxied
    admin = Admin(server)
    admin.make(f"logs-role-{source}", MAPPING | {"labels.track": {"type": "keyword"}})
    admin.write(f"logs-role-{source}", [document(**{"labels.track": "canary"})])
    for index in (f"logs-role-{source}", f"logs-role-{source[:3]}*"):
        for more in ({}, {"bucket": timedelta(minutes=1), "alive": True}, {"group": "canary"}):
            request = last_hour(samples=True).model_copy(update=more)
            store = counting(
                faulty, index=index, fields={"group": "labels.track"}, error_type_from=source
            )
            await count(store, request)

    needed = actions(proxy)
    assert needed == set(ACTIONS.values()), "each of them is asked, so each is needed"
    granted = allowed()
    assert {a for a in needed if not any(fnmatch(a, one) for one in granted)} == set()


def test_the_role_may_not_do_anything_but_read() -> None:
    """Neither write, nor manage, nor look at the cluster."""
    forbidden = ("indices:data/write/index", "indices:admin/delete", "cluster:monitor/main")
    assert role()["cluster_permissions"] == []
    assert not [a for a in forbidden if any(fnmatch(a, one) for one in allowed())]
