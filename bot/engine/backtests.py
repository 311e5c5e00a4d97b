"""Backtests: made beside everything else, kept, and looked up before a release is planned."""

from __future__ import annotations

from bot.core.backtest.backtest import Backtest
from bot.store import Store

KEY = "backtest:"
"""Before the target: the newest one of each is kept."""


async def newest(store: Store, target: str) -> Backtest | None:
    """The newest backtest of a target; None when there is none yet."""
    body = await store.read(lambda tx: tx.value(KEY + target))
    return None if body is None else Backtest.model_validate_json(body)


async def keep(store: Store, backtest: Backtest) -> None:
    """Keep it in place of the one before."""
    body = backtest.model_dump_json()
    await store.transact(lambda tx: tx.put_value(KEY + backtest.target, body, backtest.at))
