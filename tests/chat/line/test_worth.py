"""What is worth a push, and what waits until somebody asks."""

from __future__ import annotations

import pytest

from bot.chat.line.worth import Worth, worth
from bot.core.card import Card
from bot.core.value import text


@pytest.mark.parametrize(
    ("kind", "state", "key", "wanted"),
    [
        ("question", "asked", "question.go.title", Worth.DECISION),
        ("question", "closed", "question.go.title", None),
        ("board", "running", "board.title", None),
        ("verdict", "fail", "check.title", None),
        ("reminder", "asked", "reminder.again", None),
        ("reminder", "asked", "reminder.escalation", Worth.DECISION),
        ("result", "done", "result.title", Worth.FINAL),
        ("result", "rolled_back", "result.title", Worth.DECISION),
        ("result", "aborted", "result.title", Worth.DECISION),
        ("share", "start", "share.start.digest", Worth.SHARE),
        ("share", "finish", "share.finish.digest", Worth.FINAL),
        ("share", "finish", "share.finish.each", Worth.SHARE),
        ("notice", "rolling_back", "rollback.running", None),
        ("notice", "paused", "rollback.failed", Worth.DECISION),
        ("notice", "overridden", "override.title", Worth.DECISION),
        ("notice", "paused", "paused.by", Worth.DECISION),
        ("notice", "paused", "paused.rule", Worth.DECISION),
        ("notice", "expired", "expired", Worth.DECISION),
        ("notice", "expired", "expired.start", Worth.DECISION),
    ],
)
def test_what_a_card_is_worth(kind: str, state: str, key: str, wanted: Worth | None) -> None:
    """Only what needs people, the end, and what a room only hears."""
    card = Card(kind=kind, state=state, title=text(key), text=text(key))

    assert worth(card) is wanted
