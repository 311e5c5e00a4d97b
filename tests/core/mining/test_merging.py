"""What is merged into one template, and what must not be."""

from __future__ import annotations

import random
from itertools import pairwise

from bot.core.mining.merging import merge


def merged(*lines: str) -> set[str]:
    """The patterns that these lines become."""
    return {" ".join(one) for one in merge(tuple(line.split()) for line in lines).values()}


def test_names_after_a_cue_become_a_variable() -> None:
    """Four users are a variable; three are not yet."""
    users = ["anna", "ben", "carla", "dan"]
    lines = [f"password refused for user {user} today" for user in users]

    assert merged(*lines) == {"password refused for user <+> today"}
    assert len(merged(*lines[:3])) == 3


def test_several_variables_are_found_together() -> None:
    """No two lines are alike but in the words that stay."""
    rng = random.Random(1)
    names = [f"{a}{b}o" for a in "bdfgklm" for b in "aeiou"]
    rng.shuffle(names)
    pairs = zip(names[::2], names[1::2], strict=False)
    lines = [f"deleted account {one} from group {two} at once" for one, two in pairs]

    assert merged(*lines) == {"deleted account <+> from group <+> at once"}


def test_states_are_what_happened() -> None:
    """Words in capitals stay apart although there are several."""
    states = ["NEW", "RUNNING", "FAILED", "KILLED", "DONE", "LOST"]
    lines = [f"task went from {a} to {b} now" for a, b in pairwise(states)]

    assert len(merged(*lines)) == len(lines)


def test_different_messages_of_one_length_stay_apart() -> None:
    """Messages that share few words are no template, however many there are."""
    verbs = ["starting", "stopping", "reading", "writing", "closing", "opening"]
    things = ["leader", "snapshot", "journal", "socket", "quorum", "index"]

    assert len(merged(*(f"{verb} {thing}" for verb in verbs for thing in things))) == 36


def test_a_named_variable_goes_on_for_more_words() -> None:
    """A value of several words belongs to its name; another name does not."""
    values = ["linux", "root", "amd", "utf"]
    lines = [f"server environment:{value}" for value in values]

    found = merged(*lines, "server environment:Oracle Corporation", "server environment:x user=a")

    assert found == {
        "server environment:<+>",
        "server environment:<+> <+>",
        "server environment:x user=a",
    }


def test_order_changes_nothing() -> None:
    """Any order of the same lines gives the same patterns."""
    rng = random.Random(2)
    lines = [
        f"{word} for user {user} on {place}"
        for word in ("refused", "accepted", "expired")
        for user in ("anna", "ben", "carla", "dan", "<*>")
        for place in ("tokyo", "seoul", "taipei", "bangkok")
    ]
    first = merged(*lines)
    for _ in range(5):
        rng.shuffle(lines)
        assert merged(*lines) == first
    assert first == {f"{word} for user <+> on <+>" for word in ("refused", "accepted", "expired")}


def test_nothing_becomes_nothing() -> None:
    """Without patterns there are none."""
    assert merge([]) == {}
