"""Small signs that cards of the core share: nothing to show, and how many times."""

from __future__ import annotations

NOTHING = "\N{EN DASH}"
"""Stands in a cell where there is nothing to show."""


def times(multiple: float | None) -> str:
    """How many times as high a rate is, behind a sign for times."""
    return NOTHING if multiple is None else f"\N{MULTIPLICATION SIGN}{multiple:.1f}"
