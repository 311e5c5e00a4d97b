"""How many values make a variable."""

from __future__ import annotations

import pytest

from bot.core.mining import slots

NAMES = ("anna", "ben", "carla", "dan")


@pytest.mark.parametrize(
    ("pattern", "place", "values", "expected"),
    [
        (("password", "for", "", "refused"), 2, NAMES, slots.AFTER_CUE),
        (("id:", "", "refused"), 1, NAMES, slots.AFTER_CUE),
        (("refused", "user=anna"), 1, ("user=anna", "user=ben"), slots.AFTER_CUE),
        (("it", "failed", 'msg="lost"'), 2, ('msg="lost"', 'msg="late"'), slots.WHAT_HAPPENED),
        (("error:", "", "in", "charge"), 1, NAMES, slots.WHAT_HAPPENED),
        (("refused", "", "today"), 1, NAMES, slots.ANYWHERE),
        (("", "startup", "succeeded"), 0, NAMES, slots.AT_START),
        (("password", "for", "", "refused"), 2, (*NAMES, "<*>"), slots.BESIDE_WILDCARD),
        (("state", "is", "", "now"), 2, ("RUNNING", "FAILED", "NEW"), slots.WHAT_HAPPENED),
        (("state", "is", "", "now"), 2, ("FAILED", "<*>"), slots.WHAT_HAPPENED),
    ],
)
def test_needed_values_depend_on_what_stands_around(
    pattern: tuple[str, ...], place: int, values: tuple[str, ...], expected: int
) -> None:
    """A cue lowers the number, the first place and capitals raise it, a wildcard decides."""
    assert slots.needed(pattern, place, values, frozenset()) == expected


def test_a_cue_that_is_known_elsewhere_needs_less() -> None:
    """Where `user` already announces a variable, three more users are enough."""
    pattern = ("opened", "for", "user", "", "now")

    assert slots.needed(pattern, 3, NAMES, {"user"}) == slots.AFTER_KNOWN_CUE


@pytest.mark.parametrize(
    ("values", "lead", "tail"),
    [
        (("user=anna,", "user=ben,"), "user=", ","),
        (("[test,<*>]", "[<*>]", "[other,<*>]"), "[", "]"),
        (("storage", "stopped"), "", ""),
        (("a=<*>", "a=x"), "a=", ""),
        (("(uid=<*>)", "(uid=root)"), "(uid=", ")"),
    ],
)
def test_shared_ends_are_cut_at_names(values: tuple[str, ...], lead: str, tail: str) -> None:
    """Common letters are no common name, and a wildcard is never cut in two."""
    assert slots.shared(values) == (lead, tail)


def test_a_wildcard_says_nothing() -> None:
    """Only letters beside wildcards say something."""
    assert [slots.says(one) for one in ("<*>", "<+>,", "a<*>", "注")] == [False, False, True, True]
