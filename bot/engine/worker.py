"""One other process at low priority, for arithmetic that would hold up everything else."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

NICE = 10
MEMORY = 4 * 1024**3
"""Bytes of address space that the process may take; beyond it the work fails, not the machine."""
TASKS = 50
"""After so many pieces of work it is replaced, so that what it took is given back."""


class WorkerLostError(Exception):
    """The process died over a piece of work, as when it needs too much memory."""


class Worker:
    """Runs functions of modules in another process, one after the other.

    The process is started with the first piece of work, and ends with this one however that ends.
    """

    def __init__(self, *, nice: int = NICE, memory: int = MEMORY) -> None:
        self._prepare = partial(_prepare, nice, memory)
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it there. Raises what the work raises, and WorkerLostError."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                # A fork of a process with threads may hang for ever.
                mp_context=multiprocessing.get_context("spawn"),
                initializer=self._prepare,
                max_tasks_per_child=TASKS,
            )
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(
                pool, partial(work, *args, **kwargs)
            )
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            raise WorkerLostError("the worker process died") from error

    def close(self) -> None:
        """End the process, also in the middle of its work."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes = list((pool._processes or {}).values())  # noqa: SLF001 - public from 3.14 on
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def _prepare(nice: int, memory: int) -> None:
    """In the new process, before its first work."""
    os.nice(nice)
    try:
        import resource
    except ImportError:  # pragma: no cover - not on this system
        pass
    else:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
