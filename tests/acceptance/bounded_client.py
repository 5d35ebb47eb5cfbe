"""A client with an exact count: asks nginx again and again until a file is there, at most so long and so often.

Run as `python -m tests.acceptance.bounded_client PORT PORT FOLDER`; every request has a path of its own. Once
FOLDER/stop is there, FOLDER/answered holds the paths that were answered, one a line.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from pathlib import Path

LONGEST = 240.0  # seconds
MOST = 60_000  # requests of one thread


def ask(ports: tuple[int, int], name: str, stop: Path, answered: list[str]) -> None:
    """Ask on a connection to each port in turn: what one answers goes to the first log, the other's to the second."""
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=10) for port in ports]
    end = time.monotonic() + LONGEST
    for number in range(MOST):
        if number % 50 == 0 and (stop.exists() or time.monotonic() > end):
            break
        path = f"/{'api/' if number % 2 else ''}{name}-{number}"
        connection = connections[number % 2]
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status in {200, 404}
        answered.append(path)
        time.sleep(0.003)
    for connection in connections:
        connection.close()


def main(ports: tuple[int, int], folder: Path) -> None:
    """Ask with three threads."""
    answered: list[str] = []  # appending is atomic
    threads = [
        threading.Thread(target=ask, args=(ports, name, folder / "stop", answered), daemon=True) for name in "abc"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    beside = folder / "answered.new"
    beside.write_text("\n".join(answered), encoding="utf-8")
    beside.rename(folder / "answered")


if __name__ == "__main__":
    main((int(sys.argv[1]), int(sys.argv[2])), Path(sys.argv[3]))
