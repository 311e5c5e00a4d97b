"""Hears on PostgreSQL what other processes committed, and keeps listening through its outages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
from psycopg import sql
from sqlalchemy import URL

from bot.store.database import CHANNEL, notice

_RECONNECT_SECONDS = 1.0


async def listen(url: URL, heard: Callable[[str, bool, bool], None], tried: asyncio.Event) -> None:
    """Call `heard(sender, work_enqueued, rooms_changed)` for each notification, until cancelled.

    After every (re)connection it is called once with both true: what was told meanwhile is lost.
    `tried` is set when it listens, or when the first connection failed.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            await _listen_once(address, heard, tried)
        except psycopg.Error:
            # Work is still found by its due time; only the waking is late while this waits.
            tried.set()
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _listen_once(
    address: str, heard: Callable[[str, bool, bool], None], tried: asyncio.Event
) -> None:
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=5)
    async with connection:
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        heard("", True, True)
        tried.set()
        async for told in connection.notifies():
            heard(*notice(told.payload))
