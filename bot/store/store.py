"""The store for asyncio: each transaction is a plain function that runs in a worker thread."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

from bot.store.database import Database
from bot.store.engines import POSTGRES_THREADS, READERS
from bot.store.errors import StoreError
from bot.store.listen import listen
from bot.store.tx import Tx
from bot.store.writer import TOGETHER, Writer

T = TypeVar("T")


class Store:
    """Releases, journal, inbox, outbox, locks, posts and room messages in one database.

    `url` is `sqlite:///path` or `postgresql://...`. `busy_seconds` is how long a SQLite
    transaction waits for another process before StoreError('store.locked').
    """

    def __init__(self, url: str, *, busy_seconds: float = 5.0) -> None:
        self._sender = uuid.uuid4().hex
        self._database = Database(url, busy_seconds=busy_seconds, sender=self._sender)
        self._writer: Writer | None = None
        self._readers: Executor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: asyncio.Task[None] | None = None
        self._on_work: list[Callable[[], None]] = []
        self._on_message: list[Callable[[], None]] = []

    @property
    def notifies(self) -> bool:
        """Whether other processes' commits wake this one; if not, look every second."""
        return self._database.dialect == "postgresql"

    async def open(self) -> None:
        """Connect, bring the schema up to date and begin to listen.

        Raises StoreError('store.newer') when a newer version of the bot made the database.
        """
        self._loop = asyncio.get_running_loop()
        threads, together = (POSTGRES_THREADS, 1) if self.notifies else (1, TOGETHER)
        self._writer = Writer(self._database, self._tell, threads=threads, together=together)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        try:
            await self._loop.run_in_executor(self._readers, self._database.open)
        except BaseException:
            await self.close()
            raise
        if self.notifies:
            tried = asyncio.Event()
            self._listener = asyncio.create_task(
                listen(self._database.url, self._heard, tried), name="store-listen"
            )
            await tried.wait()

    async def close(self) -> None:
        """Let running transactions end and give back connections and threads."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None
        writer, readers = self._writer, self._readers
        self._writer = self._readers = None
        await asyncio.to_thread(self._shut, writer, readers)

    async def transact(self, work: Callable[[Tx], T]) -> T:
        """Run the work in one transaction; when this returns, it is committed and on the disk.

        Raises StoreError, or what the work raised: then nothing was kept. Work that runs already
        is not undone by cancelling the caller.
        """
        if self._writer is None:
            raise StoreError("store.closed")
        kept: T = await self._writer.run(work)
        return kept

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run the work on one picture of the database, beside the writers. It changes nothing."""
        if self._loop is None or self._readers is None:
            raise StoreError("store.closed")
        return await self._loop.run_in_executor(self._readers, self._database.read, work)

    def on_work(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, in the event loop, after each commit that left effects for somebody.

        That is effects that are due or have a new due time; on PostgreSQL commits of other
        processes count, too. Calling the answer ends it.
        """
        return _subscribe(self._on_work, callback)

    def on_message(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, in the event loop, after each commit that changed a room's messages."""
        return _subscribe(self._on_message, callback)

    def _heard(self, sender: str, work_enqueued: bool, rooms_changed: bool) -> None:
        if sender != self._sender:
            self._tell(work_enqueued, rooms_changed)

    def _tell(self, work_enqueued: bool, rooms_changed: bool) -> None:
        for callback in list(self._on_work) if work_enqueued else ():
            callback()
        for callback in list(self._on_message) if rooms_changed else ():
            callback()

    def _shut(self, writer: Writer | None, readers: Executor | None) -> None:
        if writer is not None:
            writer.shut()
        if readers is not None:
            readers.shutdown()
        self._database.close()


def _subscribe(
    callbacks: list[Callable[[], None]], callback: Callable[[], None]
) -> Callable[[], None]:
    callbacks.append(callback)

    def end() -> None:
        if callback in callbacks:
            callbacks.remove(callback)

    return end
