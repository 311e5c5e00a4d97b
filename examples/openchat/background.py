"""What healthy instances write: a few known warnings and errors, each at its steady pace.

History and live instances take their moments from the same streams, so that what is written now
continues what was "written" before the start.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache

from .topology import HOSTS_EACH, Place

TEN_DAYS = 864_000.0
"""The baseline of a check, in seconds before `time_scale` divides them."""

SEED = 2020
"""Changes which moments and numbers are drawn; the same seed gives the same bytes."""


@dataclass(frozen=True, eq=False)  # a kind is itself, and quickly found by that
class Kind:
    """One kind of line: how often all hosts of a component together write it."""

    name: str
    level: str
    every: float
    """Seconds from one to the next, before `time_scale` divides them."""
    logger: str
    message: str
    """`{n}` is a number that differs from line to line."""
    jitter: float = 0.9
    """How irregular it is: 0 like a clock, below 1."""


REQUEST = Kind("RequestServed", "INFO", 60.0, "access", "GET /work 200 in {n} ms", jitter=0.5)
"""Written for each request; live instances write it when they are asked, not by a stream."""

HEARTBEAT = Kind("Alive", "INFO", 18.0, "health", "{n} requests under way", jitter=0.0)
"""Each host writes it more than once a minute, so that a minute without a line means something."""

CLOCKWORK = Kind(
    "StorageTimeout",
    "ERROR",
    TEN_DAYS / 50,
    "storage",
    "no answer from shard {n} within 3000 ms",
    jitter=0.0,
)
"""Like a clock: any ten days hold exactly 50 of it."""

SLOW = Kind("UpstreamSlow", "WARN", 30.0, "http.client", "upstream took {n} ms, the limit is 800")

KNOWN = (
    SLOW,
    Kind("SlowQuery", "WARN", 1200.0, "database", "query took {n} ms"),
    Kind("ClientGone", "ERROR", 3600.0, "http.server", "client {n} closed the connection"),
    CLOCKWORK,
    Kind("RetriesExhausted", "ERROR", 36000.0, "queue", "gave up on job {n} after 5 attempts"),
)
"""The errors and warnings of a healthy instance: between 24 and 28,800 lines in ten days."""

STEADY = (HEARTBEAT, *KNOWN)
"""Everything that a healthy instance writes by itself."""

Moments = Iterator[tuple[float, str]]
"""(seconds since the epoch, name of the kind), rising."""


def moments(
    kind: Kind, place: Place, *, since: float, time_scale: float, seed: int = SEED
) -> Moments:
    """When this host writes this kind, without end, from `since` (seconds since the epoch) on."""
    every = kind.every / time_scale
    # A checksum draws the same numbers everywhere and takes no time to load.
    own = zlib.crc32(f"{seed} {place.component} {kind.name}".encode())
    phase = own / 2**32
    turn = math.floor(since / every - phase) - 1
    turn += (place.index - turn) % HOSTS_EACH
    while True:
        late = kind.jitter * zlib.crc32(b"%d" % turn, own) / 2**32
        at = (turn + phase + late) * every
        if at >= since:
            yield at, kind.name
        turn += HOSTS_EACH


def faster(kind: Kind, factor: float) -> Kind:
    """The same kind, more often."""
    return replace(kind, every=kind.every / factor)


def line(kind: Kind, host: str, at: float) -> bytes:
    """One line of a log file: a JSON object, its time in UTC with microseconds."""
    whole = math.floor(at)
    moment = f"{_second(whole)}.{int((at - whole) * 1e6):06d}Z"
    number = 1 + zlib.crc32(moment.encode()) % 900
    start, middle, end = _template(kind, host)
    return f"{start}{moment}{middle}{number}{end}\n".encode()


@lru_cache(maxsize=20_000)
def _second(whole: int) -> str:
    # The hosts of a history write in the same seconds.
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@cache
def _template(kind: Kind, host: str) -> list[str]:
    document = {
        "time": "{n}",
        "level": kind.level,
        "type": kind.name,
        "message": kind.message,
        "host": host,
        "logger": kind.logger,
    }
    return json.dumps(document, separators=(",", ":")).split("{n}")
