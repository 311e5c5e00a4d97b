"""What many healthy releases do is a ritual, until it exceeds itself."""

from __future__ import annotations

import pytest

from bot.core.verdict.calibrated.rituals import is_ritual

PAST = {"restart": [0.0, 6.0, 5.0, 0.0, 7.0, 6.5]}


@pytest.mark.parametrize(
    ("key", "rarity", "expected"),
    [("restart", 7.7, True), ("restart", 7.8, False), ("other", 6.0, False)],
)
def test_a_ritual_is_shown_until_it_exceeds_its_own_by_far(
    key: str, rarity: float, *, expected: bool
) -> None:
    """Four of six rose beyond the cut of 4: at most 7, half of them 6.25 or more, so up to 7.75."""
    assert is_ritual(key, rarity, PAST, cut=4.0) is expected


def test_few_releases_make_no_ritual() -> None:
    """Four releases are too few to know a habit."""
    assert not is_ritual("restart", 5.0, {"restart": [6.0] * 4}, cut=4.0)


def test_one_release_of_twenty_is_no_habit() -> None:
    """A fifth of them at least."""
    assert not is_ritual("x", 5.0, {"x": [6.0] + [0.0] * 19}, cut=4.0)
