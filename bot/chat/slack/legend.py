"""Names of bars where they are longer than Slack lets them be: short ones, with a legend."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chat.slack import blocks

WHERE = 6
"""Characters of a component in the name of a bar."""
_PACKAGES = re.compile(r"::|[./\\]")


def legend(categories: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The bars' names by the number of their row: `3 gatew… Serializ…`.

    `rows` holds the names in each row of the table, component and type or the type alone. Empty
    where every name is short enough, or where the table does not have a row for each bar.
    """
    if all(len(name) <= blocks.CHART_LABEL for name in categories):
        return []
    pairs = list(zip(categories, rows, strict=False))
    if len(pairs) < len(categories) or not all(_fits(*pair) for pair in pairs):
        return []
    return [_short(number, *pair) for number, pair in enumerate(pairs, start=1)]


def numbered(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of a table that explain numbered bars."""
    return [[f"{n}. {first}", *rest] for n, (first, *rest) in enumerate(rows, start=1)]


def _fits(category: str, names: Sequence[str]) -> bool:
    return category in {names[-1], ": ".join(names)}


def _short(number: int, category: str, names: Sequence[str]) -> str:
    whole = f"{number} {category}"
    if len(whole) <= blocks.CHART_LABEL:
        return whole
    where = "" if category == names[-1] else f"{blocks.cut(names[0], WHERE)} "
    begin = f"{number} {where}"
    return begin + blocks.cut(_class(names[-1]), blocks.CHART_LABEL - len(begin))


def _class(kind: str) -> str:
    """The error type without its package, which many of them share."""
    last = _PACKAGES.split(kind)[-1]
    return last if last.isidentifier() else kind
