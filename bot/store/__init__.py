"""Where releases, journal, outbox and inbox are kept: SQLite by default, or PostgreSQL."""

from __future__ import annotations

from bot.store.errors import StaleError, StoreError
from bot.store.rows import (
    BODY_VERSION,
    BOT,
    CodeRow,
    EffectRow,
    InboxRow,
    JournalRow,
    LinkRow,
    LockRow,
    MessageRow,
    PostRow,
    ReleaseRow,
    TemplatesRow,
    ValueRow,
    WatchRow,
)
from bot.store.store import Store
from bot.store.tx import Tx

__all__ = [
    "BODY_VERSION",
    "BOT",
    "CodeRow",
    "EffectRow",
    "InboxRow",
    "JournalRow",
    "LinkRow",
    "LockRow",
    "MessageRow",
    "PostRow",
    "ReleaseRow",
    "StaleError",
    "Store",
    "StoreError",
    "TemplatesRow",
    "Tx",
    "ValueRow",
    "WatchRow",
]
