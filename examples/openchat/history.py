"""Writes what the target's instances would have logged in the ten days before the try-out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from .background import REQUEST, SEED, STEADY, TEN_DAYS, line, moments
from .topology import COMPONENTS, Place, places

_KINDS = {kind.name: kind for kind in (REQUEST, *STEADY)}
_FILES = 2
"""Each host's history is this many rotated files: `.log.1` is the newest."""


def log_file(root: Path, place: Place) -> Path:
    """The file that a live instance appends to."""
    return root / "logs" / place.component / f"{place.host}.log"


def written(root: Path) -> bool:
    """Whether there is history already; it is never written over."""
    return all(_rotated(root, place, 1).exists() for name in COMPONENTS for place in places(name))


def write(
    root: Path,
    *,
    end: float,
    time_scale: float,
    seed: int = SEED,
    components: Iterable[str] = COMPONENTS,
) -> None:
    """Write ten days, divided by `time_scale`, up to `end` (seconds since the epoch).

    The same `end`, scale and seed give the same bytes.
    """
    for name in components:
        for place in places(name):
            _write_host(root, place, end=end, time_scale=time_scale, seed=seed)


def _write_host(root: Path, place: Place, *, end: float, time_scale: float, seed: int) -> None:
    since = end - TEN_DAYS / time_scale
    found: list[tuple[float, str]] = []
    for kind in _KINDS.values():
        stream = moments(kind, place, since=since, time_scale=time_scale, seed=seed)
        found += takewhile(lambda one: one[0] < end, stream)
    lines = [line(_KINDS[name], place.host, at) for at, name in sorted(found)]
    log_file(root, place).parent.mkdir(parents=True, exist_ok=True)
    size = -(-len(lines) // _FILES)
    for number in range(_FILES):
        part = b"".join(lines[number * size : (number + 1) * size])
        _rotated(root, place, _FILES - number).write_bytes(part)


def _rotated(root: Path, place: Place, number: int) -> Path:
    live = log_file(root, place)
    return live.with_name(f"{live.name}.{number}")
