"""Opens connections, all before the first request: `python -m tests.acceptance.many_connections HOST:PORT COUNT`.

Says how many were answered with 200.
"""

from __future__ import annotations

import asyncio
import sys

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n"
BODY = b"x" * 20000


async def main(address: str, count: int) -> None:
    """Open them, then ask on each."""
    host, _, port = address.rpartition(":")
    opened = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    for _, writer in opened:
        writer.write(REQUEST)  # now the other end has seen it
        await writer.drain()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(BODY)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return answer.startswith(b"HTTP/1.1 200 ") and answer.count(BODY) == 1

    print(f"{sum(await asyncio.gather(*(ask(*one) for one in opened)))} answered")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
