"""Ships the target's log lines into a search server, each exactly once, whatever is restarted.

A document's id is the place of its line: file and offset. What was sent twice replaces itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

INDEX = "logs-openchat"
"""The index that everything is shipped into."""

_MOST = 2_000_000
"""Bytes of log lines a request."""
_ANSWERS_WITHIN = 60.0
_KEYWORD = {"type": "keyword"}
_INDEX = {
    "settings": {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": "250ms",  # a round comes every five seconds here
    },
    "mappings": {
        "dynamic": False,
        "properties": {
            "time": {"type": "date_nanos"},
            "ingested": {"type": "date_nanos"},
            "level": _KEYWORD,
            "type": _KEYWORD,
            "host": _KEYWORD,
            "component": _KEYWORD,
            "message": {"type": "text"},
        },
    },
}


_Block = tuple[str, int, bytes]
"""A file below the root, an offset, and the whole lines from there on."""


class ShippingError(Exception):
    """The server did not take what was sent; the message says why."""


class Shipper:
    """Ships `logs/COMPONENT/*.log*` below `root`; how far it came is kept in the file `state`."""

    def __init__(self, root: Path, state: Path, port: int) -> None:
        self._root = root
        self._state = state
        self._port = port
        self._offsets: dict[str, int] = {}
        if state.exists():
            self._offsets = json.loads(state.read_text(encoding="utf-8"))

    def prepare(self) -> None:
        """Make the index unless it is there. Raises ShippingError."""
        status, answer = self._call("PUT", f"/{INDEX}", json.dumps(_INDEX).encode())
        if status != 200 and "resource_already_exists" not in json.dumps(answer):
            raise ShippingError(f"the index could not be made: {answer}")

    def ship(self, *, history: bool = False) -> int:
        """Send every whole line that is new, and return how many; raises ShippingError.

        What is `history` did not arrive late: it was written before there was a server.
        """
        count = 0
        for blocks in self._batches():
            # Read before it is stamped: a line did not arrive before it was there.
            arrived = "" if history else datetime.now(UTC).isoformat(timespec="milliseconds")
            lines = [line for one in blocks for line in _documents(*one, arrived=arrived)]
            self._send(b"".join(lines))
            count += len(lines) // 2
            self._offsets.update({name: start + len(block) for name, start, block in blocks})
        if count:
            self._remember()
        return count

    def _batches(self) -> Iterator[list[_Block]]:
        """What is new of all files, in as few requests as may be: each costs the server a sync."""
        batch: list[_Block] = []
        size = 0
        for path in sorted(self._root.glob("logs/*/*.log*")):
            for block in self._blocks(path):
                if batch and size + len(block[2]) > _MOST:
                    yield batch
                    batch, size = [], 0
                batch.append(block)
                size += len(block[2])
        if batch:
            yield batch

    def _blocks(self, path: Path) -> Iterator[_Block]:
        name = str(path.relative_to(self._root))
        with path.open("rb") as stream:
            stream.seek(self._offsets.get(name, 0))
            while True:
                start = stream.tell()
                block = stream.read(_MOST)
                whole = block[: block.rfind(b"\n") + 1]
                if not whole:
                    return
                stream.seek(start + len(whole))
                yield name, start, whole

    def _send(self, body: bytes) -> None:
        status, answer = self._call("POST", f"/{INDEX}/_bulk", body)
        if status != 200 or answer["errors"]:
            raise ShippingError(f"log lines were not taken: {json.dumps(answer)[:300]}")

    def _remember(self) -> None:
        new = self._state.with_suffix(".new")
        new.write_text(json.dumps(self._offsets), encoding="utf-8")
        new.replace(self._state)

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_ANSWERS_WITHIN)
        try:
            connection.request(method, path, body, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError) as error:
            raise ShippingError(f"the server does not answer: {error}") from error
        finally:
            connection.close()


def _documents(name: str, start: int, block: bytes, *, arrived: str) -> list[bytes]:
    """Two lines for each document, as the bulk API wants them."""
    component = Path(name).parent.name
    lines: list[bytes] = []
    for one in block.splitlines(keepends=True):
        document = {**json.loads(one), "component": component}
        document["ingested"] = arrived or document["time"]
        lines.append(json.dumps({"index": {"_id": f"{name}:{start}"}}).encode() + b"\n")
        lines.append(json.dumps(document).encode() + b"\n")
        start += len(one)
    return lines
