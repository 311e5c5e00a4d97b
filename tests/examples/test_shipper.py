"""The shipper of the try-out: each line once, whatever is restarted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from examples.openchat.shipper import Shipper, ShippingError


class Fake(Shipper):
    """Keeps what it would send; the server is down while `down`."""

    def __init__(self, root: Path, state: Path) -> None:
        super().__init__(root, state, 0)
        self.sent: list[dict[str, Any]] = []
        self.requests = 0
        self.down = False

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if self.down:
            raise ShippingError("the server does not answer")
        self.requests += 1
        self.sent += [json.loads(one) for one in body.splitlines()]
        return 200, {"errors": False}

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """What the index would hold: id -> document."""
        pairs = zip(self.sent[::2], self.sent[1::2], strict=True)
        return {action["index"]["_id"]: document for action, document in pairs}


def write(root: Path, *numbers: int, rest: str = "", name: str = "chat-1") -> None:
    """Append a line for each number to a host's log."""
    path = root / f"logs/{name.partition('-')[0]}/{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        for number in numbers:
            log.write(json.dumps({"time": "2026-01-01T00:00:00Z", "number": number}) + "\n")
        log.write(rest)


def numbers(shipper: Fake) -> list[int]:
    """The lines that the index would hold."""
    return sorted(one["number"] for one in shipper.documents.values())


def test_only_whole_new_lines_are_shipped(tmp_path: Path) -> None:
    """A line that is half written waits for its end; nothing is sent twice."""
    shipper = Fake(tmp_path, tmp_path / "state")
    write(tmp_path, 1, 2, rest='{"time": "2026')
    assert [shipper.ship(), shipper.ship()] == [2, 0]
    write(tmp_path, rest='-01-01T00:00:00Z", "number": 3}\n')
    assert shipper.ship() == 1
    assert numbers(shipper) == [1, 2, 3]
    assert {one["component"] for one in shipper.documents.values()} == {"chat"}


def test_a_new_shipper_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    """How far it came survives a restart; without that file the same ids come again."""
    first = Fake(tmp_path, tmp_path / "state")
    write(tmp_path, 1, 2)
    first.ship()
    write(tmp_path, 3)
    second = Fake(tmp_path, tmp_path / "state")
    assert second.ship() == 1
    assert numbers(second) == [3]
    third = Fake(tmp_path, tmp_path / "lost")
    third.ship()
    assert set(third.documents) == {*first.documents, *second.documents}


def test_what_the_server_did_not_take_is_sent_again(tmp_path: Path) -> None:
    """An offset moves only behind what was taken."""
    shipper = Fake(tmp_path, tmp_path / "state")
    write(tmp_path, 1)
    shipper.down = True
    with pytest.raises(ShippingError):
        shipper.ship()
    shipper.down = False
    assert shipper.ship() == 1
    assert numbers(shipper) == [1]


def test_what_is_new_of_all_files_is_one_request(tmp_path: Path) -> None:
    """Each request costs the server a sync: on a busy machine 21 of them are late."""
    shipper = Fake(tmp_path, tmp_path / "state")
    for name in ("chat-1", "chat-2", "auth-1"):
        write(tmp_path, 1, 2, name=name)
    assert shipper.ship() == 6
    assert shipper.requests == 1
    components = [one["component"] for one in shipper.documents.values()]
    assert components == ["auth"] * 2 + ["chat"] * 4


def test_more_than_a_request_may_hold_is_sent_in_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the size, each line is in one of them, and each is below the limit."""
    monkeypatch.setattr("examples.openchat.shipper._MOST", 120)
    shipper = Fake(tmp_path, tmp_path / "state")
    for name in ("chat-1", "chat-2", "chat-3"):
        write(tmp_path, 1, 2, 3, name=name)
    assert shipper.ship() == 9
    assert shipper.requests == 6
    assert len(shipper.documents) == 9


def test_history_did_not_arrive_late(tmp_path: Path) -> None:
    """What was written before there was a server says nothing about its delay."""
    shipper = Fake(tmp_path, tmp_path / "state")
    write(tmp_path, 1)
    shipper.ship(history=True)
    write(tmp_path, 2)
    shipper.ship()
    old, new = shipper.documents.values()
    assert old["ingested"] == old["time"]
    assert new["ingested"] > new["time"]
