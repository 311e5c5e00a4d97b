"""The way to write for asyncio: transactions that wait together share one commit."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bot.store.database import Database, Written
from bot.store.tx import Tx

TOGETHER = 64
"""Transactions that share a commit at most: so long, some 25 ms, the next one waits for its turn.

On PostgreSQL each has its own: its connections commit beside each other, and the server flushes
them together anyway.
"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Callable[[Tx], Any]
    future: asyncio.Future[Any]


class Writer:
    """Runs works in worker threads, in the order in which they came.

    The disk takes one commit after the other, each for some milliseconds; so what came meanwhile
    goes into the next one together, and a busy hour needs hardly more commits than a quiet one.
    """

    def __init__(
        self,
        database: Database,
        tell: Callable[[bool, bool], None],
        *,
        threads: int,
        together: int = TOGETHER,
    ) -> None:
        """`tell` hears, in the event loop, whether work was enqueued and whether rooms changed."""
        self._database = database
        self._tell = tell
        self._threads = threads
        self._together = together
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store-write")
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._running = 0

    async def run(self, work: Callable[[Tx], Any]) -> Any:
        """Run it in a transaction; returns once it is committed, or raises what went wrong."""
        future: asyncio.Future[Any] = self._loop.create_future()
        with self._lock:
            self._waiting.append(_Waiting(work, future))
            idle = self._running < self._threads
            self._running += idle
        if idle:
            self._pool.submit(self._drain)
        return await future

    def shut(self) -> None:
        """Let what waits end, and give back the threads. Blocks."""
        self._pool.shutdown()

    def _drain(self) -> None:
        while group := self._next():
            wanted = [waiting for waiting in group if not waiting.future.cancelled()]
            written = self._written(wanted)
            # Told from here, so that it is also told when the caller was cancelled meanwhile.
            self._loop.call_soon_threadsafe(self._deliver, wanted, written)

    def _written(self, group: list[_Waiting]) -> list[Written[Any]]:
        try:
            return self._database.write_all([waiting.work for waiting in group])
        except Exception as error:  # noqa: BLE001 - raised in each caller; the next group goes on
            return [Written(error=error) for _ in group]

    def _next(self) -> list[_Waiting]:
        with self._lock:
            count = min(len(self._waiting), self._together)
            self._running -= not count
            return [self._waiting.popleft() for _ in range(count)]

    def _deliver(self, group: list[_Waiting], written: list[Written[Any]]) -> None:
        for waiting, end in zip(group, written, strict=True):
            if waiting.future.done():
                continue
            if end.error is None:
                waiting.future.set_result(end.value)
            else:
                waiting.future.set_exception(end.error)
        enqueued = any(end.work_enqueued for end in written)
        changed = any(end.rooms_changed for end in written)
        if enqueued or changed:
            self._tell(enqueued, changed)
