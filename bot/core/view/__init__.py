"""Release -> cards: the one producer; every room's renderer words and draws them."""

from bot.core.view.board import board, state_word
from bot.core.view.check import check
from bot.core.view.question import question
from bot.core.view.share import expired, override, paused, reminder, result, rollback, share
from bot.core.view.upcoming import next_line

__all__ = [
    "board",
    "check",
    "expired",
    "next_line",
    "override",
    "paused",
    "question",
    "reminder",
    "result",
    "rollback",
    "share",
    "state_word",
]
