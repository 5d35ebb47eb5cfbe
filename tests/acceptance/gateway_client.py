"""Sends requests byte for byte, from given addresses, and prints what came back.

`python -m tests.acceptance.gateway_client CA AT_ONCE` reads a JSON list of requests and writes one of answers. It runs
in the network namespace of whoever asks.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def _ask(request: dict[str, Any], context: ssl.SSLContext) -> dict[str, Any]:
    received = b""
    try:
        plain = socket.create_connection((request["to"], request["port"]), 10, (request["source"], 0))
        with plain, _wrapped(plain, request["sni"], context) as connection:
            connection.sendall(request["bytes"].encode("latin-1"))
            while part := connection.recv(65536):
                received += part
    except ssl.SSLError as error:
        return {"refused": error.reason or str(error)}
    except OSError as error:
        if not received:
            return {"refused": type(error).__name__}
    if not received.startswith(b"HTTP/"):
        return {"refused": "no status line", "body": received.decode("latin-1")}
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = [[name.lower(), value.strip()] for name, _, value in (line.partition(":") for line in lines[1:])]
    return {"status": int(lines[0].split(" ")[1]), "headers": headers, "body": body.decode("latin-1")}


def _wrapped(plain: socket.socket, sni: str | None, context: ssl.SSLContext) -> Any:
    return context.wrap_socket(plain, server_hostname=sni) if sni else contextlib.nullcontext(plain)


def main() -> None:
    """Ask everything that stdin says, some at a time, and print the answers in its order."""
    context = ssl.create_default_context(cafile=sys.argv[1])
    requests = json.load(sys.stdin)
    with ThreadPoolExecutor(max_workers=int(sys.argv[2])) as pool:
        json.dump(list(pool.map(lambda request: _ask(request, context), requests)), sys.stdout)


if __name__ == "__main__":
    main()
