"""Counts by the form of messages become counts by the names of their templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from bot.core.counts import NO_TYPE, Counts, Sample, TypeCount, WindowCounts
from bot.core.mining.templates import Templates


def forms_of(counts: Counts) -> frozenset[str]:
    """The masked messages among the types."""
    found = {row.error_type for window in counts.windows for row in window.types}
    found |= {sample.error_type for window in counts.windows for sample in window.samples}
    return frozenset(found - {NO_TYPE})


def named(counts: Counts, templates: Templates) -> Counts:
    """The same counts by the templates' names; what has become one type is added up."""
    names = {form: templates.name_of(form) for form in forms_of(counts)} | {NO_TYPE: NO_TYPE}
    windows = tuple(_window(window, names) for window in counts.windows)
    return counts.model_copy(update={"windows": windows})


def _window(window: WindowCounts, names: dict[str, str]) -> WindowCounts:
    found = {"types": _types(window.types, names), "samples": _samples(window.samples, names)}
    return window.model_copy(update=found)


def _types(rows: Iterable[TypeCount], names: dict[str, str]) -> tuple[TypeCount, ...]:
    groups: dict[tuple[str, str, str, object], TypeCount] = {}
    totals: Counter[tuple[str, str, str, object]] = Counter()
    for row in rows:
        key = (names[row.error_type], row.level, row.host, row.bucket)
        groups.setdefault(key, row)
        totals[key] += row.count
    renamed = [replace(row, error_type=key[0], count=totals[key]) for key, row in groups.items()]
    return tuple(sorted(renamed, key=_order))


def _order(row: TypeCount) -> tuple[str, str, str, float]:
    return row.error_type, row.level, row.host, row.bucket.timestamp() if row.bucket else 0.0


def _samples(samples: Iterable[Sample], names: dict[str, str]) -> tuple[Sample, ...]:
    first: dict[str, Sample] = {}
    for sample in sorted(samples, key=lambda one: (one.first_seen, one.message)):
        name = names[sample.error_type]
        first.setdefault(name, sample.model_copy(update={"error_type": name}))
    return tuple(first[name] for name in sorted(first))
