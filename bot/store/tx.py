"""One transaction with all its nouns."""

from __future__ import annotations

from bot.store.calibrations import CalibrationsTx
from bot.store.inbox import InboxTx
from bot.store.journal import JournalTx
from bot.store.kept import KeptTx
from bot.store.links import LinksTx
from bot.store.locks import LocksTx
from bot.store.messages import MessagesTx
from bot.store.minutes import MinutesTx
from bot.store.outbox import OutboxTx
from bot.store.posts import PostsTx
from bot.store.pruning import PruningTx
from bot.store.releases import ReleasesTx
from bot.store.templates import TemplatesTx
from bot.store.verdict_counts import VerdictCountsTx
from bot.store.watches import WatchesTx


class Tx(
    InboxTx,
    ReleasesTx,
    JournalTx,
    OutboxTx,
    LocksTx,
    PostsTx,
    MessagesTx,
    KeptTx,
    TemplatesTx,
    WatchesTx,
    LinksTx,
    MinutesTx,
    CalibrationsTx,
    VerdictCountsTx,
    PruningTx,
):
    """Everything that can be read and changed together; all of it is kept, or nothing.

    Work given to `Store.transact` may be run again from its start (PostgreSQL, after a conflict):
    it must do nothing but call its Tx.
    """
