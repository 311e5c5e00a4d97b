"""The log store of log files: runs the counting in threads, with a time limit."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from adapters.logs.files.component import ComponentLogs
from adapters.logs.files.deadline import Deadline
from adapters.logs.files.documents import Documents
from adapters.logs.files.proof import prove
from bot.core.config.log_store import FilesLogStore, names_groups
from bot.core.counts import CountRequest, Counts, LogStoreError, check_group

_PATIENCE = 5.0
"""Seconds that `close` waits for a count that is being ended."""


class FilesStore:
    """Counts log files below `base`; of each file only what is new since the last count is read.

    `now` gives the present moment, with a zone; `time_scale` shortens how long documents are kept
    beyond what is asked for, as it shortens all durations of a comparison. Raises ValueError when
    the configuration names a wrong expression, time format or zone.
    """

    def __init__(
        self,
        config: FilesLogStore,
        base: Path,
        *,
        now: Callable[[], datetime],
        time_scale: float = 1.0,
    ) -> None:
        # Wrong expressions are refused now, not at the first check of a release.
        prove(config, now())
        self.config = config
        self._base = base
        self._now = now
        self._time_scale = time_scale
        self._components: dict[str, ComponentLogs] = {}
        self._closed = False
        self._spill = tempfile.TemporaryDirectory(prefix="release-master-logs-")
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="log-files")

    @property
    def bytes_read(self) -> int:
        """How many bytes of log lines were read and counted so far, unpacked."""
        return sum(logs.bytes_read for logs in self._components.values())

    async def count(self, request: CountRequest) -> Counts:
        """Count each window of the request exactly; one count of a component runs at a time.

        Raises LogStoreError when it takes longer than the configured limit (naming it) or DuckDB
        cannot go on. What was read until then is not read again.
        """
        if self._closed:
            raise LogStoreError("the log store is closed")
        check_group(request, can=names_groups(self.config))
        logs = self._logs(request.component)
        deadline = Deadline(self.config.timeout)
        work = partial(logs.count, request, deadline, base=self._base, now=self._now())
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            await asyncio.wait({future}, timeout=deadline.left)
        finally:
            if not future.done():
                # Nobody waits for its outcome any more, so nobody else would look at its error.
                future.add_done_callback(lambda late: late.cancelled() or late.exception())
                logs.interrupt(deadline)
        if not future.done():
            raise deadline.error()
        try:
            return future.result()
        except asyncio.CancelledError:
            raise LogStoreError("the log store was closed") from None
        except duckdb.Error as error:
            raise LogStoreError(f"DuckDB could not count the log files: {error}") from error
        except OSError as error:
            raise LogStoreError(f"the log files could not be looked at: {error}") from error

    async def close(self) -> None:
        """End what runs and give back threads, memory and temporary files."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for logs in self._components.values():
            logs.stop()
            await asyncio.to_thread(logs.close, _PATIENCE)
        self._components.clear()
        self._spill.cleanup()

    def _logs(self, component: str) -> ComponentLogs:
        if component not in self._components:
            self._components[component] = ComponentLogs(
                self.config, component, self._documents, time_scale=self._time_scale
            )
        return self._components[component]

    def _documents(self) -> Documents:
        return Documents(self.config, Path(self._spill.name))
