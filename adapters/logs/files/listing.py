"""Which log files there are, and which of them continue a file that was read before."""

from __future__ import annotations

import glob
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from adapters.logs.files.deadline import Deadline
from adapters.logs.files.tail import Found, Tail, is_copy

READ_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a file that is protected, damaged or being moved raises."""

_ROTATED = re.compile(r"(?:[._-](?:\d[\d.:T_-]*|gz|bak|old))+$")


def list_files(
    patterns: Iterable[str], component: str, base: Path
) -> tuple[list[Found], tuple[str, ...]]:
    """List each regular file once, and the patterns that find none.

    A .gz file beside its unpacked original is left out: it is a copy, perhaps half-written.
    """
    found: dict[tuple[int, int], Found] = {}
    missing: list[str] = []
    for pattern in patterns:
        filled = pattern.replace("{component}", glob.escape(component))
        matched = list(_matches(filled, base))
        found.update({one.inode: one for one in matched if one.inode not in found})
        if not matched:
            missing.append(filled)
    names = {one.path for one in found.values()}
    listed = [
        one for one in found.values() if not (one.packed and one.path.with_suffix("") in names)
    ]
    return sorted(listed, key=lambda one: one.name), tuple(missing)


def _matches(pattern: str, base: Path) -> Iterable[Found]:
    for name in sorted(glob.glob(pattern, root_dir=base, recursive=True)):  # noqa: PTH207  # takes absolute patterns too
        path = base / name
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode):
            inode = (status.st_dev, status.st_ino)
            yield Found(path, name, inode, status.st_size, status.st_mtime_ns)


class Matching:
    """Finds for each listed file the tail that it continues; what cannot be read is in `failed`."""

    def __init__(self, tails: Sequence[Tail], listed: Sequence[Found], deadline: Deadline) -> None:
        self.failed: list[tuple[Found, Exception]] = []
        self._tails = tails
        self._left = list(listed)
        self._deadline = deadline

    def pair(self) -> tuple[list[tuple[Found, Tail]], list[Found]]:
        """Pair files with their tails, and name the files that are new."""
        in_place = {tail.found.inode: tail for tail in self._tails}
        pairs = self._pairs_with(
            lambda one: [in_place[one.inode]] if one.inode in in_place else [],
            lambda one, tail: tail.goes_on_in(one),
        )
        taken = {tail.number for _, tail in pairs}
        orphans = [tail for tail in self._tails if tail.offset and tail.number not in taken]
        pairs += self._pairs_with(
            lambda _: orphans, lambda one, tail: tail.is_prefix_of(one, self._deadline)
        )
        return pairs, self._fresh([one for one, _ in pairs])

    def _pairs_with(
        self,
        candidates: Callable[[Found], Iterable[Tail]],
        fits: Callable[[Found, Tail], bool],
    ) -> list[tuple[Found, Tail]]:
        pairs: list[tuple[Found, Tail]] = []
        taken: set[int] = set()
        for one in tuple(self._left):
            self._deadline.check()
            try:
                free = (tail for tail in candidates(one) if tail.number not in taken)
                tail = next((tail for tail in free if fits(one, tail)), None)
            except READ_ERRORS as error:
                self._fail(one, error)
                continue
            if tail is not None:
                pairs.append((one, tail))
                taken.add(tail.number)
                self._left.remove(one)
        return pairs

    def _fresh(self, known: list[Found]) -> list[Found]:
        fresh: list[Found] = []
        # The longer one first: it is the original, the other may be half-copied.
        for one in sorted(self._left, key=lambda one: -one.size):
            try:
                if not any(self._is_copy(one, other) for other in (*known, *fresh)):
                    fresh.append(one)
            except READ_ERRORS as error:
                self._fail(one, error)
        return fresh

    def _is_copy(self, one: Found, other: Found) -> bool:
        # Between the copy and the truncation of a copytruncate both hold the same lines.
        if one.packed or other.packed or _family(one) != _family(other):
            return False
        return is_copy(one, other, self._deadline)

    def _fail(self, one: Found, error: Exception) -> None:
        self._left.remove(one)
        self.failed.append((one, error))


def _family(found: Found) -> Path:
    return found.path.with_name(_ROTATED.sub("", found.path.name))
