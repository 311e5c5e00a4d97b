"""Checks the expressions by which log lines and paths are read, as far as that is pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.config.log_store import FilesLogStore
from bot.core.config.problem import Loc, Problem, place, show
from bot.core.config.release_file import ReleaseFile


def check_expressions(file: ReleaseFile) -> Iterator[Problem]:
    """Find expressions without the groups that they need, and hosts that no expression finds.

    Whether DuckDB understands the expressions is known only to the log store itself.
    """
    for name, store in file.log_stores.items():
        if isinstance(store, FilesLogStore):
            loc: Loc = ("log_stores", name)
            if not store.fields.level:
                path = place((*loc, "fields", "level"))
                yield Problem(path=path, right="is empty; write the name of the level's field")
            elif store.format == "pattern":
                yield from _check_pattern(store, (*loc, "pattern"))
            if store.host_from_path:
                yield from _check_host(store.host_from_path, (*loc, "host_from_path"))


def _check_pattern(store: FilesLogStore, loc: Loc) -> Iterator[Problem]:
    for key in ("time", "level"):
        group = f"(?P<{getattr(store.fields, key)}>"
        if not store.pattern:
            right = "is missing; format: pattern needs an expression with a group"
        else:
            right = f"has no group for the {key}; write one:"
        if group not in store.pattern:
            value = show(store.pattern, loc) if store.pattern else ""
            yield Problem(path=place(loc), value=value, right=f"{right} {group}...)")
            return


def _check_host(expression: str, loc: Loc) -> Iterator[Problem]:
    try:
        groups = re.compile(expression).groups
    except (re.error, OverflowError, RecursionError) as error:
        right = f"is no regular expression: {error}"
    else:
        right = "" if groups else "has no group that is the host; write one such as ^([^/]+)/"
    if right:
        yield Problem(path=place(loc), value=show(expression, loc), right=right)
