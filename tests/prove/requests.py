"""Asks a site without a pause and keeps what was answered: `python -m tests.prove.requests ADDRESS NAME PATH FILE`.

Each has a number, which is its id in the Gateway's log; what is not answered is counted too: `answered 17`, `lost 18`.
"""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import sys
import time
from pathlib import Path


def main(address: str, name: str, path: str, kept: Path) -> None:
    """Ask until killed."""
    context = ssl._create_unverified_context()  # noqa: S323 - the Gateway of a test
    with kept.open("a", encoding="ascii") as file:
        for number in itertools.count():
            connection = http.client.HTTPConnection(name)
            try:
                plain = socket.create_connection((address, 443), timeout=5, source_address=(address, 0))
                connection.sock = context.wrap_socket(plain, server_hostname=name)
                connection.request("GET", path, headers={"X-Request-ID": f"counted-{number:08}"})
                answer = connection.getresponse()
                answer.read()
                file.write(f"{'answered' if answer.status == 200 else 'lost'} {number}\n")
            except (OSError, http.client.HTTPException):
                file.write(f"lost {number}\n")
                time.sleep(0.1)
            finally:
                connection.close()
            file.flush()
            time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
