"""Stands in for what lies behind the Gateway: answers with what it was asked, as JSON.

`python -m tests.acceptance.gateway_echo HOST:PORT …` says `ready` and answers until its end. Paths: `/own-headers` sets
security headers of its own, `/slow` takes a quarter of a second, `/hangs-up` ends without a word, `/metrics` answers a
Prometheus with what programs tell of themselves, a WebSocket upgrade is accepted, and stays open where the query is
`hold`; everything else answers 200. A file in the folder that the variable FAULTS names says of one path with which
status it is answered, after how many seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

STARTED = time.time()
OWN_HEADERS = (
    "Strict-Transport-Security: max-age=1\r\nX-Content-Type-Options: sniff\r\nX-Frame-Options: DENY\r\n"
    "Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\nX-Powered-By: PHP\r\n"
)


def _fault(target: str) -> tuple[int, float]:
    for file in Path(os.environ.get("FAULTS", "/nowhere")).glob("*"):
        words = file.read_text(encoding="ascii").split()
        if words and words[0] == target:
            return int(words[1]), float(words[2])
    return 200, 0.0


async def _read_body(reader: asyncio.StreamReader, headers: list[tuple[str, str]]) -> bytes:
    known = {name.lower(): value for name, value in headers}
    if "chunked" in known.get("transfer-encoding", ""):
        body = b""
        while size := int((await reader.readline()).strip() or b"0", 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body
    return await reader.readexactly(int(known.get("content-length", "0")))


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)]
    if any(name.lower() == "upgrade" and value.lower() == "websocket" for name, value in headers):
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
        if target.endswith("?hold"):
            await reader.read()  # until the other side ends it
    else:
        body = await _read_body(reader, headers)
        if target.startswith("/slow"):
            await asyncio.sleep(0.25)
        if target == "/hangs-up":
            writer.close()
            return
        said = json.dumps({"method": method, "target": target, "headers": headers, "body": body.decode("latin-1")})
        if target == "/metrics" and "openmetrics" in {name.lower(): value for name, value in headers}.get("accept", ""):
            said = f"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {STARTED}\n"
        kind = "application/json" if said.startswith("{") else "text/plain; version=0.0.4"
        status, seconds = _fault(target)
        await asyncio.sleep(seconds)
        own = OWN_HEADERS if target.startswith("/own-headers") else ""
        head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(said)}\r\n{own}"
        writer.write(f"{head}Connection: close\r\n\r\n{said}".encode())
    await writer.drain()
    writer.close()


async def _main(addresses: list[str]) -> None:
    servers = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        servers.append(await asyncio.start_server(_answer, host, int(port)))
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
