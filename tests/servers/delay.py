"""A way to a server that takes time: what is sent in either direction arrives later by half of the round trip.

It passes on at any rate what it is given, in order. It runs as a process of its own, so that it takes no time from the
code under test: `with delayed(port, seconds) as nearer:`.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "127.0.0.1"
BLOCK = 1 << 16
IN_FLIGHT = 1 << 24
"""Octets on their way in one direction; more than any bandwidth here times any delay."""


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """The port at which what listens at `port` is `round_trip` seconds away."""
    command = [sys.executable, "-m", __name__, str(port), str(round_trip / 2)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def _serve(port: int, delay: float) -> None:
    async def connected(near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection(HOST, port)
        for writer in (near_out, far_out):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(_carry(near_in, far_out, delay), _carry(far_in, near_out, delay))

    server = await asyncio.start_server(connected, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how `delayed` learns of it
    await server.serve_forever()


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: float) -> None:
    """Pass on each block when its time has come, and the end after the last."""
    loop = asyncio.get_running_loop()
    blocks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT // BLOCK)

    async def read() -> None:
        block = b"first"
        while block:
            with suppress(ConnectionError):
                block = b""
                block = await source.read(BLOCK)
            await blocks.put((loop.time() + delay, block))

    reading = asyncio.create_task(read())
    with suppress(ConnectionError):
        while True:
            due, block = await blocks.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not block:
                break
            target.write(block)
            await target.drain()
    target.close()
    reading.cancel()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
