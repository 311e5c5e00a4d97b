"""How far each log file was read, and which file is which after a rotation.

A file is the same file when its content is: its inode says where to look first, its content
decides. So a file that was renamed, copied and truncated, or packed is read on, never again.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from adapters.logs.files.deadline import Deadline

CHUNK = 4 * 1024 * 1024
"""Bytes read at once; a line longer than this is read as several unreadable ones."""
_EDGE = 1024
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Found:
    """A log file as it was listed."""

    path: Path
    name: str
    """The path as people know it: below the base where it is below it."""
    inode: tuple[int, int]
    size: int
    changed: int
    """When it was changed last, in nanoseconds since the epoch."""

    @property
    def packed(self) -> bool:
        """Whether it is a .gz file."""
        return self.path.suffix == ".gz"

    @property
    def version(self) -> tuple[tuple[int, int], int, int]:
        """Equal for two listings between which the file was at most renamed."""
        return self.inode, self.size, self.changed

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open its unpacked content. Raises OSError, also when the path now names another file."""
        with self.path.open("rb") as raw:
            status = os.fstat(raw.fileno())
            if (status.st_dev, status.st_ino) != self.inode:
                raise OSError("moved while it was looked at")
            if self.packed:
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield cast("BinaryIO", unpacked)
            else:
                yield raw


@dataclass
class Tail:
    """How far one file was read. Offsets count unpacked bytes."""

    number: int
    """Names the file in the tables, for ever."""
    found: Found
    """Where it was seen last."""
    offset: int = 0
    last: int | None = None
    """The time of the last readable line, in microseconds since the epoch."""
    whole: bool = False
    """A .gz file was read to its end; it never grows."""
    _head: bytes = b""
    _end: bytes = b""
    _digest: hashlib.blake2b = field(default_factory=hashlib.blake2b)

    def advance(self, block: bytes) -> None:
        """Remember that these bytes were read and counted."""
        self.offset += len(block)
        self._head += block[: _EDGE - len(self._head)]
        self._end = (self._end + block[-_EDGE:])[-_EDGE:]
        self._digest.update(block)

    def moved_to(self, found: Found) -> Tail:
        """Remember where the file is now, and return the tail."""
        self.whole = self.whole and found.version == self.found.version
        self.found = found
        return self

    def goes_on_in(self, found: Found) -> bool:
        """Tell whether the file of the same inode still begins with what was read of it."""
        if found.packed:
            return self.found.packed and found.version == self.found.version
        if self.found.packed or found.size < self.offset:
            return False
        with found.opened() as stream:
            if stream.read(len(self._head)) != self._head:
                return False
            stream.seek(self.offset - len(self._end))
            return stream.read(len(self._end)) == self._end

    def is_prefix_of(self, found: Found, deadline: Deadline) -> bool:
        """Tell whether another file begins with everything that was read of this one.

        Raises OSError, EOFError or zlib.error when the file cannot be read.
        """
        if not found.packed and found.size < self.offset:
            return False
        with found.opened() as stream:
            if stream.read(len(self._head)) != self._head:
                return False
            digest = hashlib.blake2b(self._head)
            left = self.offset - len(self._head)
            while left and (block := stream.read(min(left, _BLOCK))):
                deadline.check()
                digest.update(block)
                left -= len(block)
            return not left and digest.digest() == self._digest.digest()


def complete_lines(stream: BinaryIO, *, to_the_end: bool) -> Iterator[bytes]:
    """Cut the rest of a stream into blocks of whole lines.

    A last line without newline is left for the next look, unless `to_the_end`.
    """
    rest = b""
    while block := stream.read(CHUNK):
        block = rest + block
        cut = block.rfind(b"\n") + 1
        if not cut and len(block) >= CHUNK:
            cut = len(block)
        if cut:
            yield block[:cut]
        rest = block[cut:]
    if rest and to_the_end:
        yield rest


def is_copy(one: Found, original: Found, deadline: Deadline) -> bool:
    """Tell whether an unpacked file is the beginning of another, by at least one whole line."""
    if one.size > original.size:
        return False
    lines = False
    with one.opened() as first, original.opened() as second:
        while block := first.read(_BLOCK):
            deadline.check()
            if block != second.read(len(block)):
                return False
            lines = lines or b"\n" in block
    return lines
