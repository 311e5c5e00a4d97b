"""What is worth a push: LINE cannot edit, and a push costs one message a member."""

from __future__ import annotations

from enum import IntEnum, unique

from bot.core.card import Card


@unique
class Worth(IntEnum):
    """The more it is worth, the longer it is sent when the month's quota runs out."""

    FINAL = 1
    """A release that ended well."""
    SHARE = 2
    DECISION = 3
    """Somebody must decide, or something failed."""


FROM_80, FROM_95 = Worth.SHARE, Worth.DECISION
"""The least worth that is still sent from 80 % and from 95 % of the quota on."""

_FAILURES = frozenset(
    {
        "rollback.failed",
        "rollback.by_hand",
        "rollback.stopped",
        "override.title",
        "paused.rule",
        "paused.by",
        "expired",
        "expired.start",
    }
)
"""Notices that everybody must hear: what stands still, what was not confirmed or waved through."""


def worth(card: Card) -> Worth | None:
    """What a card is worth; None: it is shown when somebody asks, and not before."""
    key = card.title.key
    if card.kind == "question":
        return Worth.DECISION if card.state == "asked" else None
    if card.kind == "reminder":
        return Worth.DECISION if key == "reminder.escalation" else None
    if card.kind == "result":
        return Worth.FINAL if card.state == "done" else Worth.DECISION
    if card.kind == "share":
        return Worth.FINAL if key == "share.finish.digest" else Worth.SHARE
    return Worth.DECISION if card.kind == "notice" and key in _FAILURES else None
