"""Two real nodes, one of which dies: half of the documents are never taken for all of them."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.counts import CountRequest, LogStoreError, Window
from examples.openchat.search_node import Node
from tests.support.counting import MAPPING, counting, now
from tests.support.elasticsearch import node
from tests.support.keeper import Server
from tests.support.search_admin import Admin

pytestmark = [pytest.mark.provisioned, pytest.mark.long, pytest.mark.timeout(600)]

DOCUMENTS = 200


@pytest.fixture
def cluster() -> Iterator[tuple[Server, Node]]:
    """A server that answers, and the other node of its cluster."""
    with tempfile.TemporaryDirectory(prefix="release-es-two-") as name:
        places = [Path(name) / "one", Path(name) / "two"]
        Path(name).chmod(0o755)
        for place in places:
            place.mkdir()
        both = {"node.name": "one", "cluster.initial_master_nodes": "one"}
        first = node(places[0], both, heap=256)
        second: Node | None = None
        try:
            port = first.start()
            seeds = f'["127.0.0.1:{first.transport_port}"]'
            told = {"node.name": "two", "node.roles": "[data]", "discovery.seed_hosts": seeds}
            second = node(places[1], told, heap=256)
            second.start()
            yield Server(f"http://127.0.0.1:{port}", "", {}), second
        finally:
            for one in (first, second):
                if one is not None:
                    one.kill()


def partial(server: Server) -> dict[str, dict[str, int]]:
    """What a search answers that is content with a part."""
    with urllib.request.urlopen(  # noqa: S310 - the own server of this test
        f"{server.url}/logs-two/_search?size=0", timeout=60
    ) as answer:
        found: dict[str, dict[str, int]] = json.load(answer)
        return found


@pytest.mark.scenario(59)
async def test_half_a_cluster_is_no_answer(cluster: tuple[Server, Node]) -> None:
    """The server itself would answer 200 with about half of the documents."""
    server, second = cluster
    admin = Admin(server)
    settings = {"number_of_shards": 4, "number_of_replicas": 0}
    admin.make("logs-two", MAPPING, **settings)
    admin.call("GET", "/_cluster/health/logs-two?wait_for_status=green&timeout=60s")
    end = now() + timedelta(minutes=1)
    one = {"@timestamp": now().isoformat(), "log.level": "ERROR", "service.name": "chat"}
    admin.write("logs-two", [one for _ in range(DOCUMENTS)])
    window = Window(start=end - timedelta(hours=1), end=end)
    request = CountRequest(component="chat", windows=(window,))
    store = counting(server, index="logs-two", timeout="60s")
    try:
        counts = await store.count(request)
        assert sum(row.count for row in counts.windows[0].types) == DOCUMENTS
        second.kill()
        with pytest.raises(LogStoreError, match="a part of logs-two does not answer"):
            await store.count(request)
    finally:
        await store.close()
    found = partial(server)
    assert found["_shards"]["failed"] == 2
    assert 0 < found["hits"]["total"]["value"] < DOCUMENTS  # type: ignore[index]
