"""Where releases, journal, outbox and inbox are kept: SQLite by default, or PostgreSQL."""

from __future__ import annotations

from bot.store.errors import StaleError, StoreError
from bot.store.pruning import Bite
from bot.store.rows import (
    BODY_VERSION,
    BOT,
    BaselineRow,
    CalibrationRow,
    CodeRow,
    EffectRow,
    InboxRow,
    JournalRow,
    LinkRow,
    LockRow,
    MessageRow,
    MinuteDayRow,
    PostRow,
    ReleaseRow,
    TemplatesRow,
    ValueRow,
    VerdictCountsRow,
    WatchRow,
)
from bot.store.store import Store
from bot.store.tx import Tx

__all__ = [
    "BODY_VERSION",
    "BOT",
    "BaselineRow",
    "Bite",
    "CalibrationRow",
    "CodeRow",
    "EffectRow",
    "InboxRow",
    "JournalRow",
    "LinkRow",
    "LockRow",
    "MessageRow",
    "MinuteDayRow",
    "PostRow",
    "ReleaseRow",
    "StaleError",
    "Store",
    "StoreError",
    "TemplatesRow",
    "Tx",
    "ValueRow",
    "VerdictCountsRow",
    "WatchRow",
]
