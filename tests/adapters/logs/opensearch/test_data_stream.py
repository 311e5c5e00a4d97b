"""Data streams on a real server: all of their indices are counted, and closed ones are told."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.support.counting import MAPPING, count, counting, document, keys, total
from tests.support.keeper import Server
from tests.support.search_admin import STARTS_A_SERVER, Admin

pytestmark = [*STARTS_A_SERVER]


@pytest.fixture
def stream(opensearch_server: Server) -> str:
    """A data stream of two indices, with one error of this moment in each."""
    admin, name = Admin(opensearch_server), f"stream-{uuid4().hex}"
    admin.make_stream(name, MAPPING)
    admin.write(name, [document()])
    admin.call("POST", f"/{name}/_rollover")
    admin.write(name, [document()])
    return name


@pytest.mark.scenario(61)
async def test_a_data_stream_is_counted_whole(opensearch_server: Server, stream: str) -> None:
    """By its name and by a pattern; an index of it that is closed is told, and the rest counted."""
    for index in (stream, f"{stream[:-2]}*"):
        counts = await count(counting(opensearch_server, index=index))
        assert (total(counts), keys(counts)) == (2, [])
    first = f".ds-{stream}-000001"
    Admin(opensearch_server).call("POST", f"/{first}/_close")
    for index in (stream, f"{stream[:-2]}*"):
        counts = await count(counting(opensearch_server, index=index))
        assert total(counts) == 1
        assert [gap.params for gap in counts.gaps] == [{"index": first}]


async def test_an_index_of_a_data_stream_may_lack_a_field(
    opensearch_server: Server, stream: str
) -> None:
    """After a change of its template a field is a gap only where documents need it."""
    admin = Admin(opensearch_server)
    lesser = {name: kind for name, kind in MAPPING.items() if name != "error.type"}
    template = {"mappings": {"dynamic": False, "properties": lesser}}
    body = {"index_patterns": [stream], "data_stream": {}, "template": template}
    admin.call("PUT", f"/_index_template/{stream}", body)
    admin.call("POST", f"/{stream}/_rollover")
    counts = await count(counting(opensearch_server, index=stream))
    assert (total(counts), keys(counts)) == (2, [])
    admin.write(stream, [document()])
    counts = await count(counting(opensearch_server, index=stream))
    assert total(counts) == 3
    assert [gap.params for gap in counts.gaps] == [
        {"field": "error.type", "index": f".ds-{stream}-000003", "documents": 1}
    ]
