"""A program in a network of its own: it cannot be reached, but through two sockets of files.

Run as `unshare --map-root-user --net python -m tests.support.walled PORT IN OUT_PORT OUT program`:
the program's PORT is reached through the socket file IN; what it sends to OUT_PORT of its own
loopback comes out of the socket file OUT. It ends when standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys

_SET_FLAGS = 0x8914
_UP = 0x1 | 0x40
READY_WITHIN = 20.0


def _loopback_up() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    with contextlib.suppress(OSError):
        sink.close()


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    other: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    await asyncio.gather(_pump(reader, other[1]), _pump(other[0], writer))


async def _serve(port: int, inside: str, out_port: int, outside: str) -> None:
    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, await asyncio.open_connection("127.0.0.1", port))

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, await asyncio.open_unix_connection(outside))

    await asyncio.start_unix_server(enter, inside)
    await asyncio.start_server(leave, "127.0.0.1", out_port)


async def _answers(port: int) -> None:
    async with asyncio.timeout(READY_WITHIN):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return


async def main(port: int, inside: str, out_port: int, outside: str, program: list[str]) -> None:
    """Start the program and the ways in and out, say `ready`, and wait for the end of input."""
    _loopback_up()
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*program, stdout=quiet, stderr=quiet)
    try:
        await _answers(port)
        await _serve(port, inside, out_port, outside)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    finally:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:]))
