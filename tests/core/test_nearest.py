"""Whoever mistypes is shown what exists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.nearest import close, distance, nearest

WORDS = st.text(max_size=8)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("start", "start", 0),
        ("Start", "start", 0),
        ("strat", "start", 1),
        ("stat", "start", 1),
        ("sttart", "start", 1),
        ("stort", "start", 1),
        ("", "go", 2),
        ("kitten", "sitting", 3),
    ],
)
def test_distance_counts_edits(one: str, other: str, expected: int) -> None:
    """A letter added, left out, changed or swapped counts one; capitals do not count."""
    assert distance(one, other) == expected


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
def test_distance_is_the_same_both_ways(one: str, other: str) -> None:
    """The way there is as long as the way back, and only equal words are at zero."""
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one.casefold() == other.casefold())


def test_distance_of_a_huge_word_is_bounded() -> None:
    """Only the first 64 letters count, so nobody can keep the bot busy with a long word."""
    assert distance("a" * 100_000, "b") == 64


def test_nearest_orders_by_distance_then_by_place() -> None:
    """The nearest comes first, equally near names stay in their order, and there are three."""
    assert nearest("strat", ("status", "start", "plan", "skip")) == ("start", "status", "plan")
    assert nearest("x", ("b", "a", "c", "d")) == ("b", "a", "c")


def test_nearest_prefers_what_begins_with_the_word() -> None:
    """An abbreviation shows the name that it begins before names that only look like it."""
    assert nearest("perm", ("term", "permissions"), count=1) == ("permissions",)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("chta", True), ("caht", True), ("chat", True), ("gatewya", True), ("too", False)],
)
def test_close_means_misspelt(word: str, expected: bool) -> None:
    """One slip is a misspelling, another word is not."""
    assert close(word, ("chat", "gateway")) is expected
