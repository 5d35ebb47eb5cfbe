"""Asks many URLs one after the other, from where it runs: reads a list of them as JSON, writes an answer for each.

An answer is `[seconds, status, body]`. One process for hundreds of questions; a process each would take minutes.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from urllib.parse import urlsplit


def main() -> None:
    """Keep one connection for each server."""
    connections: dict[str, http.client.HTTPConnection] = {}
    answers = []
    for url in json.load(sys.stdin):
        parts = urlsplit(url)
        connection = connections.setdefault(parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=15))
        began = time.monotonic()
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        body = answer.read().decode()
        answers.append([time.monotonic() - began, answer.status, body])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
