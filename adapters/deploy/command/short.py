"""Runs a short command to its end, within limits on its time and its output."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import IO

OUTPUT_LIMIT = 1_000_000
"""How many bytes of each output are kept; the rest is read and dropped."""


async def run_short(
    argv: Sequence[str], environment: Mapping[str, str], seconds: float
) -> tuple[int, str, str]:
    """Run the command and return its exit code, its output and its error output.

    Raises TimeoutError when it takes longer: its process group is killed. Raises OSError when it
    cannot be run.
    """
    async with _pipe() as (output_end, output), _pipe() as (errors_end, errors):
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output_end,
            stderr=errors_end,
            env=environment,
            start_new_session=True,
        )
        output_end.close()
        errors_end.close()
        try:
            async with asyncio.timeout(seconds):
                texts = await asyncio.gather(_read(output), _read(errors))
                return await process.wait(), *texts
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[IO[bytes], asyncio.StreamReader]]:
    # asyncio's own pipes cannot be closed while a process that was left behind holds them open.
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0)
    )
    writer = os.fdopen(writing, "wb", 0)
    try:
        yield writer, reader
    finally:
        writer.close()
        transport.close()


async def _read(stream: asyncio.StreamReader) -> str:
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: OUTPUT_LIMIT - len(kept)]
    return kept.decode(errors="replace")
