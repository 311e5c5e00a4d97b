"""Long arithmetic in a process of its own, so that the event loop stays quick."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NICE = 10
"""How much the process gives way to everything else (nice(2))."""


class ApartError(Exception):
    """The process died before it had an answer (out of memory, killed)."""


async def apart(work: Callable[[*Ts], T], *given: *Ts) -> T:
    """Do the work in a new process and return what it returns, or raise what it raises.

    The work is a function of a module; what goes in and comes out is pickled. Cancelling kills the
    process. Raises ApartError when the process died.
    """
    # A fork would take along locks that other threads hold at this moment.
    context = get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_there, args=(theirs, work, given), daemon=True)
    # Starting means pickling everything that is given, which is long for a long history.
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        well, answer = await asyncio.to_thread(mine.recv)
    except EOFError:
        raise ApartError("the process died before it had an answer") from None
    finally:
        process.kill()
        mine.close()
    if not well:
        raise answer
    return answer  # type: ignore[no-any-return]  # what `work` returned, unpickled


def _there(back: Connection, work: Callable[..., object], given: tuple[object, ...]) -> None:
    os.nice(NICE)
    try:
        answer = True, work(*given)
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        answer = False, error
    back.send(answer)
