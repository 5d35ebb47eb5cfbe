"""Windows' localhost forwarding, as WSL has it under nat: what listens on WSL's loopback answers on that of Windows.

Two halves, one in each network, joined by sockets in a folder: `python -m tests.acceptance.localhost_forwarding
windows|wsl FOLDER PORT…`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()


async def _join(
    one: tuple[asyncio.StreamReader, asyncio.StreamWriter], other: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    await asyncio.gather(_copy(one[0], other[1]), _copy(other[0], one[1]))
    for _, writer in (one, other):
        writer.close()


async def main(side: str, folder: Path, ports: list[int]) -> None:
    """Forward until killed."""

    def serve(port: int) -> object:
        socket = folder / f"{port}.sock"

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                if side == "windows":
                    far = await asyncio.open_unix_connection(socket)
                else:
                    far = await asyncio.open_connection("127.0.0.1", port)
            except OSError:  # nothing listens: the connection ends, as Windows' relay ends it
                writer.close()
                return
            await _join((reader, writer), far)

        if side == "windows":
            return asyncio.start_server(accept, "127.0.0.1", port)
        socket.unlink(missing_ok=True)
        return asyncio.start_unix_server(accept, socket)

    for port in ports:
        await serve(port)  # type: ignore[misc]
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
