"""Lines that must or must not be understood, with names that exist."""

from __future__ import annotations

from bot.core.intent import Command, Misunderstood, Names, Wake, parse

FREE = Wake(required=False)
GROUP = Wake(required=True, mentions=("@Release Master",))
NAMES = Names(
    targets={"openchat": ("chat", "gateway", "search"), "shop": ("cart",)},
    people=("alice", "bob"),
    accounts={"U0ALICE": "alice"},
)


def said(line: str, *, names: Names = NAMES) -> Command:
    """The command of a line that must be understood, in a room that needs no wake word."""
    intent = parse(line, wake=FREE, names=names)
    assert isinstance(intent, Command), intent
    return intent


def wrong(line: str, *, names: Names = NAMES) -> Misunderstood:
    """The help for a line that must not be understood."""
    intent = parse(line, wake=FREE, names=names)
    assert isinstance(intent, Misunderstood), intent
    return intent
