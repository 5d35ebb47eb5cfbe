"""Pushes counted lines to Loki and keeps which of them it has taken: `python -m tests.prove.pushes URL FILE`.

Twenty lines at a time, ten times a second; what is not taken is sent again, as Alloy does, until it is.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import urllib.request
from pathlib import Path

LABELS = {"kind": "containers", "component": "containers", "container": "counted", "level": "INFO"}
LINES = 20


def main(url: str, taken: Path) -> None:
    """Push until killed."""
    with taken.open("a", encoding="ascii") as file:
        for batch in itertools.count():
            numbers = range(batch * LINES, (batch + 1) * LINES)
            values = [[str(time.time_ns()), f"line {number}"] for number in numbers]
            body = json.dumps({"streams": [{"stream": LABELS, "values": values}]}).encode()
            _push(url, body)
            file.write("".join(f"{number}\n" for number in numbers))
            file.flush()
            time.sleep(0.1)


def _push(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - an address of ours
    for _ in range(10_000):
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                assert answer.status == 204
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
