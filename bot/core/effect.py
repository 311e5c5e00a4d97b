"""What a transition wants done: rows of the outbox, each with a key and a due time."""

from __future__ import annotations

from enum import StrEnum, unique

from bot.core.value import Moment, Value


@unique
class EffectKind(StrEnum):
    """What the engine can do for a release."""

    START = "start"
    LOOK = "look"
    STOP = "stop"
    CHECK = "check"
    VERIFY = "verify"
    TIMER = "timer"
    SHOW = "show"
    SHARE = "share"


WORLD = frozenset(
    {EffectKind.START, EffectKind.LOOK, EffectKind.STOP, EffectKind.CHECK, EffectKind.VERIFY}
)
"""Kinds that touch hosts or logs; what is left of them is cancelled when a release ends."""


class Effect(Value):
    """One thing to do. Two effects with one key are one effect: the later state counts."""

    kind: EffectKind
    key: str
    due: Moment
    step: str = ""
    attempt: int = 0
    number: int = 0
    question: int = 0
    slot: str = ""
    """Which card to bring up to date: `board`, `question:3`, `check:gateway/check`, `result`."""
    name: str = ""
    """The timer's name, or the sharing message's moment."""
