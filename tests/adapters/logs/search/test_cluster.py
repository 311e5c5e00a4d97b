"""Two real nodes, one of which dies: half of the documents are never taken for all of them."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core.counts import LogStoreError
from examples.openchat.search_node import Node
from tests.support import elasticsearch, opensearch
from tests.support.counting import MAPPING, counting, document, last_hour, total
from tests.support.keeper import Server
from tests.support.search_admin import Admin

pytestmark = [pytest.mark.provisioned, pytest.mark.long, pytest.mark.timeout(600)]

DOCUMENTS = 200
SETTINGS = {"number_of_shards": 4, "number_of_replicas": 0}


@dataclass(frozen=True)
class Kind:
    """How two nodes of a kind find each other."""

    node: Callable[..., Node]
    first: dict[str, str]
    second: dict[str, str]


KINDS = {
    "elasticsearch": Kind(
        elasticsearch.node,
        {"node.name": "one", "cluster.initial_master_nodes": "one"},
        {"node.name": "two", "node.roles": "[data]"},
    ),
    "opensearch": Kind(
        # The runner calls every first node of a process so.
        opensearch.node,
        {"cluster.initial_cluster_manager_nodes": "Node 1"},
        {},
    ),
}


@pytest.fixture(params=list(KINDS))
def cluster(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Node]]:
    """A server that answers, and the other node of its cluster."""
    kind = KINDS[request.param]
    with tempfile.TemporaryDirectory(prefix="release-two-nodes-") as name:
        places = [Path(name) / "one", Path(name) / "two"]
        Path(name).chmod(0o755)
        for place in places:
            place.mkdir()
        first = kind.node(places[0], kind.first, heap=256)
        second: Node | None = None
        try:
            port = first.start()
            seeds = {"discovery.seed_hosts": f'["127.0.0.1:{first.transport_port}"]'}
            second = kind.node(places[1], {**kind.second, **seeds}, heap=256)
            second.start()
            yield Server(f"http://127.0.0.1:{port}", "", {}, kind=request.param), second
        finally:
            for one in (first, second):
                if one is not None:
                    one.kill()


def partial(server: Server, index: str) -> dict[str, Any]:
    """What a search answers that is content with a part."""
    with urllib.request.urlopen(  # noqa: S310 - the own server of this test
        f"{server.url}/{index}/_search?size=0", timeout=60
    ) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def make(server: Server) -> list[str]:
    """An index spread over both nodes, and a data stream where the server has them."""
    admin = Admin(server)
    admin.make("logs-two", MAPPING, **SETTINGS)
    names = ["logs-two"]
    if server.kind == "opensearch":
        admin.make_stream("stream-two", MAPPING, **SETTINGS)
        names.append("stream-two")
    for name in names:
        admin.call("GET", f"/_cluster/health/{name}?wait_for_status=green&timeout=60s")
        admin.write(name, [document() for _ in range(DOCUMENTS)])
    return names


@pytest.mark.scenario(59)
async def test_half_a_cluster_is_no_answer(cluster: tuple[Server, Node]) -> None:
    """The server itself would answer 200 with about half of the documents."""
    server, second = cluster
    names = make(server)
    stores = {name: counting(server, index=name, timeout="60s") for name in names}
    try:
        for store in stores.values():
            assert total(await store.count(last_hour())) == DOCUMENTS
        second.kill()
        for name, store in stores.items():
            with pytest.raises(LogStoreError, match=f"a part of {name} does not answer"):
                await store.count(last_hour())
    finally:
        for store in stores.values():
            await store.close()
    for name in names:
        found = partial(server, name)
        # Once OpenSearch knows that the node is gone, it calls no shard failed any more.
        assert found["_shards"]["total"] - found["_shards"]["successful"] == 2
        assert 0 < found["hits"]["total"]["value"] < DOCUMENTS
