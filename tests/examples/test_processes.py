"""The example's processes: none outlives its parent, and a new API goes on where one ended."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from examples.openchat.faults import VERSIONS
from examples.openchat.topology import RUNS_AT_FIRST
from tests.examples.target import Target, children, gone, wait_for

pytestmark = pytest.mark.crash

NEWEST = next(iter(VERSIONS))


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGKILL]
)
def test_no_component_outlives_the_api(tmp_path: Path, number: signal.Signals) -> None:
    """However the API ends, its 21 processes end with it."""
    target = Target(tmp_path)
    components = children(target.process.pid)
    target.end(number)

    assert len(components) == 21
    wait_for(lambda: gone(components), 5.0)


def test_the_api_ends_when_its_parent_lets_go(tmp_path: Path) -> None:
    """On every system: the end of its input is the end of its parent."""
    target = Target(tmp_path)
    components = children(target.process.pid)
    assert target.process.stdin is not None
    target.process.stdin.close()

    assert target.process.wait(timeout=10) == 0
    assert gone(components)
    target.end()


def test_a_killed_api_goes_on_where_it_was(tmp_path: Path) -> None:
    """History, versions and keys are kept; a task that was under way has failed and says so."""
    first = Target(tmp_path)
    first.release("chat", NEWEST, group="canary")
    history = {path: path.read_bytes() for path in tmp_path.glob("logs/*/*.log.*")}
    under_way = first.start("auth", "restart", group="all")
    first.end(signal.SIGKILL)

    again = Target(tmp_path)
    try:
        body = {"group": "all", "hosts": [], "key": under_way["key"]}
        _, repeated = again.call("POST", "/components/auth/restart", body)
        assert again.running("chat") == {
            "chat-1": NEWEST,
            "chat-2": RUNS_AT_FIRST,
            "chat-3": RUNS_AT_FIRST,
        }
    finally:
        again.end()

    assert history == {path: path.read_bytes() for path in history}
    assert len(history) == 42
    assert again.port == first.port
    assert (repeated["id"], repeated["status"]) == (under_way["id"], "failed")
    assert "meanwhile" in repeated["detail"]
