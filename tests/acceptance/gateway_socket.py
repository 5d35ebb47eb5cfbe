"""Holds a WebSocket open: `python -m tests.acceptance.gateway_socket CA`, one request as JSON on standard input.

Says `open` once the other side has said hello, and `closed` when it ends the connection.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
from typing import Any

LONGEST = 120.0  # seconds


def main(authority: str, request: dict[str, Any]) -> None:
    """Ask, and wait for the end."""
    context = ssl.create_default_context(cafile=authority)
    plain = socket.create_connection((request["to"], request["port"]), LONGEST, (request["source"], 0))
    with plain, context.wrap_socket(plain, server_hostname=request["sni"]) as connection:
        connection.sendall(request["bytes"].encode("latin-1"))
        received = b""
        while not received.endswith(b"\r\n\r\nhello"):
            part = connection.recv(65536)
            assert part, received
            received += part
        assert received.startswith(b"HTTP/1.1 101 "), received
        print("open", flush=True)
        try:
            while connection.recv(65536):
                pass
        except (ConnectionError, ssl.SSLError):
            pass  # nginx ends it without a farewell
        print("closed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
