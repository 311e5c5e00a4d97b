"""The words somebody may have meant: edit distance over short lists of names."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64


def distance(one: str, other: str) -> int:
    """How many letters must be added, left out, changed or swapped with their neighbour.

    Upper and lower case count as the same; only the first 64 letters are looked at.
    """
    a, b = one[:_LONGEST].casefold(), other[:_LONGEST].casefold()
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        above, row = row, [i, *([0] * len(b))]
        for j, right in enumerate(b, start=1):
            changed = above[j - 1] + (left != right)
            row[j] = min(above[j] + 1, row[j - 1] + 1, changed)
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                row[j] = min(row[j], before[j - 2] + 1)
        before = above
    return row[-1]


def nearest(word: str, among: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """The `count` nearest names, the nearest first, equal ones in the order they came.

    Names that begin with the word (two letters or more) come before all others.
    """
    names = tuple(dict.fromkeys(among))
    folded = word[:_LONGEST].casefold()

    def rank(name: str) -> tuple[bool, int]:
        begins = len(folded) > 1 and name.casefold().startswith(folded)
        return (not begins, distance(folded, name))

    return tuple(sorted(names, key=rank)[:count])


def close(word: str, among: Iterable[str]) -> bool:
    """Whether the word is probably one of the names, misspelt: one letter, two in longer words."""
    allowed = 1 if len(word) < 5 else 2
    return any(
        abs(len(word) - len(name)) <= allowed and distance(word, name) <= allowed for name in among
    )
